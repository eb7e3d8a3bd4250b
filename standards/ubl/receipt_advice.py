"""Peppol ReceiptAdvice (UBL 2.1, Logistics BIS 1.2): what the receiver says came, was short, or was rejected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, cast

from standards import xml
from standards.epcis.times import instant
from standards.errors import StandardsError
from standards.ubl.reading import DOCUMENTS, Reader

ROOT: Final = f"{{{DOCUMENTS}ReceiptAdvice-2}}ReceiptAdvice"
TypeCode = Literal["S", "D"]
StatusCode = Literal["9", "5", "1", "22"]

_TYPE_CODES: Final = ("S", "D")
_STATUS_CODES: Final = ("9", "5", "1", "22")
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_TIME: Final = re.compile(r"(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_LAST_SECOND: Final = "23:59:59"


class ReceiptAdviceInvalid(StandardsError):
    """Not a receipt advice that can be read; `line` is the line of the file where that is known."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(f"receipt advice refused{'' if line is None else f' at line {line}'}: {why}")
        self.why = why
        self.line = line


@dataclass(frozen=True)
class ReceiptLine:
    """One line. Quantities are in `unit` (UN/CEFACT Recommendation 20); None where the line states none."""

    id: str
    unit: str | None
    received: Decimal | None
    short: Decimal | None
    rejected: Decimal | None
    oversupplied: Decimal | None
    shortage_action: str | None
    reject_reason: str | None
    reject_action: str | None
    item_name: str | None
    gtin: str | None
    seller_item: str | None
    order: str | None
    order_line: str | None
    despatch_line: str | None

    @property
    def accepted(self) -> Decimal | None:
        """Received less rejected: what may be financed. None where the line states no received quantity."""
        return None if self.received is None else self.received - (self.rejected or 0)


@dataclass(frozen=True)
class ReceiptAdvice:
    """`type_code` S answers the goods, D only the despatch advice. `status_code`: 9 original, 5 replaces, 1 cancels, 22
    final. `issued` and `received` are the same moments as text with the zone at the place."""

    id: str
    type_code: TypeCode
    status_code: StatusCode
    issued_at: datetime
    issued: str
    received_at: datetime
    received: str
    order: str | None
    despatch_advice: str | None
    consignment: str | None
    handling_units: tuple[str, ...]
    supplier: str | None
    receiver: str | None
    lines: tuple[ReceiptLine, ...]

    @property
    def is_about_goods(self) -> bool:
        """Whether goods were received: only then may money move."""
        return self.type_code == "S"

    @property
    def is_cancelled(self) -> bool:
        return self.status_code == "1"


