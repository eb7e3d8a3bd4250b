"""The canonical event: what it refuses to be, what it finds in papers, and that nothing of it is lost on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from capture_desk import SAMPLES
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import NOON, dcsa_departure, epcis, epcis_event, receipt_advice, temperature
from pydantic import ValidationError

from oracles.adapters import read_document
from oracles.canonical import CanonicalEvent, Kind, PaperReference, Party, Place, Reference, Standard
from oracles.store.mapping import event_of
from oracles.store.models import EventRow

OF_GS1 = {"cbvmda": "urn:epcglobal:cbv:mda:", "gs1": "https://gs1.org/voc/"}


def only(data: bytes) -> CanonicalEvent:
    (event,) = read_document("paper", data, 1 << 20).events
    return event


def changed(**changes: Any) -> CanonicalEvent:
    event = only(epcis(epcis_event()))
    return CanonicalEvent.model_validate({name: getattr(event, name) for name in CanonicalEvent.model_fields} | changes)


# What it refuses to be


@pytest.mark.parametrize(
    "changes",
    [
        {"event_hash": "ni:///sha-256;" + "0" * 63 + "?ver=CBV2.0"},
        {"event_hash": "0" * 64},
        {"occurred_at": NOON.replace(tzinfo=None)},
        {"occurred_at": NOON.astimezone(timezone(timedelta(hours=2)))},
        {"occurred_at": NOON.replace(microsecond=1)},
        {"occurred_at": NOON.isoformat()},
        {"local_offset": "CET"},
        {"quantity": -1},
        {"quantity": 1.5},
        {"quantity": 2**63},
        {"classifier": "actual"},
        {"kind": "received"},
        {"raw_sha256": "ABC"},
        {"references": [Reference("order", "1")]},
        {"colour": "red"},
    ],
)
def test_what_no_event_can_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        changed(**changes)


def test_it_never_changes() -> None:
    event = only(epcis(epcis_event()))

    with pytest.raises(ValidationError, match="frozen"):
        event.quantity = 1  # type: ignore[misc]


def test_a_part_of_a_millisecond_is_rounded_as_in_the_hash() -> None:
    moments = [NOON + timedelta(microseconds=its) for its in (1_499, 1_001, 500)]
    events = [only(epcis(epcis_event(at=moment))) for moment in moments]

    assert len({event.event_hash for event in events}) == 1
    assert {event.occurred_at for event in events} == {NOON + timedelta(milliseconds=1)}


# What it finds


def test_places_parties_documents_and_subjects_are_found() -> None:
    event = only(
        epcis(
            epcis_event(
                order=None,
                epcList=["urn:epc:id:sscc:4012345.0000000333", "urn:epc:id:bic:APZU4812090"],
                quantityList=[
                    {"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 2.5, "uom": "KGM"},
                ],
                disposition="in_progress",
                readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
                bizTransactionList=[
                    {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000023:PO-1"},
                    {"type": "desadv", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034"},
                    {"bizTransaction": "https://acme.example/bills/7"},
                ],
                sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
                destinationList=[
                    {"type": "possessing_party", "destination": "urn:iso:17442:5493001KJTIIGC8Y1R12"},
                    {"type": "location", "destination": "urn:epc:id:sgln:4012345.00225.0"},
                ],
            )
        )
    )

    assert event.subjects == (
        Reference("sscc", "040123450000003338"),
        Reference("container", "APZU4812090"),
        Reference("lot", "04012345123456/L1"),
    )
    assert event.place == Place("urn:epc:id:sgln:4012345.00011.987", "gln", "4012345000115/987")
    assert event.documents == (
        PaperReference("po", "PO-1", "4012345000023"),
        PaperReference("desadv", "1618034", "0614141000012"),
        PaperReference("", "7", ""),
    )
    assert event.parties == (
        Party("source owning_party", "gln", "4012345002256"),
        Party("destination possessing_party", "lei", "5493001KJTIIGC8Y1R12"),
    )
    assert (event.disposition, event.quantity, event.unit) == ("in_progress", 2_500, "KGM")


def test_the_sender_of_a_document_is_a_party_of_its_events() -> None:
    document = json.loads(epcis(epcis_event())) | {"sender": "urn:epc:id:pgln:4012345.00225", "receiver": "acme"}

    event = only(json.dumps(document).encode())

    assert event.parties == (Party("sender", "gln", "4012345002256"), Party("receiver", "uri", "acme"))


@pytest.mark.parametrize(
    ("data", "standard", "version"),
    [
        (epcis(epcis_event()), Standard.EPCIS, "2.0"),
        (dcsa_departure(), Standard.DCSA, "2.2"),
        (receipt_advice(), Standard.UBL, "2"),
    ],
    ids=["EPCIS", "DCSA", "UBL"],
)
def test_standard_and_version_are_told(data: bytes, standard: Standard, version: str) -> None:
    event = only(data)

    assert (event.activity.standard, event.standard_version) == (standard, version)


def test_a_correction_names_the_events_that_are_right() -> None:
    declared = {"declarationTime": NOON.isoformat(), "correctiveEventIDs": ["urn:uuid:1"]}

    event = only(epcis(epcis_event(errorDeclaration=declared)))

    assert event.correction is not None
    assert event.correction.corrected_by == ("urn:uuid:1",)


# One fact, one canonical event


def rich(quantity: str = "2.5", zone: int = 0, link: bool = False) -> bytes:
    """The same receipt of goods, written in another way."""
    boxes = ["urn:epc:id:sscc:4012345.0000000333", "urn:epc:id:sscc:4012345.0000000111"]
    links = ["https://id.gs1.org/00/040123450000003338", "https://example.org/00/040123450000001112"]
    event = epcis_event(
        at=NOON.astimezone(timezone(timedelta(minutes=zone))),
        epcList=links if link else boxes,
        quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 0, "uom": "KGM"}],
        readPoint={"id": "urn:epc:id:sgln:4012345.00011.987"},
    )
    return epcis(event).replace(b'"quantity": 0', f'"quantity": {quantity}'.encode())


def facts(event: CanonicalEvent) -> dict[str, Any]:
    """All but the id under which the paper itself names the place."""
    return event.model_dump(exclude={"place", "references", "subjects"}) | {
        "things": {*event.subjects},
        "references": {*event.references},
        "place": event.place and event.place.code,
    }


@given(
    quantity=st.sampled_from(["2.5", "2.50", "25e-1", "0.25E1"]),
    zone=st.integers(-13 * 4, 13 * 4).map(lambda quarters: quarters * 15),
    link=st.booleans(),
    chance=st.randoms(use_true_random=False),
)
def test_one_fact_is_one_event_however_it_is_written(quantity: str, zone: int, link: bool, chance: Any) -> None:
    document = json.loads(rich(quantity, zone, link).replace(quantity.encode(), b'"Q"'))
    chance.shuffle(document["epcisBody"]["eventList"][0]["epcList"])
    data = json.dumps(document).replace('"Q"', quantity).encode()

    assert facts(only(data)) == facts(only(rich()))


@given(st.integers(1, 10**6).filter(lambda thousandths: thousandths != 2_500))
def test_another_quantity_is_another_event(thousandths: int) -> None:
    other = only(rich(f"{thousandths / 1000:.3f}"))

    assert other.event_hash != only(rich()).event_hash
    assert other.quantity == thousandths


# Extensions survive


def test_an_extension_has_its_namespace_its_place_and_all_its_digits() -> None:
    context = [{"acme": "https://acme.example/ns/"}]
    event = epcis_event(**{"@context": context, "acme:seal": {"acme:no": 1}, "readPoint": {"id": "a:b", "acme:x": "?"}})
    data = epcis(event).replace(b'"acme:no": 1', b'"acme:no": 1.10')

    found = only(data).extensions

    assert [(its.at, its.name) for its in found] == [
        ("", "{https://acme.example/ns/}seal"),
        ("/readPoint", "{https://acme.example/ns/}x"),
    ]
    assert found[0].written == '{"{https://acme.example/ns/}no":1.10}'
    assert found[0].value == {"{https://acme.example/ns/}no": Decimal("1.10")}


def test_every_extension_of_every_sample_is_found_again_on_disk(bench) -> None:
    """Looked for another way: each name with a prefix, anywhere in an event."""
    expected: dict[str, list[str]] = {}
    for path in sorted((SAMPLES / "gs1-examples").rglob("*.jsonld")):
        document = json.loads(path.read_bytes())
        events = read_document("x", path.read_bytes(), 1 << 22).events
        for source, event in zip(sources_of(document), events, strict=True):
            declared = document.get("@context"), source.get("@context")
            prefixes = prefixes_of([item for its in declared for item in (its if isinstance(its, list) else [its])])
            names = sorted(own_names(source, prefixes))
            assert names_of(event) == names, path.name
            if event.correction is None or event.correction.event_hash is None:
                expected.setdefault(event.event_hash, names)
        bench.drop(f"{len(expected)}-{path.stem}.json", path.read_bytes())
    bench.turn()
    bench.restart()

    stored = {row.event_hash: names_of(event_of(row, [])) for row in bench.events()}

    assert stored == expected
    assert sum(map(bool, expected.values())) >= 10


def names_of(event: CanonicalEvent) -> list[str]:
    return sorted(name for its in event.extensions for name in (its.name, *names_in(its.value)))


def sources_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    body = document.get("epcisBody", {})
    body = body.get("queryResults", {}).get("resultsBody", body)
    return body.get("eventList", [document] if "eventTime" in document else [])


def prefixes_of(context: Any) -> dict[str, str]:
    items = context if isinstance(context, list) else [context]
    return OF_GS1 | {name: uri for item in items if isinstance(item, dict) for name, uri in item.items()}


def own_names(value: Any, prefixes: dict[str, str], inside: bool = False) -> Iterator[str]:
    """Names with a prefix as `{namespace}local`, and whatever stands within one."""
    if isinstance(value, list):
        for item in value:
            yield from own_names(item, prefixes, inside)
    elif isinstance(value, dict):
        for name, item in value.items():
            prefix, colon, local = name.partition(":")
            if name == "@context":
                continue
            if inside or colon:
                yield f"{{{prefixes[prefix]}}}{local}" if colon and prefix in prefixes else name
            yield from own_names(item, prefixes, inside or bool(colon))


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from names_in(item)


# It survives a restart


@pytest.mark.parametrize(
    "data",
    [
        epcis(epcis_event(sensorElementList=temperature(4)["sensorElementList"], **{"acme:x": [1, {"acme:y": None}]})),
        epcis(epcis_event(at=datetime(2026, 5, 28, 9, 30, 0, 123_000, UTC))),
        dcsa_departure(),
        receipt_advice(status="5"),
    ],
    ids=["sensors and extensions", "milliseconds", "DCSA", "replacement"],
)
def test_what_is_stored_is_the_event_with_what_only_the_node_can_tell(bench, data: bytes) -> None:
    event = only(data)
    bench.drop("paper.xml" if data.startswith(b"<") else "paper.json", data)
    bench.turn()
    bench.restart()

    stored = event_of(bench.event, [])

    assert stored.raw_sha256 == read_document("paper", data, 1 << 20).sha256
    assert stored.received_at is not None
    assert stored.kind in (Kind.RECEIVED, Kind.DEPARTED)
    told = {"raw_sha256": None, "received_at": None, "kind": None}
    assert stored.model_copy(update=told) == event


def test_an_event_that_an_earlier_version_stored_is_still_an_event() -> None:
    row = EventRow(
        document_id=1,
        event_hash=only(epcis(epcis_event())).event_hash,
        standard="EPCIS 2.0",
        activity="receiving",
        traits="conformant",
        classifier="actual",
        occurred_at=NOON.isoformat(),
        local_offset="+00:00",
        place="urn:x:y",
        quantity=5,
        unit="C62",
        status="waiting",
    )

    event = event_of(row, [])

    assert (event.activity.traits, event.quantity, event.place) == ({"conformant"}, 5, Place("urn:x:y"))
