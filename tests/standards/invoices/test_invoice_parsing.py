from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from standards import money
from standards.invoices import InvoiceIncomplete, parse_invoice


def test_a_ubl_invoice_gives_its_terms(ubl: str) -> None:
    invoice = parse_invoice(ubl.encode())

    assert (invoice.syntax, invoice.number, invoice.type_code) == ("UBL", "AS-2026-0042", "380")
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 5, 4), date(2026, 7, 3))
    assert (invoice.currency, invoice.payable, invoice.tax_inclusive, invoice.prepaid) == ("EUR", 10000000, 10000000, 0)
    assert (invoice.order_reference, invoice.despatch_reference) == ("PO-2026-0815", "DA-2026-0815")
    assert (invoice.payment_means, invoice.iban) == ("58", "DE10999999990004711815")


def test_parties_carry_their_identifiers_strongest_first(ubl: str) -> None:
    supplier = parse_invoice(ubl.encode()).supplier

    assert supplier.lei == "999900ACMESUPPLIES58"
    assert supplier.identifiers == (
        ("VAT", "DE999999903"),
        ("LEGAL", "HRB990042"),
        ("0088", "4012345000016"),
        ("0199", "999900ACMESUPPLIES58"),
    )


def test_lines_carry_quantity_unit_and_amounts(ubl: str) -> None:
    line = parse_invoice(ubl.encode()).lines[1]

    assert (line.id, line.quantity, line.unit) == ("2", Decimal(300), "C62")
    assert (line.net_amount, line.price) == (Decimal("36000.00"), Decimal("120.00"))
    assert line.item_ids == (("0160", "4012345101027"),)


def test_both_syntaxes_give_the_same_terms_but_for_the_profile(ubl: str, cii: str) -> None:
    by_ubl, by_cii = parse_invoice(ubl.encode()).terms(), parse_invoice(cii.encode()).terms()

    assert by_ubl.pop("profile") != by_cii.pop("profile")
    assert by_ubl == by_cii


def test_quantity_is_counted_in_thousandths_of_the_one_unit(ubl: str) -> None:
    assert parse_invoice(ubl.encode()).quantity_thousandths() == 1_000_000


def test_quantity_is_not_measurable_across_units(ubl: str, edited) -> None:
    invoice = parse_invoice(edited(ubl, ('unitCode="C62">500', 'unitCode="KGM">500')))

    assert (invoice.unit, invoice.quantity_thousandths()) == (None, 0)


@pytest.mark.parametrize("quantity", ["0.0001", "-1000"])
def test_quantity_is_not_measurable_below_a_thousandth_or_below_nothing(ubl: str, edited, quantity: str) -> None:
    invoice = parse_invoice(edited(ubl, (">500<", f">{quantity}<")))

    assert invoice.quantity_thousandths() == 0


@pytest.mark.parametrize(
    ("term", "old", "new"),
    [
        ("invoice number (BT-1)", "<cbc:ID>AS-2026-0042</cbc:ID>", ""),
        ("issue date (BT-2)", "<cbc:IssueDate>2026-05-04</cbc:IssueDate>", ""),
        ("issue date (BT-2)", "2026-05-04", "2026-02-30"),
        ("issue date (BT-2)", "2026-05-04", "04.05.2026"),
        ("type code (BT-3)", "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", ""),
        ("currency (BT-5)", "<cbc:DocumentCurrencyCode>EUR<", "<cbc:DocumentCurrencyCode><"),
        ("due date (BT-9)", "2026-07-03", "soon"),
        (
            "amount due (BT-115)",
            '<cbc:PayableAmount currencyID="EUR">100000.00<',
            '<cbc:PayableAmount currencyID="EUR"><',
        ),
        (
            "amount due (BT-115)",
            '<cbc:PayableAmount currencyID="EUR">100000.00',
            '<cbc:PayableAmount currencyID="EUR">1e5',
        ),
        ("line 1: quantity (BT-129)", ">500<", ">many<"),
    ],
)
def test_a_missing_or_malformed_term_is_named(ubl: str, edited, term: str, old: str, new: str) -> None:
    with pytest.raises(InvoiceIncomplete) as refused:
        parse_invoice(edited(ubl, (old, new)))

    assert refused.value.term == term


def test_a_date_with_a_zone_names_the_same_day(ubl: str, edited) -> None:
    assert parse_invoice(edited(ubl, ("2026-05-04", "2026-05-04+02:00"))).issue_date == date(2026, 5, 4)


def test_a_cii_date_of_another_format_is_refused(cii: str, edited) -> None:
    with pytest.raises(InvoiceIncomplete, match="date format '203'"):
        parse_invoice(edited(cii, ('format="102">20260504', 'format="203">202605041200')))


def test_amounts_are_minor_units_of_their_currency(ubl: str) -> None:
    invoice = parse_invoice(ubl.encode())

    assert replace(invoice, currency="JPY").payable == 100_000
    assert replace(invoice, currency="KWD").payable == 100_000_000


def test_an_amount_finer_than_its_currency_is_refused_not_rounded(ubl: str) -> None:
    invoice = replace(parse_invoice(ubl.encode()), currency="JPY", payable_amount=Decimal("100.50"))

    with pytest.raises(money.AmountInexact):
        _ = invoice.payable


def test_terms_show_no_money_in_a_currency_without_minor_units(ubl: str) -> None:
    assert replace(parse_invoice(ubl.encode()), currency="XAU").terms()["payable"] is None


def test_a_payee_with_the_sellers_identifier_is_the_seller(ubl: str, edited) -> None:
    payee = (
        '</cac:AccountingCustomerParty><cac:PayeeParty><cac:PartyIdentification><cbc:ID schemeID="0088">4012345000016'
        "</cbc:ID></cac:PartyIdentification><cac:PartyName><cbc:Name>Acme Treasury</cbc:Name></cac:PartyName>"
        "</cac:PayeeParty>"
    )
    invoice = parse_invoice(edited(ubl, ("</cac:AccountingCustomerParty>", payee)))

    assert invoice.payee is not None
    assert invoice.payee.is_same_as(invoice.supplier)
    assert not invoice.payee.is_same_as(invoice.debtor)


def test_a_credit_note_is_read_from_its_own_elements(samples: Path) -> None:
    invoice = parse_invoice((samples / "invoices" / "base-creditnote-correction.xml").read_bytes())

    assert (invoice.is_credit_note, invoice.type_code, invoice.type_class) == (True, "381", "CREDIT")
    assert len(invoice.lines) == 2
    assert all(line.quantity and line.unit for line in invoice.lines)


def test_official_twins_have_one_identity(samples: Path) -> None:
    by_ubl, by_cii = (
        parse_invoice((samples / "invoices" / name).read_bytes())
        for name in ("ubl-tc434-example1.xml", "CII_example1.xml")
    )

    assert by_ubl.identity() == by_cii.identity()
    assert by_ubl.payable == by_cii.payable == 25033
