import json
from pathlib import Path
from typing import Any

import pytest

from standards.dcsa import DcsaInvalid, EquipmentEvent, ShipmentEvent, TransportEvent, parse_events, to_epcis
from standards.epcis import TradeReference, event_hash, parse_event, references

VERSION_3 = ["v1-events-eventID-get__IoT-Event.json", "v1-events-eventID-get__Retracted-IoT-Event.json"]


def departure(**changes: Any) -> dict[str, Any]:
    """A vessel's actual departure; a change to None takes the property away."""
    whole = {
        "eventID": "5f0c1d52-7a4e-4c7b-9d0a-26051200a002",
        "eventCreatedDateTime": "2026-05-12T05:02:00Z",
        "eventType": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "eventDateTime": "2026-05-12T06:40:00+02:00",
        "transportEventTypeCode": "DEPA",
        "transportCall": {
            "transportCallID": "SKL-612N-DEHAM-1",
            "modeOfTransport": "VESSEL",
            "UNLocationCode": "DEHAM",
            "vessel": {"vesselIMONumber": "9321483"},
        },
        "documentReferences": [
            {"documentReferenceType": "BKG", "documentReferenceValue": "SKL7701926"},
            {"documentReferenceType": "TRD", "documentReferenceValue": "HAM26051234"},
        ],
        "references": [
            {"referenceType": "PO", "referenceValue": "PO-2026-0815"},
            {"referenceType": "EQ", "referenceValue": "APZU4812090"},
        ],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def equipment(code: str, **changes: Any) -> dict[str, Any]:
    own = {
        "eventType": "EQUIPMENT",
        "transportEventTypeCode": None,
        "equipmentEventTypeCode": code,
        "equipmentReference": "APZU4812090",
        "emptyIndicatorCode": "LADEN",
    }
    return departure(**(own | changes))


def shipment(code: str, **changes: Any) -> dict[str, Any]:
    own = {
        "eventType": "SHIPMENT",
        "transportEventTypeCode": None,
        "transportCall": None,
        "documentReferences": None,
        "shipmentEventTypeCode": code,
        "documentTypeCode": "TRD",
        "documentID": "HAM26051234",
    }
    return departure(**(own | changes))


def parsed(event: Any) -> Any:
    [read] = parse_events(json.dumps(event).encode())
    return read


def converted(event: Any) -> Any:
    return parse_event(json.loads(json.dumps(to_epcis(parsed(event)))))


def pointers(value: Any) -> list[str]:
    with pytest.raises(DcsaInvalid) as refused:
        parse_events(json.dumps(value).encode())
    return [problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize("shape", [lambda e: e, lambda e: [e], lambda e: {"events": [e]}])
def test_one_event_a_list_and_an_object_with_events_are_read(shape: Any) -> None:
    assert parsed(shape(departure())).code == "DEPA"


def test_event_keeps_instant_offset_classifier_and_what_it_does_not_know() -> None:
    event = parsed(departure(carrierNote="slow"))

    assert isinstance(event, TransportEvent)
    assert event.occurred_at.isoformat() == "2026-05-12T04:40:00+00:00"
    assert (event.local_offset, event.classifier, event.is_actual) == ("+02:00", "ACT", True)
    assert (event.container, event.transport_call.unlocode) == ("APZU4812090", "DEHAM")
    assert event.model_extra == {"carrierNote": "slow"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"eventCreatedDateTime": None}, "/0/eventCreatedDateTime"),
        ({"eventDateTime": None}, "/0/eventDateTime"),
        ({"eventDateTime": "2019/11/12 07:41:00 +08:30"}, "/0/eventDateTime"),
        ({"eventDateTime": "2026-05-12T06:40:00+15:00"}, "/0/eventDateTime"),
        ({"eventCreatedDateTime": "2099-01-01T14:12:56Z"}, "/0/eventCreatedDateTime"),
        ({"eventCreatedDateTime": "2026-05-11T00:00:00Z"}, "/0/eventCreatedDateTime"),
        ({"eventClassifierCode": "DONE"}, "/0/eventClassifierCode"),
        ({"eventType": "IOT"}, "/0/eventType"),
        ({"transportEventTypeCode": "LEFT"}, "/0/transportEventTypeCode"),
        ({"transportCall": {"transportCallID": "x"}}, "/0/transportCall/modeOfTransport"),
        ({"documentReferences": [{"documentReferenceType": "BKG"}]}, "/0/documentReferences/0/documentReferenceValue"),
    ],
)
def test_fault_is_pointed_at(changes: dict[str, Any], place: str) -> None:
    assert pointers([departure(**changes)]) == [place]


