"""What a message says, by EPCIS or by a declared mapping; everything else is refused with the place that is wrong."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_fakes import NOON, epcis, epcis_event, temperature
from pydantic import ValidationError
from sensor_desk import MAPPING, TOPIC, event_of, message

from oracles.mqtt.mapping import PayloadMapping
from oracles.mqtt.payloads import Bounds, Heard, heard
from oracles.mqtt.readings import PayloadRefused, Reading
from oracles.mqtt.windows import Window, alert_document, window_document
from standards.epcis import DOOR_TYPE, event_hash

BOUNDS = Bounds(NOON, timedelta(seconds=300), timedelta(days=30))
LIMIT = 65_536
UNTIMED = [HealthCheck.too_slow]
"""How long drawing takes says how busy the machine is."""
HOUR = Window(NOON, 3600)
GIAI = "urn:epc:id:giai:4000001.111"


def mapped(payload: bytes, topic: str = TOPIC, **changes: Any) -> tuple[Reading, ...]:
    mapping = PayloadMapping.model_validate(MAPPING | changes)
    return heard(mapping, topic, payload, LIMIT, BOUNDS).readings


def of_epcis(*events: dict[str, Any]) -> Heard:
    return heard(None, TOPIC, epcis(*events), LIMIT, BOUNDS)


def sensed(*reports: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    event = temperature(4)
    element = {"sensorMetadata": {"deviceID": GIAI} | metadata, "sensorReport": list(reports)}
    return event | {"sensorElementList": [element]}


def report(value: Any = 4, **more: Any) -> dict[str, Any]:
    return {"type": "Temperature", "value": value, "uom": "CEL"} | more


# Refused


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"", "not readable"),
        (b"{", "not readable"),
        (b"\xff{}", "not readable"),
        (b"[" * 5000, "not readable"),
        (b"{}", "no time"),
        (b'{"at": null, "n": 1}', "no time"),
        (b'{"at": "2026-05-28T11:00:00", "n": 1, "celsius": 4}', "no time"),
        (b'{"at": "28.05.2026 11:00", "n": 1, "celsius": 4}', "no time"),
        (b'{"at": "2026-05-28T11:00:00Z", "celsius": 4}', "no sequence"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": "warm"}', "no value"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": true}', "no value"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": {"v": 4}}', "no value"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": 1e12}', "value out of bounds"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": 1e-13}', "value out of bounds"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": NaN}', "not readable"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "celsius": 4, "celsius": 40}', "not readable"),
        (b'{"at": "2026-05-28T11:00:00Z", "n": 1, "door": "ajar"}', "no value"),
        (message(NOON + timedelta(seconds=301), 4), "clock ahead"),
        (message(NOON - timedelta(days=31), 4), "too old"),
        (b" " * (LIMIT + 1), "too large"),
    ],
)
def test_message_that_is_not_what_was_declared_is_refused(payload, kind):
    with pytest.raises(PayloadRefused) as raised:
        mapped(payload)

    assert raised.value.kind == kind


@pytest.mark.parametrize("topic", ["fleet/north", "fleet/north/TK-1/more", "other/north/TK-1", "fleet//TK-1"])
def test_message_of_another_topic_is_refused(topic):
    with pytest.raises(PayloadRefused, match="other topic"):
        mapped(message(NOON, 4), topic)


def test_reference_with_a_wrong_check_digit_is_refused():
    payload = message(NOON, 4, box="MSKU9070324")

    with pytest.raises(PayloadRefused, match=r"no reference: .*MSKU9070324"):
        mapped(payload, references={"container": "$.box"})


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"{}", "not readable"),
        (epcis(), "not readable"),
        (epcis(temperature(4, NOON + timedelta(hours=1))), "clock ahead"),
        (epcis(sensed(report(), time="2026-05-28T11:00:00")), "not readable"),
        (epcis(sensed(report(), time=(NOON - timedelta(days=31)).isoformat())), "too old"),
        (epcis(sensed(report(), time=(NOON + timedelta(hours=1)).isoformat())), "clock ahead"),
    ],
)
def test_epcis_message_that_says_nothing_sure_is_refused(payload, kind):
    with pytest.raises(PayloadRefused) as raised:
        heard(None, TOPIC, payload, LIMIT, BOUNDS)

    assert raised.value.kind == kind


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"device": "$..id"}, "is not a path"),
        ({"device": "{ship}"}, "is no part of the topic"),
        ({"time": "@.at"}, "needs 'each'"),
        ({"time": ""}, "it is empty"),
        ({"values": []}, "at least 1"),
        ({"values": [{"path": "$.t", "type": "Temperature"}]}, "needs its unit"),
        ({"values": [{"path": "$.t", "type": "Warmth", "uom": "CEL"}]}, "'Warmth' is neither"),
        ({"values": [{"path": "$.t", "type": "door", "uom": "CEL"}]}, "a door has no unit"),
        ({"values": [{"path": "$.t", "type": "door", "open": [1], "closed": [1]}]}, "open and closed must differ"),
        ({"values": [{"path": "$.t", "type": "Temperature", "uom": "CEL", "factor": 0}]}, "factor must be"),
        ({"values": [{"path": "$.t", "type": "Temperature", "uom": "CEL", "scale": 2}]}, "Extra inputs"),
        ({"references": {"ship": "$.ship"}}, "references"),
    ],
)
def test_mapping_that_cannot_be_meant_is_refused(changes, why):
    with pytest.raises(ValidationError, match=why):
        PayloadMapping.model_validate(MAPPING | changes)


# Taken


def test_mapped_message_becomes_its_readings():
    first, second = mapped(message(NOON, "4.50", 7, door="open", alarm=True))

    assert (first.series.device, first.series.type, first.series.uom) == ("TK-1", "Temperature", "CEL")
    assert (first.at, first.value, str(first.value), first.sequence, first.alarm) == (
        NOON,
        Decimal("4.5"),
        "4.5",
        "7",
        True,
    )
    assert (second.series.type, second.value, second.is_urgent) == (DOOR_TYPE, 1, True)


def test_entries_of_a_list_have_their_own_time_and_the_device_of_the_message():
    body = {
        "gw": {"id": 17},
        "data": [{"ts": NOON.timestamp() - 60, "v": [41, 42]}, {"ts": NOON.timestamp(), "v": [43, 44]}],
    }
    values = [{"path": "@.v[1]", "type": "Temperature", "uom": "CEL", "factor": "0.1"}]

    found = mapped(
        json.dumps(body).encode(),
        each="$.data",
        device="$.gw['id']",
        time="@.ts",
        time_form="unix",
        sequence=None,
        alarm=None,
        values=values,
    )

    assert [(its.series.device, its.at, its.value) for its in found] == [
        ("17", NOON - timedelta(minutes=1), Decimal("4.2")),
        ("17", NOON, Decimal("4.4")),
    ]


def test_references_of_the_message_name_its_consignment():
    (found,) = mapped(message(NOON, 4, box="msku 907032 3"), references={"container": "$.box", "order": "{fleet}"})

    assert json.loads(found.series.about) == {
        "bizTransactionList": [{"bizTransaction": "urn:portolan:order:north"}],
        "epcList": ["urn:epc:id:bic:MSKU9070323"],
    }


def test_true_is_not_one():
    values = [{"path": "$.door", "type": "door", "open": [1], "closed": [0]}]

    assert [its.value for its in mapped(message(NOON, door=1), values=values)] == [1]
    with pytest.raises(PayloadRefused, match="no value"):
        mapped(message(NOON, door=True), values=values)


@pytest.mark.parametrize("text", ["2026-05-28T14:00:00+02:00", "2026-05-28T12:00:00.000Z", "2026-05-28t12:00:00z"])
def test_same_moment_in_any_zone_is_one_reading(text):
    (found,) = mapped(json.dumps({"at": text, "n": 1, "celsius": 4}).encode())

    assert found.at == NOON


def test_plain_reports_are_for_windows_alone():
    found = of_epcis(sensed(report(4), report(60, type="RelativeHumidity", uom="P1", time="2026-05-28T11:00:00Z")))

    assert not found.whole
    assert [(its.series.type, its.series.device) for its in found.readings] == [
        ("Temperature", GIAI),
        ("RelativeHumidity", GIAI),
    ]
    assert found.readings[1].at == datetime(2026, 5, 28, 11, tzinfo=UTC)


def test_measurement_in_either_form_is_one_series():
    found = of_epcis(sensed(report(4), report(5, type="gs1:Temperature")))

    assert len({its.series for its in found.readings}) == 1


@pytest.mark.parametrize(
    ("event", "counted"),
    [
        (sensed(report(4, exception="ALARM_CONDITION")), 1),
        (sensed(report(4, exception="ERROR_CONDITION")), 0),
        (sensed(report(4, minValue=3)), 0),
        (sensed({"type": "Temperature", "minValue": 3, "maxValue": 5, "uom": "CEL"}), 0),
        (sensed({"type": DOOR_TYPE, "booleanValue": True}), 0),
        (sensed({"type": "Temperature", "stringValue": "warm"}), 0),
        (sensed(report(4, **{"ex:battery": "low"})), 0),
        (sensed(report(4), startTime="2026-05-28T11:00:00Z", endTime="2026-05-28T11:30:00Z"), 0),
        (epcis_event("receiving", sensorElementList=sensed(report(4))["sensorElementList"]), 0),
        (sensed(report(4)) | {"disposition": "damaged"}, 0),
        (epcis_event("receiving"), 0),
        (temperature(4), 0),
    ],
)
def test_what_a_window_could_not_repeat_goes_on_whole(event, counted):
    found = of_epcis(event)

    assert found.whole
    assert len(found.readings) == counted


# Anything at all

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.sampled_from(["2026-05-28T11:00:00Z", "4.5", "open", "1e99", "-0"]),
)
names = st.sampled_from(["at", "n", "celsius", "door", "alarm", "data", "id"]) | st.text(max_size=5)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6))
forms = st.sampled_from(
    [
        {},
        {"time_form": "unix"},
        {"time_form": "unix_ms", "sequence": None},
        {"each": "$.data", "time": "@.at", "device": "@.id"},
        {"references": {"sscc": "$.id", "order": "$.n"}},
    ]
)


def taken_or_refused(payload: bytes, mapping: PayloadMapping | None) -> None:
    try:
        found = heard(mapping, TOPIC, payload, LIMIT, BOUNDS)
    except PayloadRefused:
        return
    for reading in found.readings:
        assert reading.value.is_finite()
        assert reading.at <= NOON + BOUNDS.skew
        assert reading.series.device
        # What is made of it is read by the node's own reader.
        about = json.loads(reading.series.about or "{}")
        for document in (alert_document(about, reading), window_document(reading.series, about, HOUR, [reading])):
            assert document is None or event_hash(event_of(document))


@settings(max_examples=250, deadline=None, suppress_health_check=UNTIMED)
@given(trees, forms, names | st.none())
def test_any_json_is_taken_or_refused(tree, form, name):
    """The whole message, or one part of a good one."""
    good = {
        "at": "2026-05-28T11:00:00Z",
        "n": 1,
        "celsius": 4,
        "door": "open",
        "alarm": True,
        "id": "003456789012345678",
    }
    body = tree if name is None else good | {name: tree}

    taken_or_refused(json.dumps(body, allow_nan=True).encode(), PayloadMapping.model_validate(MAPPING | form))


@settings(max_examples=200, deadline=None, suppress_health_check=UNTIMED)
@given(st.binary(max_size=200), st.sampled_from([None, PayloadMapping.model_validate(MAPPING)]))
def test_any_bytes_are_taken_or_refused(payload, mapping):
    taken_or_refused(payload, mapping)


@settings(max_examples=300, deadline=None, suppress_health_check=UNTIMED)
@given(
    st.sampled_from(["value", "uom", "type", "time", "deviceID", "exception", "component", "eventTime", "bizStep"]),
    trees,
)
def test_any_epcis_with_a_wrong_part_is_taken_or_refused(name, tree):
    if isinstance(tree, float) and not math.isfinite(tree):
        return
    event = sensed(report(4))
    target = event if name in event else event["sensorElementList"][0]["sensorReport"][0]
    target[name] = tree

    taken_or_refused(json.dumps(event | {"@context": []}, allow_nan=True).encode(), None)
