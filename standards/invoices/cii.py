"""UN/CEFACT Cross Industry Invoice D16B into the model, by the business terms of EN 16931."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from standards.invoices.amounts import amount_name, foreign_amounts
from standards.invoices.due_date import due_date
from standards.invoices.errors import InvoiceIncomplete
from standards.invoices.model import Invoice, Line, Party
from standards.invoices.reading import COMPACT_DATE, Reader, calendar_date

NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
DAY_FORMAT: Final = "102"
TRADE: Final = "rsm:SupplyChainTradeTransaction/ram:"
AGREEMENT: Final = f"{TRADE}ApplicableHeaderTradeAgreement/ram:"
DELIVERY: Final = f"{TRADE}ApplicableHeaderTradeDelivery/ram:"
SETTLEMENT: Final = f"{TRADE}ApplicableHeaderTradeSettlement/ram:"
TOTALS: Final = f"{SETTLEMENT}SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
MEANS: Final = f"{SETTLEMENT}SpecifiedTradeSettlementPaymentMeans/ram:"
ACCOUNT: Final = f"{MEANS}PayeePartyCreditorFinancialAccount/ram:"


def read(root: etree._Element) -> Invoice:
    """Return the invoice. Raises InvoiceIncomplete for a missing number, date, type, currency or amount."""
    reader = Reader(root, NAMESPACES)
    document = "rsm:ExchangedDocument/ram:"
    issued = _date(reader, f"{document}IssueDateTime", "issue date (BT-2)")
    if issued is None:
        raise InvoiceIncomplete("issue date (BT-2)", f"{document}IssueDateTime is missing or empty")
    terms = "\n".join(reader.texts(f"{SETTLEMENT}SpecifiedTradePaymentTerms/ram:Description"))
    stated = _date(reader, f"{SETTLEMENT}SpecifiedTradePaymentTerms/ram:DueDateDateTime", "due date (BT-9)")
    due, from_terms = due_date(stated, terms, issued)
    return Invoice(
        syntax="CII",
        profile=reader.text("rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"),
        number=reader.needed(f"{document}ID", "invoice number (BT-1)"),
        issue_date=issued,
        type_code=reader.needed(f"{document}TypeCode", "type code (BT-3)"),
        currency=reader.needed(f"{SETTLEMENT}InvoiceCurrencyCode", "currency (BT-5)"),
        is_credit_note=False,
        supplier=_party(reader.child(f"{AGREEMENT}SellerTradeParty")),
        debtor=_party(reader.child(f"{AGREEMENT}BuyerTradeParty")),
        payee=_payee(reader),
        payable_amount=reader.amount(f"{TOTALS}DuePayableAmount", "amount due (BT-115)"),
        tax_inclusive_amount=reader.amount(f"{TOTALS}GrandTotalAmount", "total with VAT (BT-112)", Decimal(0)),
        prepaid_amount=reader.amount(f"{TOTALS}TotalPrepaidAmount", "paid amount (BT-113)", Decimal(0)),
        lines=tuple(_line(line) for line in reader.children(f"{TRADE}IncludedSupplyChainTradeLineItem")),
        due_date=due,
        due_date_from_terms=from_terms,
        payment_terms=terms,
        order_reference=reader.text(f"{AGREEMENT}BuyerOrderReferencedDocument/ram:IssuerAssignedID") or None,
        despatch_reference=reader.text(f"{DELIVERY}DespatchAdviceReferencedDocument/ram:IssuerAssignedID") or None,
        receipt_reference=reader.text(f"{DELIVERY}ReceivingAdviceReferencedDocument/ram:IssuerAssignedID") or None,
        payment_means=reader.text(f"{MEANS}TypeCode") or None,
        payment_reference=reader.text(f"{SETTLEMENT}PaymentReference") or None,
        iban=reader.text(f"{ACCOUNT}IBANID") or reader.text(f"{ACCOUNT}ProprietaryID") or None,
        notes=reader.texts(f"{document}IncludedNote/ram:Content"),
        foreign_amounts=tuple((amount_name(item), item.get("currencyID", "")) for item in foreign_amounts(root)),
    )


def _date(reader: Reader, path: str, term: str) -> date | None:
    leaf = f"{path}/udt:DateTimeString"
    text = reader.text(leaf)
    if not text:
        return None
    style = reader.attribute(leaf, "format")
    if style not in ("", DAY_FORMAT):
        raise InvoiceIncomplete(term, f"date format {style!r} is not {DAY_FORMAT} (YYYYMMDD)")
    return calendar_date(text, term, COMPACT_DATE)


def _party(reader: Reader | None) -> Party:
    if reader is None:
        return Party()
    legal = reader.identified("ram:SpecifiedLegalOrganization/ram:ID")
    registrations = {
        scheme.upper(): value for scheme, value in reversed(reader.identified("ram:SpecifiedTaxRegistration/ram:ID"))
    }
    return Party(
        name=reader.text("ram:Name"),
        trading_name=reader.text("ram:SpecifiedLegalOrganization/ram:TradingBusinessName"),
        vat=registrations.get("VA", ""),
        tax_number=registrations.get("FC", ""),
        legal_id=legal[0][1] if legal else "",
        legal_scheme=legal[0][0] if legal else "",
        endpoint=reader.text("ram:URIUniversalCommunication/ram:URIID"),
        endpoint_scheme=reader.attribute("ram:URIUniversalCommunication/ram:URIID", "schemeID"),
        other_ids=reader.identified("ram:GlobalID") + reader.identified("ram:ID"),
        country=reader.text("ram:PostalTradeAddress/ram:CountryID"),
    )


def _payee(reader: Reader) -> Party | None:
    payee = reader.child(f"{SETTLEMENT}PayeeTradeParty")
    return _party(payee) if payee else None


def _line(reader: Reader) -> Line:
    line_id = reader.text("ram:AssociatedDocumentLineDocument/ram:LineID")
    where = f"line {line_id or '?'}"
    quantity = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
    price = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:"
    settled = "ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:"
    return Line(
        id=line_id,
        quantity=reader.amount(quantity, f"{where}: quantity (BT-129)", Decimal(0)),
        unit=reader.attribute(quantity, "unitCode"),
        net_amount=reader.amount(f"{settled}LineTotalAmount", f"{where}: net amount (BT-131)", Decimal(0)),
        price=reader.amount(f"{price}ChargeAmount", f"{where}: net price (BT-146)", Decimal(0)),
        base_quantity=reader.amount(f"{price}BasisQuantity", f"{where}: base quantity (BT-149)", Decimal(1)),
        item_name=reader.text("ram:SpecifiedTradeProduct/ram:Name"),
        item_ids=reader.identified("ram:SpecifiedTradeProduct/ram:GlobalID"),
    )
