"""A valid invoice by default: Acme Supplies invoices Borealis Retail 100,000.00 at 60 days."""

from datetime import date
from decimal import Decimal

from standards.invoices import Invoice, Line, Party


def an_invoice() -> Invoice:
    return Invoice(
        syntax="UBL",
        profile="urn:cen.eu:en16931:2017",
        number="AS-2026-0042",
        issue_date=date(2026, 5, 4),
        type_code="380",
        currency="EUR",
        is_credit_note=False,
        supplier=Party(name="Acme Supplies GmbH", vat="DE999999903"),
        debtor=Party(name="Borealis Retail AB", vat="SE556999000401"),
        payee=None,
        payable_amount=Decimal("100000.00"),
        tax_inclusive_amount=Decimal("100000.00"),
        prepaid_amount=Decimal(0),
        lines=(Line("1", Decimal(1000), "C62", Decimal("100000.00"), Decimal("100.00")),),
        due_date=date(2026, 7, 3),
    )
