import json
from pathlib import Path
from typing import Any

import pytest
from ubl_documents import BOX, consignment, happened, transportation_status

from standards.epcis import TradeReference, event_hash, parse_event, references
from standards.ubl import TransportationStatusInvalid, parse_transportation_status, status_to_epcis
from standards.ubl.transportation_status import MOST_EVENTS

WAYBILL = (
    "<cac:DocumentReference><cbc:ID>CMR-7</cbc:ID><cbc:DocumentTypeCode>730</cbc:DocumentTypeCode>"
    "</cac:DocumentReference>"
)
PICTURE = WAYBILL.replace("730", "380")
UNIT = (
    f'<cac:TransportHandlingUnit><cbc:ID schemeID="SSCC">173500538500000016</cbc:ID>{BOX}</cac:TransportHandlingUnit>'
)


def converted(data: bytes) -> list[Any]:
    return [parse_event(json.loads(json.dumps(event))) for event in status_to_epcis(parse_transportation_status(data))]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (transportation_status(happened(complete="perhaps")), "CompletionIndicator is 'perhaps', not true or false"),
        (transportation_status(happened(code="")), "TransportEventTypeCode is missing or empty"),
        (transportation_status(happened(date="2026-02-30")), "'2026-02-30', not a date of the calendar"),
        (transportation_status(happened(time="noon")), "'noon', not a time of day"),
        (transportation_status(status="7"), "DocumentStatusCode is '7'"),
        (transportation_status(number=""), "cbc:ID is missing or empty"),
        (transportation_status(*[happened()] * (MOST_EVENTS + 1)), f"more than {MOST_EVENTS} events"),
        (transportation_status(*[consignment()] * 40, *[happened()] * 40), f"more than {MOST_EVENTS} events"),
        (b"<TransportationStatus/>", "root element is TransportationStatus"),
    ],
)
def test_fault_is_named(data: bytes, why: str) -> None:
    with pytest.raises(TransportationStatusInvalid, match=why):
        parse_transportation_status(data)


def test_official_sample_has_two_arrivals_of_its_consignment(samples: Path) -> None:
    events = converted((samples / "logistics" / "TransportationStatus_Example_Full.xml").read_bytes())

    assert [(event.step, event.occurred_at.isoformat()) for event in events] == [
        ("arriving", "2023-06-01T09:23:34+00:00"),
        ("arriving", "2023-06-06T08:29:30+00:00"),
    ]
    for event in events:
        assert references(event) == [
            TradeReference("booking", "KHN23-44044"),
            TradeReference("sscc", "173500538500000016"),
            TradeReference("consignment", "735005233GS1TRANSPORT000001"),
        ]


@pytest.mark.parametrize(
    ("code", "step"),
    [("1", "arriving"), ("13", "collecting"), ("24", "departing"), ("27", "shipping"), ("29", "unloading"),
     ("48", "loading"), ("21", "other"), ("18", None), ("20", None), ("23", None), ("999", None)],
)  # fmt: skip
def test_code_says_which_step_it_was(code: str, step: str | None) -> None:
    (event,) = converted(transportation_status(happened(code)))

    assert event.step == step


@pytest.mark.parametrize(
    ("event", "is_actual"),
    [
        (happened(), True),
        (happened(complete="1"), True),
        (happened(complete="false"), False),
        (happened(complete="0"), False),
        (happened(complete=None), False),
        (happened(time="14:00:00+02:00"), True),
        (happened(time="14:00:01+02:00"), False),
        (happened(date="2026-05-29"), False),
        (happened(time=None), True),
        (happened(date=None, time=None), True),
    ],
)
def test_only_what_is_said_to_be_complete_by_the_issue_has_happened(event: str, is_actual: bool) -> None:
    (read,) = parse_transportation_status(transportation_status(event)).events

    assert read.is_actual == is_actual


@pytest.mark.parametrize(
    ("date", "time", "moment"),
    [
        ("2026-05-28", "09:00:00+02:00", "2026-05-28T09:00:00+02:00"),
        ("2026-05-28", "09:00:00", "2026-05-28T09:00:00Z"),
        ("2026-05-28+02:00", "09:00:00", "2026-05-28T09:00:00+02:00"),
        ("2026-05-28", None, "2026-05-28T12:00:00Z"),
        ("2026-05-27", None, "2026-05-27T23:59:59Z"),
        (None, None, "2026-05-28T12:00:00Z"),
    ],
)
def test_moment_has_the_zone_that_is_stated_or_utc(date: str | None, time: str | None, moment: str) -> None:
    (event,) = parse_transportation_status(transportation_status(happened(date=date, time=time))).events

    assert event.occurred == moment


def test_event_of_the_document_is_one_of_each_consignment() -> None:
    first, second = consignment(number="735005233GS1T1"), consignment(happened("1"), number="735005233GS1T2")

    events = converted(transportation_status(first, second, happened("24"), document=WAYBILL))

    named = [(event.step, [found.value for found in references(event)]) for event in events]
    assert named == [
        ("arriving", ["735005233GS1T2"]),
        ("departing", ["735005233GS1T1"]),
        ("departing", ["735005233GS1T2"]),
    ]


def test_transport_document_and_boxes_lead_to_the_consignment() -> None:
    (event,) = converted(transportation_status(consignment(happened(), more=UNIT), document=WAYBILL + PICTURE))

    assert references(event) == [
        TradeReference("transport_document", "CMR-7"),
        TradeReference("booking", "SO-1"),
        TradeReference("sscc", "173500538500000016"),
        TradeReference("container", "APZU4812090"),
        TradeReference("consignment", "735005233GS1T1"),
    ]


@pytest.mark.parametrize(("number", "known"), [("C-77", ["C-77"]), ("NA", []), ("n/a", [])])
def test_consignment_without_a_gs1_number_has_its_own_or_none(number: str, known: list[str]) -> None:
    (event,) = converted(transportation_status(consignment(happened(), number=number, scheme="ZZZ")))

    assert [found.value for found in references(event) if found.kind == "consignment"] == known


def test_status_without_events_is_a_statement_about_no_goods() -> None:
    (event,) = converted(transportation_status(consignment()))

    assert (event.type, event.step, references(event)) == ("TransactionEvent", None, [])


def test_same_event_in_a_later_document_is_the_same_event() -> None:
    (event,) = converted(transportation_status(happened()))
    (again,) = converted(transportation_status(happened(), number="TS-2", issued="13:00:00Z"))

    assert event_hash(event) == event_hash(again)


@pytest.mark.parametrize("other", [happened("1"), happened(time="09:00:01+02:00"), happened(complete="false")])
def test_a_changed_fact_has_another_hash(other: str) -> None:
    (event,), (changed,) = converted(transportation_status(happened())), converted(transportation_status(other))

    assert event_hash(event) != event_hash(changed)


def test_cancellation_voids_all_events_of_its_number() -> None:
    events = converted(transportation_status(happened("24"), happened("1"), status="1"))

    assert [event.is_void for event in events] == [True, True]
    assert [event_hash(event) for event in events] == [
        event_hash(event) for event in converted(transportation_status(happened("24"), happened("1")))
    ]
