"""Peppol ReceiptAdvice (UBL 2.1, Logistics BIS 1.2): what the receiver says came, was short, or was rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, cast

from standards import xml
from standards.ubl.moments import as_instant, moment_of_delivery, moment_of_issue
from standards.ubl.reading import DOCUMENTS, STATUS_CODES, Reader, UblInvalid

ROOT: Final = f"{{{DOCUMENTS}ReceiptAdvice-2}}ReceiptAdvice"
TypeCode = Literal["S", "D"]
StatusCode = Literal["9", "5", "1", "22"]

_TYPE_CODES: Final = ("S", "D")


class ReceiptAdviceInvalid(UblInvalid):
    """Not a receipt advice that can be read."""

    document = "receipt advice"


@dataclass(frozen=True)
class Condition:
    """What the receiver says of a consignment, a handling unit or the despatch advice: AP accepted, CA with remarks,
    RE rejected."""

    about: str
    code: str | None
    reason_code: str | None
    reason: str | None


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
    notes: tuple[str, ...]
    conditions: tuple[Condition, ...]
    lines: tuple[ReceiptLine, ...]

    @property
    def is_about_goods(self) -> bool:
        """Whether goods were received: only then may money move."""
        return self.type_code == "S"

    @property
    def is_rejected(self) -> bool:
        """Whether the receiver turned the whole consignment away."""
        return any(condition.about == "consignment" and condition.code == "RE" for condition in self.conditions)

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
    issued = moment_of_issue(reader)
    received = moment_of_delivery(reader, issued)
    return ReceiptAdvice(
        id=reader.required("cbc:ID"),
        type_code=cast(TypeCode, reader.code("cbc:ReceiptAdviceTypeCode", _TYPE_CODES)),
        status_code=cast(StatusCode, reader.code("cbc:DocumentStatusCode", STATUS_CODES, "9")),
        issued_at=as_instant(reader, issued),
        issued=issued,
        received_at=as_instant(reader, received),
        received=received,
        order=reader.text("cac:OrderReference/cbc:ID"),
        despatch_advice=reader.text("cac:DespatchDocumentReference/cbc:ID"),
        consignment=reader.of_scheme("cac:Shipment/cac:Consignment/cbc:ID", "GINC"),
        handling_units=tuple(_handling_units(reader)),
        supplier=reader.text("cac:DespatchSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        receiver=reader.text("cac:DeliveryCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        notes=tuple(note for line in reader.all("cbc:Note") if (note := line.text(".")) is not None),
        conditions=tuple(_conditions(reader)),
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


def _conditions(reader: Reader) -> Iterator[Condition]:
    despatch = reader.first("cac:DespatchDocumentReference")
    if despatch is not None and despatch.text("cbc:DocumentStatusCode"):
        status, why = despatch.text("cbc:DocumentStatusCode"), despatch.text("cbc:DocumentDescription")
        yield Condition("despatch advice", status, None, why)
    for found in reader.all("cac:Shipment/cac:Consignment/cac:Status"):
        yield _condition("consignment", found)
    for unit in reader.all("cac:Shipment/cac:TransportHandlingUnit"):
        for found in unit.all("cac:Status"):
            yield _condition(unit.text("cbc:ID") or "handling unit", found)


def _condition(about: str, status: Reader) -> Condition:
    names = ("cbc:ConditionCode", "cbc:StatusReasonCode", "cbc:StatusReason")
    return Condition(about, *(status.text(name) for name in names))


def _handling_units(reader: Reader) -> list[str]:
    units = reader.all("cac:Shipment/cac:TransportHandlingUnit")
    found = (unit.of_scheme("cbc:ID", "SSCC") for unit in units)
    return [identifier for identifier in found if identifier is not None]
