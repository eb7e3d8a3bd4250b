"""The papers of the trades with goods: right check digits, one consignment, and what their nodes will read."""

from pathlib import Path

import pytest
from stdnum import ean

from standards.epcis import event_hash, parse_document, quantity_thousandths, references, sensor_readings
from standards.invoices import parse_invoice
from standards.orders import parse_order
from standards.prices import parse_price_list

EXAMPLES = Path(__file__).parents[2] / "examples"
STOCK, LINE = EXAMPLES / "trade-stock", EXAMPLES / "trade-line"
EPCIS = sorted([*STOCK.rglob("*.epcis.json"), *LINE.rglob("*.epcis.json")])
BREACH = STOCK / "breach"


@pytest.mark.parametrize("paper", EPCIS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_boxes_have_right_check_digits_and_measurements_can_be_read(paper: Path) -> None:
    for event in parse_document(paper.read_bytes()).events:
        boxes = [found.value for found in references(event) if found.kind == "sscc"]
        assert all(ean.calc_check_digit(box[:-1]) == box[-1] for box in boxes)
        assert references(event)
        assert sensor_readings(event).problems == ()


def test_no_two_papers_are_the_same_event() -> None:
    hashes = [event_hash(event) for paper in EPCIS for event in parse_document(paper.read_bytes()).events]

    assert len(hashes) == len(set(hashes)) == 19


def test_the_breach_is_out_of_the_range_in_either_unit() -> None:
    values = [
        measured.value
        for paper in sorted(BREACH.glob("*.epcis.json"))
        for event in parse_document(paper.read_bytes()).events
        for measured in sensor_readings(event).measurements
    ]

    assert values == [26_000, 25_900, 25_800]


def test_price_lists_name_the_feed_of_the_goods() -> None:
    for folder, name in ((STOCK, "chocolate"), (LINE, "lamps")):
        quotes = [quote for paper in folder.rglob("*.prices.json") for quote in parse_price_list(paper.read_bytes())]
        assert {quote.name for quote in quotes} == {name}


def test_order_goods_and_invoice_of_the_line_agree() -> None:
    order = parse_order((LINE / "order.ubl.xml").read_bytes())
    invoice = parse_invoice((LINE / "invoice.ubl.xml").read_bytes())
    (stored,) = parse_document((LINE / "storing.warehouse.epcis.json").read_bytes()).events

    assert invoice.order_reference == order.number
    assert (order.payable, order.quantity_thousandths()) == (invoice.payable, invoice.quantity_thousandths())
    assert quantity_thousandths(stored) == (order.quantity_thousandths(), "C62")