def test_container_with_a_wrong_check_digit_is_refused() -> None:
    assert pointers(equipment("LOAD", equipmentReference="APZU4812091")) == ["/equipmentReference"]


@pytest.mark.parametrize(("created", "accepted"), [("2026-05-12T04:25:00Z", True), ("2026-05-12T04:24:59Z", False)])
def test_clocks_of_an_actual_event_may_differ_by_a_quarter_of_an_hour(created: str, accepted: bool) -> None:
    event = departure(eventCreatedDateTime=created)

    if accepted:
        assert parsed(event).is_actual
    else:
        assert pointers(event) == ["/eventCreatedDateTime"]


def test_an_estimate_may_lie_ahead_of_its_message() -> None:
    assert not parsed(departure(eventClassifierCode="EST", eventDateTime="2026-06-01T00:00:00Z")).is_actual


@pytest.mark.parametrize("sample", VERSION_3)
def test_version_3_is_refused_by_name(samples: Path, sample: str) -> None:
    with pytest.raises(DcsaInvalid, match=r"Track & Trace 3\.0"):
        parse_events((samples / "dcsa" / sample).read_bytes())


def test_every_event_of_the_official_response_is_read_and_converted(samples: Path) -> None:
    events = parse_events((samples / "dcsa" / "tnt-220-response.json").read_bytes())

    for kind in (TransportEvent, EquipmentEvent, ShipmentEvent):
        assert any(isinstance(event, kind) for event in events)
    for event in events:
        assert event_hash(parse_event(json.loads(json.dumps(to_epcis(event))))) == event_hash(to_epcis(event))


def test_every_official_wrong_date_is_refused(samples: Path) -> None:
    cases = json.loads((samples / "dcsa" / "tnt-220-response-wrong-date-times.json").read_text())

    assert parsed(cases[0]).code == "DRFT"
    for case in cases[1:]:
        assert pointers([case])[0].startswith("/0/event"), case["TEST_CASE"]


@pytest.mark.parametrize(
    ("source", "step"),
    [
        (departure(), "departing"),
        (departure(transportEventTypeCode="ARRI"), "arriving"),
        (equipment("LOAD"), "loading"),
        (equipment("DISC"), "unloading"),
        (equipment("GTOT"), "entering_exiting"),
        (equipment("INSP"), "inspecting"),
        (shipment("ISSU"), None),
    ],
)
def test_each_event_has_its_business_step(source: dict[str, Any], step: str | None) -> None:
    assert converted(source).step == step


def test_references_survive_the_conversion() -> None:
    assert references(converted(departure())) == [
        TradeReference("booking", "SKL7701926"),
        TradeReference("transport_document", "HAM26051234"),
        TradeReference("order", "PO-2026-0815"),
        TradeReference("container", "APZU4812090"),
    ]


def test_shipping_document_is_issued_and_surrendered() -> None:
    issued, surrendered = converted(shipment("ISSU")), converted(shipment("SURR"))

    assert (issued.type, issued.action, surrendered.action) == ("TransactionEvent", "ADD", "DELETE")
    assert TradeReference("transport_document", "HAM26051234") in references(issued)


def test_a_repeated_message_has_the_hash_of_the_first() -> None:
    repeat = departure(eventID="5f0c1d52-7a4e-4c7b-9d0a-26051200ffff", eventCreatedDateTime="2026-05-13T05:02:00Z")

    assert event_hash(converted(repeat)) == event_hash(converted(departure()))


@pytest.mark.parametrize(
    "changes",
    [
        {"eventClassifierCode": "EST"},
        {"eventDateTime": "2026-05-12T06:39:00+02:00"},
        {"transportEventTypeCode": "ARRI"},
        {"references": [{"referenceType": "PO", "referenceValue": "PO-2026-0816"}]},
        {"delayReasonCode": "WEA"},
    ],
)
def test_a_changed_fact_has_another_hash(changes: dict[str, Any]) -> None:
    assert event_hash(converted(departure(**changes))) != event_hash(converted(departure()))


def test_coordinates_as_text_or_number_are_one_fact() -> None:
    place = {"latitude": "48.8585500", "longitude": "2.294492036"}
    as_text = equipment("LOAD", eventLocation=place)
    as_number = equipment("LOAD", eventLocation={name: float(value) for name, value in place.items()})

    assert converted(as_text).read_point.id == "geo:48.85855,2.294492036"
    assert event_hash(converted(as_text)) == event_hash(converted(as_number))


def test_coordinates_that_are_none_are_passed_over() -> None:
    lost = equipment("LOAD", eventLocation={"latitude": "north", "longitude": "181"})

    assert converted(lost).read_point.id == "urn:portolan:unlocode:DEHAM"
