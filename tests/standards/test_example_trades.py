"""The papers of each example trade speak of the same goods, parties and documents."""

import json
from pathlib import Path

import pytest
from stdnum import ean, iso6346, lei

from standards.dcsa import parse_events
from standards.epcis import parse_document
from standards.invoices import Invoice, parse_invoice
from standards.ubl.receipt_advice import parse_receipt_advice

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(params=["trade", "trade-usd"])
def trade(request: pytest.FixtureRequest) -> Path:
    return EXAMPLES / request.param


@pytest.fixture
def invoice(trade: Path) -> Invoice:
    return parse_invoice((trade / "invoice.cii.xml").read_bytes())


def received_by_gtin(trade: Path) -> dict[str, int]:
    document = json.loads((trade / "receiving.epcis.json").read_bytes())
    goods = document["epcisBody"]["eventList"][0]["quantityList"]
    return {item["epcClass"].rsplit("/", 1)[1].removeprefix("0").zfill(13): item["quantity"] for item in goods}


def test_identifiers_have_right_check_digits(invoice: Invoice, trade: Path) -> None:
    for party in (invoice.supplier, invoice.debtor):
        assert lei.is_valid(party.lei)
        assert all(ean.is_valid(value) for scheme, value in party.identifiers if scheme == "0088")
    assert all(ean.is_valid(gtin) for line in invoice.lines for _, gtin in line.item_ids)
    events = json.loads((trade / "departure.dcsa.json").read_bytes())
    containers = {
        reference["referenceValue"]
        for event in events
        for reference in event["references"]
        if reference["referenceType"] == "EQ"
    }
    assert len(containers) == 1
    assert all(iso6346.is_valid(container) for container in containers)


def test_every_logistics_paper_names_the_order(invoice: Invoice, trade: Path) -> None:
    order = invoice.order_reference
    assert order

    for name in ("departure.dcsa.json", "inspection.epcis.json", "receiving.epcis.json", "receipt-advice.xml"):
        assert order in (trade / name).read_text(encoding="utf-8"), name


def test_warehouse_and_consignee_count_the_same(trade: Path) -> None:
    advice = parse_receipt_advice((trade / "receipt-advice.xml").read_bytes())

    assert {line.gtin: line.received for line in advice.lines} == received_by_gtin(trade)


@pytest.mark.parametrize(("folder", "short"), [("trade", 50), ("trade-usd", 0)])
def test_what_is_missing_was_invoiced(folder: str, short: int) -> None:
    invoice = parse_invoice((EXAMPLES / folder / "invoice.cii.xml").read_bytes())
    received = sum(received_by_gtin(EXAMPLES / folder).values())

    assert invoice.quantity_thousandths() - 1000 * received == 1000 * short


def test_nothing_happens_before_the_invoice_or_after_it_is_due(invoice: Invoice, trade: Path) -> None:
    departed = [event.occurred_at for event in parse_events((trade / "departure.dcsa.json").read_bytes())]
    received = [event.event_time for event in parse_document((trade / "receiving.epcis.json").read_bytes()).events]
    moments = [moment.date() for moment in [*departed, *received]]

    assert invoice.due_date
    assert [invoice.issue_date, *moments, invoice.due_date] == sorted([invoice.issue_date, *moments, invoice.due_date])
