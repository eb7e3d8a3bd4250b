from datetime import date

import pytest

from standards.invoices import parse_invoice
from standards.invoices.due_date import due_date, tenor_days

ISSUED = date(2026, 5, 4)


def test_the_stated_date_wins() -> None:
    assert due_date(date(2026, 6, 1), "60 days net", ISSUED) == (date(2026, 6, 1), False)


def test_a_tenor_counts_from_the_date_of_issue() -> None:
    assert due_date(None, "60 days net", ISSUED) == (date(2026, 7, 3), True)


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ("30 dagar netto.", 30),
        ("30 days net. Penalty rate 12 %", 30),
        ("Betalingstermijn: 14 dagen netto", 14),
        ("Zahlbar innerhalb von 21 Tagen ohne Abzug", 21),
        ("Payment within 30 days", 30),
        ("Net 45", 45),
        ("Paiement à 60 jours", 60),
        ("#SKONTO#TAGE=7#PROZENT=2.00#\n30 Tage netto", 30),
        ("2% discount within 10 days. 30 days net.", 30),
        ("Payment within 30 days. Payment within 30 days.", 30),
    ],
)
def test_terms_that_leave_no_doubt(terms: str, days: int) -> None:
    assert tenor_days(terms) == days


@pytest.mark.parametrize(
    "terms",
    [
        "",
        "on receipt",
        "Payment within 10 days, 2% discount",
        "2 % discount if paid within 2 days\n            Penalty percentage 10% from due date",
        "50% prepaid, 50% within one month",
        "30 days after delivery",
        "30 Tage nach Erhalt der Ware",
        "30 days end of month",
        "14 days or 30 days net",
        "Payable in 3 instalments of 30 days",
        "999 days net",
        "#SKONTO#TAGE=7#PROZENT=2.00#",
        "2.30 days",
    ],
)
def test_terms_that_leave_a_doubt_give_no_date(terms: str) -> None:
    assert due_date(None, terms, ISSUED) == (None, False)


def test_an_invoice_without_a_date_takes_it_from_its_terms(ubl: str, edited) -> None:
    invoice = parse_invoice(edited(ubl, ("<cbc:DueDate>2026-07-03</cbc:DueDate>", "")))

    assert (invoice.due_date, invoice.due_date_from_terms) == (date(2026, 7, 3), True)


def test_a_credit_note_states_its_date_with_the_payment_means(ubl: str, edited) -> None:
    moved = (
        "58</cbc:PaymentMeansCode>",
        "58</cbc:PaymentMeansCode><cbc:PaymentDueDate>2026-06-30</cbc:PaymentDueDate>",
    )
    invoice = parse_invoice(edited(ubl, ("<cbc:DueDate>2026-07-03</cbc:DueDate>", ""), moved))

    assert invoice.due_date == date(2026, 6, 30)
