from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from standards.invoices import parse_invoice
from standards.orders import OrderUnreadable, PricedLine, parse_order

TRADES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def order() -> str:
    return (TRADES / "trade" / "order.ubl.xml").read_text(encoding="utf-8")


def test_an_order_gives_its_terms(order: str) -> None:
    found = parse_order(order.encode())

    assert (found.number, found.issue_date, found.type_code) == ("PO-2026-0815", date(2026, 4, 13), "220")
    assert (found.currency, found.payable, found.quantity_thousandths()) == ("EUR", 10000000, 1_000_000)
    assert (found.buyer.lei, found.seller.lei) == ("999900BOREALISRETL40", "999900ACMESUPPLIES58")
    assert (found.delivery_start, found.delivery_end) == (date(2026, 5, 18), date(2026, 5, 31))
    assert found.delivery_terms == "FCA"


def test_lines_carry_quantity_unit_and_price(order: str) -> None:
    line = parse_order(order.encode()).lines[1]

    assert (line.id, line.quantity, line.unit, line.price) == ("2", Decimal(300), "C62", Decimal("120.00"))
    assert line.item_ids == (("0160", "4012345101027"),)


@pytest.mark.parametrize(("folder", "invoice"), [("trade", "invoice.ubl.xml"), ("trade-usd", "invoice.cii.xml")])
def test_the_example_invoices_bill_what_was_ordered(folder: str, invoice: str) -> None:
    ordered = parse_order((TRADES / folder / "order.ubl.xml").read_bytes())
    billed = parse_invoice((TRADES / folder / invoice).read_bytes())

    assert billed.order_reference == ordered.number
    assert (billed.payable, billed.currency) == (ordered.payable, ordered.currency)
    assert [(line.quantity, line.item_ids) for line in billed.lines] == [
        (line.quantity, line.item_ids) for line in ordered.lines
    ]
    assert (billed.supplier.lei, billed.debtor.lei) == (ordered.seller.lei, ordered.buyer.lei)


def test_the_total_is_divided_among_the_lines(order: str) -> None:
    found = parse_order(order.encode())
    lines = found.priced_lines()

    assert [(line.item, line.unit, line.quantity_thousandths) for line in lines][1] == (
        "0160:4012345101027",
        "C62",
        300_000,
    )
    assert sum(line.value for line in lines) == found.payable
    nets = [line.net or Decimal(0) for line in found.lines]
    for line, net in zip(lines, nets, strict=True):
        assert abs(line.value - 10_000_000 * net / sum(nets)) < 1


def test_lines_beyond_the_most_become_one(order: str) -> None:
    found = parse_order(order.encode())

    assert found.priced_lines(most=1) == (PricedLine("PO-2026-0815", "C62", 1_000_000, 10_000_000),)


def test_a_line_of_no_amount_leaves_one_for_all(order: str) -> None:
    found = parse_order(order.encode())
    bare = replace(found, lines=(replace(found.lines[0], net_amount=None, price=None), *found.lines[1:]))

    assert [line.value for line in bare.priced_lines()] == [10_000_000]


def test_without_a_total_there_are_no_priced_lines(order: str) -> None:
    assert replace(parse_order(order.encode()), payable_amount=None).priced_lines() == ()


def test_an_order_without_a_total_names_none(order: str) -> None:
    start, end = order.index("  <cac:AnticipatedMonetaryTotal>"), order.index("</cac:AnticipatedMonetaryTotal>")
    found = parse_order((order[:start] + order[end + len("</cac:AnticipatedMonetaryTotal>") :]).encode())

    assert found.payable is None
    assert found.terms()["payable"] is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<cbc:ID>PO-2026-0815</cbc:ID>", "", "order number: cbc:ID is missing or empty"),
        ("2026-04-13", "13.04.2026", "issue date: '13.04.2026' is not a calendar date"),
        (">500<", ">five hundred<", "line 1: quantity: 'five hundred' is not a plain decimal number"),
        ("urn:oasis:names:specification:ubl:schema:xsd:Order-2", "urn:other", "is no UBL 2.1 order"),
    ],
)
def test_what_is_wrong_is_named(order: str, old: str, new: str, why: str) -> None:
    assert old in order

    with pytest.raises(OrderUnreadable, match=why):
        parse_order(order.replace(old, new, 1).encode())


def test_an_order_without_lines_is_refused(order: str) -> None:
    start, end = order.index("  <cac:OrderLine>"), order.rindex("</cac:OrderLine>")

    with pytest.raises(OrderUnreadable, match="0 lines; an order has 1 to 5000"):
        parse_order((order[:start] + order[end + len("</cac:OrderLine>") :]).encode())


@pytest.mark.parametrize("data", [b"", b"nothing", b"<!DOCTYPE a []><Order/>"])
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    with pytest.raises(OrderUnreadable):
        parse_order(data)
