"""Whatever comes instead of events: StandardsError and nothing else, in bounded time."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dcsa_events import departure, equipment, shipment
from test_dcsa_versions import PARTY, beta, january, june, reefer

from standards.dcsa import Version, parse_events, to_epcis
from standards.detect import detect
from standards.epcis import event_hash, parse_event
from standards.errors import StandardsError

CORPUS: list[dict[str, Any]] = [
    departure(),
    equipment("LOAD", seals=[{"sealNumber": "1", "sealType": "BLT"}], eventLocation={"latitude": "1", "longitude": 2}),
    shipment("ISSU"),
    beta("IOT", iotEventCode="DRO", geoLocation={"latitude": 1.5, "longitude": "2"}),
    beta("REEFER", reeferEventTypeCode="MEAS", measurements={"temperature": -1.5, "temperatureUnit": "CEL"}),
    {"metadata": beta("IOT")["metadata"] | {"retractedEventID": "x"}},
    january("TRANSPORT", "DEPA", transportDetails={"transportCall": {"transportCallID": "TC", "vessel": {}}}),
    june("EQUIPMENT", "LOADED", isRetracted=False),
    june("IOT", "DOOR_OPENED", eventRouting={"originatingParties": [PARTY]}),
    reefer(),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**70), 10**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "ACT", "1e999999999", "9" * 80, "2026-05-12T06:40:00Z", "2026-02-30T00:00:00Z", "\ud800"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
)
MOST_SECONDS = 5.0


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    event = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(1, 3))):
        event = put(event, draw(st.sampled_from(places(event))), draw(VALUES))
    return event


def read(data: bytes) -> None:
    """All the way that a document goes. Raises nothing but StandardsError."""
    try:
        detect(data)
        for event in parse_events(data, versions=tuple(Version)):
            event_hash(parse_event(to_epcis(event)))
    except StandardsError:
        return


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_mutated_events_are_read_or_refused(event: Any) -> None:
    read(json.dumps([event]).encode())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CORPUS), st.integers(0, 2_000), st.binary(max_size=4))
def test_broken_bytes_are_read_or_refused(event: dict[str, Any], place: int, noise: bytes) -> None:
    data = json.dumps(event).encode()
    read(data[:place] + noise + data[place + 1 :])


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"metadata":' * 100_000,
        b'[{"eventType":"TRANSPORT","eventCreatedDateTime":' + b"9" * 1_000_000 + b"}]",
        b'[{"eventRouting":1,"reeferDetails":{"temperatureProbeMeasurements":[' + b"1e300," * 200_000 + b"1]}}]",
        json.dumps(
            [reefer(temperatureProbeMeasurements=[{"temperature": number} for number in range(50_000)])]
        ).encode(),
        json.dumps([departure(references=[{"referenceType": "EQ", "referenceValue": "A" * 100_000}] * 20)]).encode(),
    ],
    ids=["open", "deep", "digits", "powers", "probes", "long"],
)
def test_oversized_documents_end_in_bounded_time(data: bytes) -> None:
    started = time.process_time()

    read(data)

    assert time.process_time() - started < MOST_SECONDS
