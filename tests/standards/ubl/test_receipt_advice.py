import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from standards.epcis import TradeReference, event_hash, parse_event, quantity_thousandths, references
from standards.ubl import ReceiptAdviceInvalid, parse_receipt_advice, to_epcis
from standards.xml import XmlRefused

LINE = """<cac:ReceiptLine><cbc:ID>1</cbc:ID>
  <cbc:ReceivedQuantity unitCode="C62">300</cbc:ReceivedQuantity>
  <cbc:ShortQuantity unitCode="C62">50</cbc:ShortQuantity>
  <cbc:RejectedQuantity unitCode="C62">20</cbc:RejectedQuantity><cbc:RejectReasonCode>1</cbc:RejectReasonCode>
  <cac:Item><cac:StandardItemIdentification><cbc:ID schemeID="0160">4012345101027</cbc:ID>
  </cac:StandardItemIdentification></cac:Item></cac:ReceiptLine>"""
DELIVERY = """<cbc:ActualDeliveryDate>2026-05-28</cbc:ActualDeliveryDate>
  <cbc:ActualDeliveryTime>09:30:00+02:00</cbc:ActualDeliveryTime>"""


def advice(
    type_code: str = "S",
    status: str = "9",
    issue_time: str = "<cbc:IssueTime>14:05:00+02:00</cbc:IssueTime>",
    delivery: str = DELIVERY,
    shipment: str = "",
    lines: str = LINE,
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ReceiptAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:ReceiptAdvice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID> RA-1 </cbc:ID><cbc:IssueDate>2026-05-28</cbc:IssueDate>{issue_time}
  <cbc:DocumentStatusCode>{status}</cbc:DocumentStatusCode>
  <cbc:ReceiptAdviceTypeCode>{type_code}</cbc:ReceiptAdviceTypeCode>
  <cac:OrderReference><cbc:ID>PO-2026-0815</cbc:ID></cac:OrderReference>
  <cac:DespatchDocumentReference><cbc:ID>DA-2026-0815</cbc:ID></cac:DespatchDocumentReference>
  <cac:Shipment><cbc:ID>1</cbc:ID>{shipment}<cac:Delivery>{delivery}</cac:Delivery></cac:Shipment>
  {lines}
</ReceiptAdvice>""".encode()


def converted(data: bytes) -> Any:
    return parse_event(json.loads(json.dumps(to_epcis(parse_receipt_advice(data)))))


def consignment(condition: str) -> str:
    status = f"<cac:Status><cbc:ConditionCode>{condition}</cbc:ConditionCode></cac:Status>"
    return f'<cac:Consignment><cbc:ID schemeID="GINC">735005233GS1T1</cbc:ID>{status}</cac:Consignment>'


def test_quantities_units_and_references_of_a_line_are_read() -> None:
    read = parse_receipt_advice(advice())

    [line] = read.lines
    assert (line.received, line.short, line.rejected, line.oversupplied) == (300, 50, 20, None)
    assert (line.accepted, line.unit, line.gtin, line.reject_reason) == (Decimal(280), "C62", "4012345101027", "1")
    assert (read.id, read.type_code, read.status_code) == ("RA-1", "S", "9")
    assert (read.order, read.despatch_advice) == ("PO-2026-0815", "DA-2026-0815")
    assert read.received_at.isoformat() == "2026-05-28T07:30:00+00:00"


def test_every_official_sample_is_read_and_converted_to_a_fact_of_its_own(samples: Path) -> None:
    paths = sorted((samples / "logistics").rglob("ReceiptAdvice*.xml"))

    hashes = {event_hash(converted(path.read_bytes())) for path in paths}

    assert len(paths) == len(hashes) == 10


def test_the_full_sample_counts_what_was_accepted(samples: Path) -> None:
    event = converted((samples / "logistics" / "ReceiptAdvice_Example_Full.xml").read_bytes())

    assert event.step == "receiving"
    assert quantity_thousandths(event) == (89_000, "KGM")
    assert TradeReference("sscc", "173500538500000016") in references(event)
    assert TradeReference("consignment", "735005233GS1TRANSPORT000001") in references(event)


def test_goods_received_are_a_receiving_event_of_what_was_accepted() -> None:
    event = converted(advice())

    assert (event.type, event.step, event.is_void) == ("ObjectEvent", "receiving", False)
    assert quantity_thousandths(event) == (280_000, "C62")
    assert references(event) == [
        TradeReference("order", "PO-2026-0815"),
        TradeReference("despatch_advice", "DA-2026-0815"),
    ]


def test_an_answer_to_the_document_moves_no_goods() -> None:
    event = converted(advice(type_code="D"))

    assert (event.type, event.step, quantity_thousandths(event)) == ("TransactionEvent", None, (0, None))


def test_a_consignment_turned_away_is_not_received() -> None:
    rejected, accepted = converted(advice(shipment=consignment("RE"))), converted(advice(shipment=consignment("CA")))

    assert (rejected.step, rejected.state) == (None, "non_conformant")
    assert accepted.step == "receiving"


def test_a_cancellation_voids_the_event_with_the_same_hash() -> None:
    cancelled = converted(advice(status="1"))

    assert cancelled.is_void
    assert event_hash(cancelled) == event_hash(converted(advice()))


@pytest.mark.parametrize(
    ("before", "after"),
    [("300<", "299<"), (">50<", ">51<"), (">20<", ">19<"), ("DA-2026-0815", "DA-2026-0816"), ("09:30", "09:31"),
     ("RA-1", "RA-2"), ("4012345101027", "4012345101010")],
)  # fmt: skip
def test_a_changed_fact_has_another_hash(before: str, after: str) -> None:
    changed = advice().replace(before.encode(), after.encode())

    assert changed != advice()
    assert event_hash(converted(changed)) != event_hash(converted(advice()))


@pytest.mark.parametrize(
    ("delivery", "issue_time", "moment"),
    [
        (DELIVERY, "", "2026-05-28T09:30:00+02:00"),
        (DELIVERY.replace("+02:00", ""), "", "2026-05-28T09:30:00Z"),
        ("", "<cbc:IssueTime>14:05:00+02:00</cbc:IssueTime>", "2026-05-28T14:05:00+02:00"),
        ("", "", "2026-05-28T23:59:59Z"),
        ("<cbc:ActualDeliveryDate>2026-05-28</cbc:ActualDeliveryDate>",
         "<cbc:IssueTime>14:05:00+02:00</cbc:IssueTime>", "2026-05-28T14:05:00+02:00"),
        ("<cbc:ActualDeliveryDate>2026-05-27</cbc:ActualDeliveryDate>",
         "<cbc:IssueTime>14:05:00+02:00</cbc:IssueTime>", "2026-05-27T23:59:59+02:00"),
    ],
)  # fmt: skip
def test_goods_came_no_later_than_the_papers_say(delivery: str, issue_time: str, moment: str) -> None:
    assert parse_receipt_advice(advice(delivery=delivery, issue_time=issue_time)).received == moment


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (advice(type_code="X"), "ReceiptAdviceTypeCode is 'X'"),
        (advice(status="7"), "DocumentStatusCode is '7'"),
        (advice(lines=""), "no cac:ReceiptLine"),
        (advice(lines=LINE.replace(">300<", ">many<")), "line 12: cbc:ReceivedQuantity is 'many'"),
        (advice(lines=LINE.replace(">300<", ">-3<")), "ReceivedQuantity is '-3'"),
        (advice(lines=LINE.replace(">20<", ">301<")), "line 1 rejects 301 of 300 received"),
        (advice(lines=LINE.replace('"C62">50', '"KGM">50')), "line 1 mixes the units C62, KGM"),
        (advice(delivery=DELIVERY.replace("05-28", "02-30")), "'2026-02-30', not a date of the calendar"),
        (advice(delivery=DELIVERY.replace("09:30:00", "25:30:00")), "not a time of the calendar"),
        (advice(delivery=DELIVERY.replace("09:30:00+02:00", "noon")), "'noon', not a time of day"),
        (b"<ReceiptAdvice/>", "root element is ReceiptAdvice"),
    ],
)
def test_fault_is_named(data: bytes, why: str) -> None:
    with pytest.raises(ReceiptAdviceInvalid, match=why):
        parse_receipt_advice(data)


def test_broken_xml_is_refused_with_its_line() -> None:
    with pytest.raises(XmlRefused, match="at line"):
        parse_receipt_advice(advice()[:-5])


def test_an_item_without_a_valid_gtin_keeps_the_name_it_came_with() -> None:
    event = converted(advice(lines=LINE.replace("4012345101027", "4012345101028")))

    assert event.quantity_list[0].epc_class == "urn:portolan:item:4012345101028"