def parse_receipt_advice(data: bytes, limit_bytes: int = xml.DEFAULT_LIMIT_BYTES) -> ReceiptAdvice:
    """The advice that `data` writes. Raises XmlRefused or ReceiptAdviceInvalid naming the line.

    A time without zone is taken as UTC. A delivery without time of day happened by the end of that day, and not after
    the advice was issued. Without any delivery date the moment of issue counts.
    """
    root = xml.parse(data, limit_bytes)
    if root.tag != ROOT:
        raise ReceiptAdviceInvalid(f"the root element is {root.tag}, not a UBL ReceiptAdvice", 1)
    reader = Reader(root, ReceiptAdviceInvalid)
    issued = _moment(reader, "cbc:IssueDate", "cbc:IssueTime") or ""
    received = _delivery(reader, issued)
    return ReceiptAdvice(
        id=reader.required("cbc:ID"),
        type_code=cast(TypeCode, _code(reader, "cbc:ReceiptAdviceTypeCode", _TYPE_CODES)),
        status_code=cast(StatusCode, _code(reader, "cbc:DocumentStatusCode", _STATUS_CODES, "9")),
        issued_at=_instant(reader, issued),
        issued=issued,
        received_at=_instant(reader, received),
        received=received,
        order=reader.text("cac:OrderReference/cbc:ID"),
        despatch_advice=reader.text("cac:DespatchDocumentReference/cbc:ID"),
        consignment=_of_scheme(reader, "cac:Shipment/cac:Consignment", "GINC"),
        handling_units=tuple(_handling_units(reader)),
        supplier=reader.text("cac:DespatchSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        receiver=reader.text("cac:DeliveryCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        lines=_lines(reader),
    )


def _lines(reader: Reader) -> tuple[ReceiptLine, ...]:
    lines = tuple(_line(line) for line in reader.all("cac:ReceiptLine"))
    if not lines:
        raise ReceiptAdviceInvalid("there is no cac:ReceiptLine", reader.line)
    return lines


def _line(reader: Reader) -> ReceiptLine:
    item = "cac:Item/cac:StandardItemIdentification/cbc:ID"
    line = ReceiptLine(
        id=reader.required("cbc:ID"),
        unit=_unit(reader),
        received=reader.decimal("cbc:ReceivedQuantity"),
        short=reader.decimal("cbc:ShortQuantity"),
        rejected=reader.decimal("cbc:RejectedQuantity"),
        oversupplied=reader.decimal("cbc:OversupplyQuantity"),
        shortage_action=reader.text("cbc:ShortageActionCode"),
        reject_reason=reader.text("cbc:RejectReasonCode"),
        reject_action=reader.text("cbc:RejectActionCode"),
        item_name=reader.text("cac:Item/cbc:Name"),
        gtin=reader.text(item) if reader.attribute(item, "schemeID") == "0160" else None,
        seller_item=reader.text("cac:Item/cac:SellersItemIdentification/cbc:ID"),
        order=reader.text("cac:OrderLineReference/cac:OrderReference/cbc:ID"),
        order_line=reader.text("cac:OrderLineReference/cbc:LineID"),
        despatch_line=reader.text("cac:DespatchLineReference/cbc:LineID"),
    )
    if line.accepted is not None and line.accepted < 0:
        what = f"line {line.id} rejects {line.rejected} of {line.received} received"
        raise ReceiptAdviceInvalid(what, reader.line)
    return line


def _unit(reader: Reader) -> str | None:
    """The one unit of the line's quantities. Raises where a line mixes units."""
    names = ("Received", "Short", "Rejected", "Oversupply")
    paths = [f"cbc:{name}Quantity" for name in names]
    units = {reader.attribute(path, "unitCode") for path in paths if reader.text(path) is not None}
    if len(units) > 1:
        listed = ", ".join(sorted(str(unit) for unit in units))
        raise ReceiptAdviceInvalid(f"line {reader.text('cbc:ID')} mixes the units {listed}", reader.line)
    return units.pop() if units else None


def _handling_units(reader: Reader) -> list[str]:
    units = reader.all("cac:Shipment/cac:TransportHandlingUnit")
    found = (_of_scheme(unit, ".", "SSCC") for unit in units)
    return [identifier for identifier in found if identifier is not None]


def _of_scheme(reader: Reader, path: str, scheme: str) -> str | None:
    where = f"{path}/cbc:ID"
    return reader.text(where) if reader.attribute(where, "schemeID") == scheme else None


def _code(reader: Reader, path: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    code = reader.text(path) or default or reader.required(path)
    if code not in allowed:
        raise ReceiptAdviceInvalid(f"{path} is {code!r}, not one of {', '.join(allowed)}", reader.line)
    return code


def _delivery(reader: Reader, issued: str) -> str:
    delivery = reader.first("cac:Shipment/cac:Delivery")
    if delivery is None or delivery.text("cbc:ActualDeliveryDate") is None:
        return issued
    moment = _moment(delivery, "cbc:ActualDeliveryDate", "cbc:ActualDeliveryTime")
    if moment is not None:
        return moment
    day = delivery.required("cbc:ActualDeliveryDate")[: len("2026-05-28")]
    return issued if day == issued[: len(day)] else f"{day}T{_LAST_SECOND}{_zone(issued)}"


def _moment(reader: Reader, date_path: str, time_path: str) -> str | None:
    """RFC 3339, with the zone of the time or else of the date; None where there is a date without time of day."""
    day = _DATE.fullmatch(reader.required(date_path))
    if day is None:
        raise ReceiptAdviceInvalid(f"{date_path} is {reader.text(date_path)!r}, not a date", reader.line)
    text = reader.text(time_path)
    if text is None:
        return None if "Actual" in time_path else f"{_checked_day(reader, day[1])}T{_LAST_SECOND}{day[2] or 'Z'}"
    time = _TIME.fullmatch(text)
    if time is None:
        raise ReceiptAdviceInvalid(f"{time_path} is {text!r}, not a time of day", reader.line)
    return f"{day[1]}T{time[1]}{time[2] or day[2] or 'Z'}"


def _checked_day(reader: Reader, day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise ReceiptAdviceInvalid(f"{day!r} is not a date of the calendar", reader.line) from error


def _zone(moment: str) -> str:
    return "Z" if moment.endswith("Z") else moment[-len("+02:00") :]


def _instant(reader: Reader, moment: str) -> datetime:
    try:
        return instant(moment)
    except ValueError as error:
        raise ReceiptAdviceInvalid(str(error), reader.line) from error
