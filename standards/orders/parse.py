"""From the bytes of a UBL 2.1 order to the model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from standards import xml
from standards.invoices.errors import InvoiceIncomplete
from standards.invoices.reading import Reader, calendar_date
from standards.invoices.ubl import NAMESPACES, party
from standards.orders.model import Order, OrderLine

LIMIT_BYTES: Final = 8 * 1024 * 1024
LINES_LIMIT: Final = 5_000
ROOT: Final = "{urn:oasis:names:specification:ubl:schema:xsd:Order-2}Order"
DEFAULT_TYPE: Final = "220"


class OrderUnreadable(ValueError):
    """The bytes are no order that we can read; the text says what was wrong and where."""


def parse_order(data: bytes) -> Order:
    """Return the order. Raises OrderUnreadable for other documents and for missing or malformed terms."""
    try:
        root = xml.parse(data, LIMIT_BYTES)
        return _order(root)
    except (xml.XmlRefused, InvoiceIncomplete) as error:
        raise OrderUnreadable(getattr(error, "why", str(error))) from error


def _order(root: etree._Element) -> Order:
    if root.tag != ROOT:
        raise OrderUnreadable(f"root element {root.tag} is no UBL 2.1 order")
    reader = Reader(root, NAMESPACES)
    lines = reader.children("cac:OrderLine/cac:LineItem")
    if not 0 < len(lines) <= LINES_LIMIT:
        raise OrderUnreadable(f"{len(lines)} lines; an order has 1 to {LINES_LIMIT}")
    total = "cac:AnticipatedMonetaryTotal/cbc:PayableAmount"
    return Order(
        profile=reader.text("cbc:CustomizationID"),
        number=reader.needed("cbc:ID", "order number"),
        issue_date=calendar_date(reader.needed("cbc:IssueDate", "issue date"), "issue date"),
        type_code=reader.text("cbc:OrderTypeCode") or DEFAULT_TYPE,
        currency=reader.needed("cbc:DocumentCurrencyCode", "currency"),
        buyer=party(reader.child("cac:BuyerCustomerParty/cac:Party")),
        seller=party(reader.child("cac:SellerSupplierParty/cac:Party")),
        payable_amount=_optional_amount(reader, total, "expected total"),
        lines=tuple(_line(line) for line in lines),
        delivery_start=_optional_date(reader, "cac:Delivery/cac:RequestedDeliveryPeriod/cbc:StartDate"),
        delivery_end=_optional_date(reader, "cac:Delivery/cac:RequestedDeliveryPeriod/cbc:EndDate"),
        delivery_terms=reader.text("cac:DeliveryTerms/cbc:ID") or None,
        payment_terms=reader.text("cac:PaymentTerms/cbc:Note"),
    )


def _line(reader: Reader) -> OrderLine:
    line_id = reader.text("cbc:ID")
    where = f"line {line_id or '?'}"
    return OrderLine(
        id=line_id,
        quantity=reader.amount("cbc:Quantity", f"{where}: quantity"),
        unit=reader.attribute("cbc:Quantity", "unitCode"),
        net_amount=_optional_amount(reader, "cbc:LineExtensionAmount", f"{where}: net amount"),
        price=_optional_amount(reader, "cac:Price/cbc:PriceAmount", f"{where}: price"),
        base_quantity=reader.amount("cac:Price/cbc:BaseQuantity", f"{where}: base quantity", Decimal(1)),
        item_name=reader.text("cac:Item/cbc:Name"),
        item_ids=reader.identified("cac:Item/cac:StandardItemIdentification/cbc:ID"),
    )


def _optional_amount(reader: Reader, path: str, term: str) -> Decimal | None:
    return reader.amount(path, term) if reader.text(path) else None


def _optional_date(reader: Reader, path: str) -> date | None:
    text = reader.text(path)
    return calendar_date(text, "requested delivery") if text else None
