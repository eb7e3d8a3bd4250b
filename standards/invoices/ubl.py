"""UBL 2.1 Invoice and CreditNote into the model, by the business terms of EN 16931."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from standards.invoices.amounts import amount_name, foreign_amounts
from standards.invoices.document import UBL_CREDIT_NOTE
from standards.invoices.due_date import due_date
from standards.invoices.model import Invoice, Line, Party
from standards.invoices.reading import Reader, calendar_date

NAMESPACES: Final = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
SEPA_SCHEME: Final = "SEPA"


def read(root: etree._Element) -> Invoice:
    """Return the invoice. Raises InvoiceIncomplete for a missing number, date, type, currency or amount."""
    reader = Reader(root, NAMESPACES)
    is_credit_note = root.tag == UBL_CREDIT_NOTE
    kind = "CreditNote" if is_credit_note else "Invoice"
    issued = calendar_date(reader.needed("cbc:IssueDate", "issue date (BT-2)"), "issue date (BT-2)")
    terms = "\n".join(reader.texts("cac:PaymentTerms/cbc:Note"))
    due, from_terms = due_date(_stated_due_date(reader), terms, issued)
    totals = "cac:LegalMonetaryTotal/cbc:"
    return Invoice(
        syntax="UBL",
        profile=reader.text("cbc:CustomizationID"),
        number=reader.needed("cbc:ID", "invoice number (BT-1)"),
        issue_date=issued,
        type_code=reader.needed(f"cbc:{kind}TypeCode", "type code (BT-3)"),
        currency=reader.needed("cbc:DocumentCurrencyCode", "currency (BT-5)"),
        is_credit_note=is_credit_note,
        supplier=party(reader.child("cac:AccountingSupplierParty/cac:Party")),
        debtor=party(reader.child("cac:AccountingCustomerParty/cac:Party")),
        payee=_payee(reader),
        payable_amount=reader.amount(f"{totals}PayableAmount", "amount due (BT-115)"),
        tax_inclusive_amount=reader.amount(f"{totals}TaxInclusiveAmount", "total with VAT (BT-112)", Decimal(0)),
        prepaid_amount=reader.amount(f"{totals}PrepaidAmount", "paid amount (BT-113)", Decimal(0)),
        lines=tuple(_line(line, is_credit_note) for line in reader.children(f"cac:{kind}Line")),
        due_date=due,
        due_date_from_terms=from_terms,
        payment_terms=terms,
        order_reference=reader.text("cac:OrderReference/cbc:ID") or None,
        despatch_reference=reader.text("cac:DespatchDocumentReference/cbc:ID") or None,
        receipt_reference=reader.text("cac:ReceiptDocumentReference/cbc:ID") or None,
        payment_means=reader.text("cac:PaymentMeans/cbc:PaymentMeansCode") or None,
        payment_reference=reader.text("cac:PaymentMeans/cbc:PaymentID") or None,
        iban=reader.text("cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID") or None,
        notes=reader.texts("cbc:Note"),
        foreign_amounts=tuple((amount_name(item), item.get("currencyID", "")) for item in foreign_amounts(root)),
    )


def _stated_due_date(reader: Reader) -> date | None:
    text = reader.text("cbc:DueDate") or reader.text("cac:PaymentMeans/cbc:PaymentDueDate")
    return calendar_date(text, "due date (BT-9)") if text else None


def party(reader: Reader | None) -> Party:
    """Return the party of a `cac:Party` element; an empty one where there is none."""
    if reader is None:
        return Party()
    legal = reader.identified("cac:PartyLegalEntity/cbc:CompanyID")
    trading_name = reader.text("cac:PartyName/cbc:Name")
    return Party(
        name=reader.text("cac:PartyLegalEntity/cbc:RegistrationName") or trading_name,
        trading_name=trading_name,
        vat=_tax_registration(reader, is_vat=True),
        tax_number=_tax_registration(reader, is_vat=False),
        legal_id=legal[0][1] if legal else "",
        legal_scheme=legal[0][0] if legal else "",
        endpoint=reader.text("cbc:EndpointID"),
        endpoint_scheme=reader.attribute("cbc:EndpointID", "schemeID"),
        # A SEPA creditor identifier names a bank's customer, not a party.
        other_ids=tuple(
            pair for pair in reader.identified("cac:PartyIdentification/cbc:ID") if pair[0].upper() != SEPA_SCHEME
        ),
        country=reader.text("cac:PostalAddress/cac:Country/cbc:IdentificationCode"),
    )


def _tax_registration(reader: Reader, is_vat: bool) -> str:
    for scheme in reader.children("cac:PartyTaxScheme"):
        if (scheme.text("cac:TaxScheme/cbc:ID").upper() == "VAT") == is_vat:
            return scheme.text("cbc:CompanyID")
    return ""


def _payee(reader: Reader) -> Party | None:
    payee = reader.child("cac:PayeeParty")
    return party(payee) if payee else None


def _line(reader: Reader, is_credit_note: bool) -> Line:
    quantity = "cbc:CreditedQuantity" if is_credit_note else "cbc:InvoicedQuantity"
    line_id = reader.text("cbc:ID")
    where = f"line {line_id or '?'}"
    return Line(
        id=line_id,
        quantity=reader.amount(quantity, f"{where}: quantity (BT-129)", Decimal(0)),
        unit=reader.attribute(quantity, "unitCode"),
        net_amount=reader.amount("cbc:LineExtensionAmount", f"{where}: net amount (BT-131)", Decimal(0)),
        price=reader.amount("cac:Price/cbc:PriceAmount", f"{where}: net price (BT-146)", Decimal(0)),
        base_quantity=reader.amount("cac:Price/cbc:BaseQuantity", f"{where}: base quantity (BT-149)", Decimal(1)),
        item_name=reader.text("cac:Item/cbc:Name"),
        item_ids=reader.identified("cac:Item/cac:StandardItemIdentification/cbc:ID"),
    )
