import json
from typing import Any

import pytest
from ubl_documents import DESPATCH_LINE, LEFT, despatch_advice

from standards.epcis import TradeReference, event_hash, parse_event, quantity_thousandths, references
from standards.ubl import DespatchAdviceInvalid, despatch_to_epcis, parse_despatch_advice


def converted(data: bytes) -> Any:
    return parse_event(json.loads(json.dumps(despatch_to_epcis(parse_despatch_advice(data)))))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (despatch_advice(type_code="5"), "DespatchAdviceTypeCode is '5'"),
        (despatch_advice(type_code="12345"), "DespatchAdviceTypeCode is '12345'"),
        (despatch_advice(status="7"), "DocumentStatusCode is '7', not one of 9, 5, 1, 22"),
        (despatch_advice(lines=""), "no cac:DespatchLine"),
        (despatch_advice(number=" "), "cbc:ID is missing or empty"),
        (despatch_advice(lines=DESPATCH_LINE.replace(">300<", ">-3<")), "DeliveredQuantity is '-3'"),
        (despatch_advice(left=LEFT.replace("05-27", "02-30")), "'2026-02-30', not a date of the calendar"),
        (b"<DespatchAdvice/>", "root element is DespatchAdvice"),
    ],
)
def test_fault_is_named(data: bytes, why: str) -> None:
    with pytest.raises(DespatchAdviceInvalid, match=why):
        parse_despatch_advice(data)


def test_what_left_is_a_shipping_event_with_its_quantity_and_references() -> None:
    event = converted(despatch_advice())

    assert (event.type, event.step) == ("ObjectEvent", "shipping")
    assert quantity_thousandths(event) == (300_000, "C62")
    assert event.occurred_at.isoformat() == "2026-05-27T06:00:00+00:00"
    assert references(event) == [
        TradeReference("order", "PO-1"),
        TradeReference("despatch_advice", "DA-1"),
        TradeReference("sscc", "173500538500000016"),
        TradeReference("container", "APZU4812090"),
        TradeReference("consignment", "735005233GS1T1"),
    ]


@pytest.mark.parametrize(
    ("left", "moment", "is_actual"),
    [
        (LEFT, "2026-05-27T08:00:00+02:00", True),
        (LEFT.replace("05-27", "05-29"), "2026-05-29T08:00:00+02:00", False),
        (LEFT.replace("Actual", "Estimated"), "2026-05-27T08:00:00+02:00", False),
        ("", "2026-05-28T12:00:00Z", False),
    ],
)
def test_only_a_stated_past_departure_is_actual(left: str, moment: str, is_actual: bool) -> None:
    advice = parse_despatch_advice(despatch_advice(left=left))

    assert (advice.despatched, advice.is_actual) == (moment, is_actual)


@pytest.mark.parametrize("code", ["1", "101", "112"])
def test_use_case_in_the_type_changes_nothing(code: str) -> None:
    assert event_hash(converted(despatch_advice(type_code=code))) == event_hash(converted(despatch_advice()))


@pytest.mark.parametrize("status", ["9", "5", "22", "1"])
def test_status_is_of_the_message_not_of_the_fact(status: str) -> None:
    event = converted(despatch_advice(status=status))

    assert event_hash(event) == event_hash(converted(despatch_advice()))
    assert event.is_void == (status == "1")


@pytest.mark.parametrize(
    ("before", "after"), [(">300<", ">299<"), ("DA-1", "DA-2"), ("08:00", "08:01"), ("4012345101027", "4012345101010")]
)
def test_a_changed_fact_has_another_hash(before: str, after: str) -> None:
    changed = despatch_advice().replace(before.encode(), after.encode())

    assert changed != despatch_advice()
    assert event_hash(converted(changed)) != event_hash(converted(despatch_advice()))
