"""The beta and the two dialects of 3.0: read where they are asked for, refused by name where they are not."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from standards.dcsa import (
    DcsaInvalid,
    EquipmentEvent,
    IotEvent,
    Message,
    ReeferEvent,
    Retraction,
    ShipmentEvent,
    TransportEvent,
    Version,
    parse_events,
    to_epcis,
)
from standards.epcis import TradeReference, event_hash, parse_event, references, sensor_readings
from standards.errors import StandardsError

BETA, JANUARY, JUNE = Version.BETA_1, Version.JANUARY_2026, Version.JUNE_2026
EVERY = tuple(Version)
PARTY = {"partyCode": "SKL", "codeListProvider": "SMDG", "codeListName": "LCL", "partyFunction": "CA"}

# Which sample is read by which version; the one that no version reads, and why.
SAMPLES = {
    "tnt-220-response.json": {Version.V2_2},
    "v1-events-eventID-get__IoT-Event.json": {BETA},
    "v1-events-eventID-get__Retracted-IoT-Event.json": {BETA},
    "v1-events-get__Events-related-to-Booking-ABC123059.json": {BETA},
    "v1-events-get__Events-related-to-equipmentReference-APZU4812090.json": {BETA},
    "tnt-220-response-wrong-date-times.json": set(),
}
REFUSED_BECAUSE = {
    "tnt-220-response-wrong-date-times.json": [
        "/1/eventCreatedDateTime: it is missing",
        "/2/eventDateTime: it is missing",
        "/3/eventCreatedDateTime: '2021 01 01 14:12:56' is not a time",
        "/4/eventDateTime: '2019/11/12 07:41:00 +08:30' is not a time",
        "/5/eventCreatedDateTime: an actual event was created before it happened",
        "/6/eventCreatedDateTime: 2099-01-01T14:12:56Z lies outside",
    ]
}


def january(kind: str, code: str, **more: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventRouting": {"originatingParty": PARTY},
        "eventID": "evt-001-2026-05-12T06:40:00Z",
        "eventDateTime": "2026-05-12T06:40:00+02:00",
        "eventUpdatedDateTime": "2026-05-12T05:02:00Z",
        "eventLocation": {"UNLocationCode": "DEHAM", "facilityTypeCode": "POTE"},
        "eventClassification": {
            "eventTypeCode": kind,
            "eventClassifierCode": "ACT",
            f"{kind.lower()}EventTypeCode": code,
        },
        "shipmentDetails": {
            "documentReference": {"typeCode": "BKG", "reference": "SKL7701926"},
            "additionalDocumentReferences": [{"typeCode": "TRD", "reference": "HAM26051234"}],
            "shipmentReferences": [{"typeCode": "PO", "reference": "PO-2026-0815"}],
        },
        "equipmentDetails": {"equipmentReference": "APZU4812090", "emptyIndicatorCode": "LADEN"},
    }
    return event | more


def june(kind: str, word: str, **more: Any) -> dict[str, Any]:
    event = january(kind, word)
    event["eventRouting"] = {"originatingParties": [PARTY]}
    event["eventClassification"] = {
        "eventType": kind,
        "eventClassifier": "ACTUAL",
        f"{kind.lower()}EventType": word,
    }
    event["shipmentDetails"] = {
        "documentReference": {"type": "BOOKING", "reference": "SKL7701926"},
        "additionalDocumentReferences": [{"type": "TRANSPORT_DOCUMENT", "reference": "HAM26051234"}],
        "shipmentReferences": [{"type": "PURCHASE_ORDER", "reference": "PO-2026-0815"}],
    }
    event["equipmentDetails"] = {"equipmentReference": "APZU4812090", "emptyIndicator": "LADEN"}
    return event | more


def beta(kind: str, **payload: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "eventID": "84db923d-2a19-4eb0-beb5-446c1ec57d34",
            "eventCreatedDateTime": "2026-05-12T06:41:00+02:00",
            "eventType": kind,
            "publisher": {"partyName": "Skager", "carrierCode": "SKL", "carrierCodeListProvider": "SMDG"},
            "publisherRole": "CA",
        },
        "payload": {
            "eventClassifierCode": "ACT",
            "eventDateTime": "2026-05-12T06:40:00+02:00",
            "equipmentReference": "APZU4812090",
            "relatedDocumentReferences": [{"type": "BKG", "value": "SKL7701926"}],
        }
        | payload,
    }


def reefer(**details: Any) -> dict[str, Any]:
    whole = {
        "temperatureUnit": "CEL",
        "internalSetpointTemperature": -18.5,
        "ambientMeasuredTemperature": 22.3,
        "temperatureProbeMeasurements": [
            {"measuredTemperatureValue": -18.2, "USDAProbeNumber": 1},
            {"measuredTemperatureValue": -16.7, "probeLabel": "pulp"},
        ],
        "setpointParameters": {"humidityPercentage": 75.0},
        "measuredParameters": {"humidityPercentage": 81.5, "o2Percentage": 20},
    } | details
    return january("REEFER", "MEAS", reeferDetails={name: value for name, value in whole.items() if value is not None})


def only(source: Any, *versions: Version) -> Message:
    [event] = parse_events(json.dumps(source).encode(), versions=versions or EVERY)
    return event


def refused(source: Any, *versions: Version) -> str:
    with pytest.raises(DcsaInvalid) as error:
        parse_events(json.dumps(source).encode(), versions=versions or EVERY)
    return str(error.value)


def measured(source: Any) -> list[tuple[str, int]]:
    found = sensor_readings(parse_event(to_epcis(only(source))))
    assert not found.problems
    return [(its.condition, its.value) for its in found.measurements]


def unreadable(source: Any) -> list[str]:
    return [problem.message for problem in sensor_readings(parse_event(to_epcis(only(source)))).problems]


def test_every_sample_is_read_by_one_version_or_refused_for_a_stated_reason(samples: Path) -> None:
    found = {path.name for path in (samples / "dcsa").iterdir() if path.suffix == ".json"}
    assert found == set(SAMPLES)
    for name, readers in SAMPLES.items():
        data = (samples / "dcsa" / name).read_bytes()
        for version in Version:
            if version in readers:
                for event in parse_events(data, versions=[version]):
                    assert event_hash(parse_event(to_epcis(event)))
            else:
                with pytest.raises(DcsaInvalid) as error:
                    parse_events(data, versions=[version])
                told = [str(problem) for problem in error.value.problems]
                if version is Version.V2_2 and name in REFUSED_BECAUSE:
                    for problem, why in zip(told, REFUSED_BECAUSE[name], strict=True):
                        assert problem.startswith(why)
                else:
                    assert f"only {version} is read here" in told[0]


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        (beta("IOT", iotEventCode="DRO"), BETA),
        (january("TRANSPORT", "DEPA"), JANUARY),
        (june("TRANSPORT", "DEPARTED"), JUNE),
    ],
)
def test_event_of_another_version_is_refused_naming_both(source: dict[str, Any], shape: Version) -> None:
    for version in set(Version) - {shape}:
        assert refused(source, version).endswith(f"Track & Trace {shape}; only {version} is read here")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (january("TRANSPORT", "LEFT"), "/eventClassification/transportEventTypeCode"),
        (june("EQUIPMENT", "SUNK"), "/eventClassification/equipmentEventType"),
        (january("TRANSPORT", "DEPA", eventUpdatedDateTime=None), "/eventUpdatedDateTime"),
        (january("TRANSPORT", "DEPA", eventDateTime="yesterday"), "/eventDateTime"),
        (january("TRANSPORT", "DEPA", eventUpdatedDateTime="2025-05-12T05:02:00Z"), "/eventUpdatedDateTime"),
        (january("TRANSPORT", "DEPA", eventID=None), "/eventID"),
        (january("TRANSPORT", "DEPA", eventID="x" * 501), "/eventID"),
        (january("EQUIPMENT", "LOAD", equipmentDetails={"equipmentReference": "APZU4812091"}), "/equipmentDetails/"),
        (january("EQUIPMENT", "LOAD", equipmentDetails=["APZU4812090"]), "/equipmentDetails"),
        (january("SHIPMENT", "ISSU", shipmentDetails={}), "/shipmentDetails/documentReference"),
        (january("WEATHER", "RAIN"), "/eventClassification/eventTypeCode"),
        (january("TRANSPORT", "DEPA", isRetracted="yes"), "/isRetracted"),
        (reefer(temperatureProbeMeasurements=[{"measuredTemperatureValue": "cold"}]), "/reeferDetails"),
        (reefer(temperatureUnit="degrees"), "/reeferDetails/temperatureUnit"),
        (beta("REEFER", reeferEventTypeCode="MEAS", measurements=[1]), "/payload/measurements"),
        (beta("IOT"), "/iotEventCode"),
    ],
)
def test_fault_is_pointed_at_where_the_document_has_it(source: dict[str, Any], place: str) -> None:
    assert refused(source).startswith(f"DCSA Track & Trace refused: {place}")


@pytest.mark.parametrize("source", [january("EQUIPMENT", "GTOT"), june("EQUIPMENT", "GATED_OUT")])
def test_dialects_of_3_say_the_same(source: dict[str, Any]) -> None:
    event = only(source)

    assert isinstance(event, EquipmentEvent)
    assert (event.code, event.classifier, event.is_laden, event.container) == ("GTOT", "ACT", True, "APZU4812090")
    assert event.id == "SMDG|LCL|SKL|evt-001-2026-05-12T06:40:00Z"
    assert event.local_offset == "+02:00"
    epcis = parse_event(to_epcis(event))
    assert references(epcis) == [
        TradeReference("booking", "SKL7701926"),
        TradeReference("transport_document", "HAM26051234"),
        TradeReference("order", "PO-2026-0815"),
        TradeReference("container", "APZU4812090"),
    ]
    assert to_epcis(event)["readPoint"] == {"id": "urn:portolan:unlocode:DEHAM"}


def test_call_and_ship_are_read_in_both_dialects() -> None:
    old = {"transportCallID": "TC-1", "transportCallSequenceNumber": 3, "vessel": {"vesselIMONumber": "9321483"}}
    new = {"transportCallReference": "TC-1", "transportCallSequenceNumber": 3}
    new["vesselTransport"] = {"vesselIMONumber": "9321483"}
    for source in (
        january("TRANSPORT", "ARRI", transportDetails={"transportCall": old}),
        june("TRANSPORT", "ARRIVED", transportDetails={"transportCall": new}),
    ):
        event = only(source)
        assert isinstance(event, TransportEvent)
        assert event.transport_call is not None
        assert (event.code, event.transport_call.id, event.transport_call.sequence) == ("ARRI", "TC-1", 3)
        assert event.vessel_number == "9321483"


def test_ship_and_box_with_wrong_check_digits_are_left_out_with_a_reason() -> None:
    call = {"transportCallID": "TC-1", "vessel": {"vesselIMONumber": "1234568"}}
    source = january("TRANSPORT", "ARRI", transportDetails={"transportCall": call}, equipmentDetails={})
    source["shipmentDetails"]["shipmentReferences"] = [{"typeCode": "EQ", "reference": "APZU4812091"}]
    event = only(source)

    assert isinstance(event, TransportEvent)
    assert to_epcis(event)["epcList"] == []
    box, ship = (problem.message for problem in event.dropped)
    assert "APZU4812091" in box
    assert "1234568" in ship


def test_shipping_document_of_3_is_its_primary_reference() -> None:
    event = only(june("SHIPMENT", "ISSUED", shipmentDetails={"documentReference": {"type": "TRANSPORT_DOCUMENT",
        "reference": "HAM26051234"}}))  # fmt: skip

    assert isinstance(event, ShipmentEvent)
    assert (event.code, event.document_code, event.document_id) == ("ISSU", "TRD", "HAM26051234")


def test_message_is_no_part_of_the_fact_in_any_version() -> None:
    for source in (january("TRANSPORT", "DEPA"), june("TRANSPORT", "DEPARTED")):
        later = source | {"eventID": "another", "eventUpdatedDateTime": "2026-06-01T00:00:00Z"}
        assert event_hash(parse_event(to_epcis(only(source)))) == event_hash(parse_event(to_epcis(only(later))))
    first, again = beta("IOT", iotEventCode="DRO"), beta("IOT", iotEventCode="DRO")
    again["metadata"]["eventID"] = "3ac63340-3f64-434b-8410-67942a2cef21"
    assert event_hash(parse_event(to_epcis(only(first)))) == event_hash(parse_event(to_epcis(only(again))))


# Conditions


def test_extremes_of_the_probes_are_measured_and_no_setpoint_nor_ambient_temperature() -> None:
    assert measured(reefer()) == [("temperature", -18_200), ("temperature", -16_700), ("humidity", 81_500)]


def test_returned_air_stands_for_probes_that_are_missing() -> None:
    source = reefer(
        temperatureProbeMeasurements=None,
        returnAirTemperatureMeasurement={"temperatureValue": 41},
        supplyAirTemperatureMeasurement={"temperatureValue": 30},
        temperatureUnit="FAH",
        measuredParameters=None,
    )

    assert measured(source) == [("temperature", 5_000)]


def test_reefer_of_the_beta_measures_its_inside() -> None:
    values = {"ambientTemperature": 22, "temperature": -17.9, "temperatureUnit": "CEL", "humidity": 88}
    source = beta("REEFER", reeferEventTypeCode="MEAS", measurements=values, setpoints={"temperature": -18})

    assert isinstance(only(source), ReeferEvent)
    assert measured(source) == [("temperature", -17_900), ("humidity", 88_000)]


def test_temperature_without_unit_is_no_temperature() -> None:
    assert "names no unit" in unreadable(reefer(temperatureUnit=None))[0]


def test_adjusted_reefer_measures_nothing() -> None:
    source = reefer()
    source["eventClassification"]["reeferEventTypeCode"] = "ADJU"

    assert measured(source) == []


@pytest.mark.parametrize(
    ("source", "doors"),
    [
        (beta("IOT", iotEventTypeCode="DETC", iotEventCode="DRO"), [("door", 1)]),
        (january("IOT", "DETC", iotDetails={"iotEventCode": "DRO"}), [("door", 1)]),
        (january("IOT", "TELEMETRY", iotDetails={"iotEventCode": "DOOR_CLOSED"}), [("door", 0)]),
        (june("IOT", "DOOR_OPENED"), [("door", 1)]),
        (june("IOT", "DOOR_CLOSED"), [("door", 0)]),
        (june("IOT", "GEOFENCE_ENTRY"), []),
    ],
)
def test_doors_are_conditions_and_nothing_else_a_device_notices(source: Any, doors: list[tuple[str, int]]) -> None:
    assert isinstance(only(source), IotEvent)
    assert measured(source) == doors


def test_measured_number_keeps_its_digits() -> None:
    data = json.dumps(reefer(measuredParameters={"humidityPercentage": 81.123}, temperatureProbeMeasurements=None))
    [event] = parse_events(data.encode(), versions=[JANUARY])

    assert isinstance(event, ReeferEvent)
    assert event.humidity == Decimal("81.123")


# Retractions


@pytest.mark.parametrize(
    ("source", "retracted"),
    [
        ({"metadata": beta("IOT")["metadata"] | {"retractedEventID": "957e4966"}}, "957e4966"),
        (january("TRANSPORT", "DEPA", isRetracted=True), "SMDG|LCL|SKL|evt-001-2026-05-12T06:40:00Z"),
        (june("TRANSPORT", "DEPARTED", isRetracted=True), "SMDG|LCL|SKL|evt-001-2026-05-12T06:40:00Z"),
        ({"eventID": "evt-9", "isRetracted": True}, "|evt-9"),
        ({"eventRouting": {"originatingParty": PARTY}, "eventID": "e", "isRetracted": True}, "SMDG|LCL|SKL|e"),
        (
            {"eventType": "TRANSPORT", "eventID": "a", "eventCreatedDateTime": "2026-05-12T06:40:00Z",
             "retractedEventID": "b"},
            "b",
        ),
        (
            {"eventType": "TRANSPORT", "eventID": "a", "eventCreatedDateTime": "2026-05-12T06:40:00Z",
             "isRetracted": True},
            "a",
        ),
    ],
)  # fmt: skip
def test_retraction_names_what_it_takes_back_and_needs_nothing_else(source: Any, retracted: str) -> None:
    event = only(source)

    assert isinstance(event, Retraction)
    assert event.retracted_id == retracted
    assert event_hash(parse_event(to_epcis(event)))


def test_flag_that_is_false_retracts_nothing() -> None:
    kept, plain = january("TRANSPORT", "DEPA", isRetracted=False), january("TRANSPORT", "DEPA")

    assert event_hash(parse_event(to_epcis(only(kept)))) == event_hash(parse_event(to_epcis(only(plain))))


def test_ids_of_two_parties_are_two() -> None:
    other = copy.deepcopy(january("TRANSPORT", "DEPA"))
    other["eventRouting"]["originatingParty"]["partyCode"] = "OTHER"

    assert only(other).id != only(january("TRANSPORT", "DEPA")).id


def test_deep_json_is_refused_in_every_version() -> None:
    with pytest.raises(StandardsError):
        parse_events(b'{"eventRouting":' * 5_000 + b"1" + b"}" * 5_000, versions=EVERY)
