from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.invoices.eligibility import refusals
from standards.invoices import Invoice, Party, parse_invoice

TRADE = Path(__file__).parents[3] / "examples" / "trade"


@pytest.fixture(scope="module")
def invoice() -> Invoice:
    """Acme Supplies invoices Borealis Retail 100,000.00 at 60 days."""
    return parse_invoice((TRADE / "invoice.ubl.xml").read_bytes())


def test_an_ordinary_invoice_is_not_refused(invoice: Invoice) -> None:
    assert refusals(invoice) == []


@pytest.mark.parametrize("code", ["326", "380", "383", "389", "575", "780", "875", "876", "877"])
def test_claims_for_payment_are_not_refused(invoice: Invoice, code: str) -> None:
    assert refusals(replace(invoice, type_code=code)) == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("381", "type 381: a credit note claims nothing"),
        ("396", "type 396: a credit note claims nothing"),
        ("384", "type 384: a corrected invoice"),
        ("386", "type 386: a prepayment invoice"),
        ("325", "type 325 is not a claim for payment that can be financed"),
        ("393", "already assigned: type 393 is a factored invoice"),
    ],
)
def test_other_types_are_refused_with_the_reason(invoice: Invoice, code: str, reason: str) -> None:
    found = refusals(replace(invoice, type_code=code))

    assert len(found) == 1
    assert found[0].startswith(reason)


def test_a_credit_note_is_refused_whatever_its_code(invoice: Invoice) -> None:
    assert refusals(replace(invoice, is_credit_note=True)) == ["type 380: a credit note claims nothing"]


@pytest.mark.parametrize("amount", ["0.00", "-0.01", "-100000.00"])
def test_nothing_due_is_refused(invoice: Invoice, amount: str) -> None:
    assert refusals(replace(invoice, payable_amount=Decimal(amount))) == [
        f"the amount due is {amount} EUR; only a positive one can be financed"
    ]


def test_a_payment_in_advance_is_refused(invoice: Invoice) -> None:
    found = refusals(replace(invoice, prepaid_amount=Decimal("0.01")))

    assert found == ["0.01 EUR were paid in advance, so that the face value is in doubt"]


def test_a_payment_in_advance_reads_alike_however_it_is_written(invoice: Invoice) -> None:
    by_cii, by_ubl = (refusals(replace(invoice, prepaid_amount=Decimal(paid))) for paid in ("1000", "1000.00"))

    assert by_cii == by_ubl == ["1000.00 EUR were paid in advance, so that the face value is in doubt"]


def test_an_amount_in_another_currency_is_refused_whatever_the_profile() -> None:
    text = (TRADE / "invoice.ubl.xml").read_text(encoding="utf-8")
    text = text.replace("#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "")
    text = text.replace('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="USD">')

    assert refusals(parse_invoice(text.encode())) == ["PayableAmount in USD, not in the invoice's currency EUR"]


def test_a_cii_total_in_another_currency_is_refused() -> None:
    text = (TRADE / "invoice.cii.xml").read_text(encoding="utf-8")
    text = text.replace("<ram:DuePayableAmount>", '<ram:DuePayableAmount currencyID="USD">')
    text = text.replace('<ram:TaxTotalAmount currencyID="EUR">', '<ram:TaxTotalAmount currencyID="GBP">')

    assert refusals(parse_invoice(text.encode())) == [
        "TaxTotalAmount in GBP, not in the invoice's currency EUR",
        "DuePayableAmount in USD, not in the invoice's currency EUR",
    ]


def test_a_third_party_payee_is_refused(invoice: Invoice) -> None:
    found = refusals(replace(invoice, payee=Party(name="Quick Factors Ltd")))

    assert found == ["already assigned: payable to Quick Factors Ltd, not to the seller"]


@pytest.mark.parametrize(
    "payee", [Party(name="acme supplies  gmbh"), Party(name="Acme Treasury", other_ids=(("0088", "4012345000016"),))]
)
def test_the_seller_as_payee_is_not_refused(invoice: Invoice, payee: Party) -> None:
    assert refusals(replace(invoice, payee=payee)) == []


@pytest.mark.parametrize(
    "note",
    [
        "This invoice has been assigned to Quick Factors Ltd.",
        "Die Forderung ist an die Musterfactor AG abgetreten.",
        "Denna faktura har överlåtits till Snabbfaktor AB.",
        "Payable under our factoring agreement only.",
        "Pay to our factor Quick Ltd only.",
        "Créance cédée à la Banque Exemple.",
    ],
)
def test_an_assignment_in_words_is_refused(invoice: Invoice, note: str) -> None:
    found = refusals(replace(invoice, notes=(note,)))

    assert [reason.startswith("already assigned, by its own words") for reason in found] == [True]


@pytest.mark.parametrize(
    "note",
    [
        "Payable to the manufacturer.",
        "Your order was assigned to Ms Berg.",
        "Motors with a power factor of 0.9",
        "Payment within 60 days",
    ],
)
def test_other_words_are_no_assignment(invoice: Invoice, note: str) -> None:
    assert refusals(replace(invoice, notes=(note,))) == []


@pytest.mark.parametrize(
    "profile", ["urn:factur-x.eu:1p0:minimum", "urn:factur-x.eu:1p0:basicwl", "urn:zugferd.de:2p0:minimum"]
)
def test_profiles_without_lines_are_refused(invoice: Invoice, profile: str) -> None:
    assert refusals(replace(invoice, profile=profile, lines=())) == [
        f"profile {profile} has no lines by design and is no invoice under EN 16931"
    ]


def test_an_invoice_without_lines_is_refused(invoice: Invoice) -> None:
    assert refusals(replace(invoice, lines=())) == ["the invoice has no lines, so that no goods stand behind it"]


def test_an_invoice_without_a_due_date_is_refused(invoice: Invoice) -> None:
    assert refusals(replace(invoice, due_date=None)) == [
        "no due date is stated, and the payment terms do not settle one beyond doubt"
    ]


def test_a_due_date_before_the_issue_is_refused(invoice: Invoice) -> None:
    assert refusals(replace(invoice, due_date=date(2026, 5, 3))) == [
        "due on 2026-05-03, before it was issued on 2026-05-04"
    ]


@pytest.mark.parametrize("code", ["XAU", "XXX", "ABC"])
def test_an_unknown_currency_is_refused(invoice: Invoice, code: str) -> None:
    assert refusals(replace(invoice, currency=code)) == [f"currency {code!r} has no minor unit in ISO 4217"]


def test_an_amount_finer_than_the_currency_is_refused(invoice: Invoice) -> None:
    found = refusals(replace(invoice, currency="JPY", payable_amount=Decimal("100.5")))

    assert found == ["amount due: 100.5 JPY does not fit into the 0 decimals of JPY"]


def test_a_seller_without_identifiers_is_refused(invoice: Invoice) -> None:
    found = refusals(replace(invoice, supplier=Party(name="Acme", other_ids=(("", "SUPPLIER-9"),))))

    assert found == ["the seller has no VAT number, legal registration, GLN, LEI or electronic address to be known by"]


def test_a_seller_that_bills_itself_is_refused(invoice: Invoice) -> None:
    assert refusals(replace(invoice, debtor=Party(name="Acme", vat="DE 999 999 903"))) == [
        "seller and buyer are the same party"
    ]


def test_every_reason_is_given(invoice: Invoice) -> None:
    bad = replace(invoice, type_code="381", due_date=None, prepaid_amount=Decimal(1), payee=Party(name="Bank"))

    assert len(refusals(bad)) == 4
