"""Peppol DespatchAdvice (UBL 2.1): what its sender says was, or will be, despatched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from standards import xml
from standards.ubl.moments import as_instant, moment_of, moment_of_issue
from standards.ubl.reading import DOCUMENTS, STATUS_CODES, Reader, UblInvalid

ROOT: Final = f"{{{DOCUMENTS}DespatchAdvice-2}}DespatchAdvice"
_TYPE_CODE: Final = re.compile(r"[1-4](\d\d)?", re.ASCII)
"""1 before the transport, 2 delivery note, 3 work done, 4 goods returned; what follows names a use case."""


class DespatchAdviceInvalid(UblInvalid):
    """Not a despatch advice that can be read."""

    document = "despatch advice"


@dataclass(frozen=True)
class DespatchLine:
    """One line. Quantities are in `unit` (UN/CEFACT Recommendation 20); None where the line states none."""

    id: str
    unit: str | None
    delivered: Decimal | None
    outstanding: Decimal | None
    outstanding_reason: str | None
    item_name: str | None
    gtin: str | None
    seller_item: str | None
    order: str | None
    order_line: str | None


@dataclass(frozen=True)
class DespatchAdvice:
    """`type_code` is the first digit of the stated one. `despatched` is when the goods left, or are to leave;
    `is_actual` only where the sender states a moment at which they did, not after the issue."""

    id: str
    type_code: str
    status_code: str
    issued_at: datetime
    issued: str
    despatched_at: datetime
    despatched: str
    is_actual: bool
    order: str | None
    consignment: str | None
    handling_units: tuple[str, ...]
    containers: tuple[str, ...]
    supplier: str | None
    receiver: str | None
    carrier: str | None
    notes: tuple[str, ...]
    lines: tuple[DespatchLine, ...]

    @property
    def is_cancelled(self) -> bool:
        return self.status_code == "1"


def parse_despatch_advice(data: bytes, limit_bytes: int = xml.DEFAULT_LIMIT_BYTES) -> DespatchAdvice:
    """The advice that `data` writes. Raises XmlRefused or DespatchAdviceInvalid naming the line.

    Moments as in a receipt advice: without zone they are UTC, without time of day by the end of the day.
    """
    root = xml.parse(data, limit_bytes)
    if root.tag != ROOT:
        raise DespatchAdviceInvalid(f"the root element is {root.tag}, not a UBL DespatchAdvice", 1)
    reader = Reader(root, DespatchAdviceInvalid)
    issued = moment_of_issue(reader)
    issued_at = as_instant(reader, issued)
    actual = _despatched(reader, "cbc:ActualDespatch", issued)
    despatched = actual or _despatched(reader, "cbc:EstimatedDespatch", issued) or issued
    despatched_at = as_instant(reader, despatched)
    consignment, units = "cac:Shipment/cac:Consignment", reader.all("cac:Shipment/cac:TransportHandlingUnit")
    return DespatchAdvice(
        id=reader.required("cbc:ID"),
        type_code=_type_code(reader),
        status_code=reader.code("cbc:DocumentStatusCode", STATUS_CODES, "9"),
        issued_at=issued_at,
        issued=issued,
        despatched_at=despatched_at,
        despatched=despatched,
        is_actual=actual is not None and despatched_at <= issued_at,
        order=reader.text("cac:OrderReference/cbc:ID"),
        consignment=reader.of_scheme(f"{consignment}/cbc:ID", "GINC"),
        handling_units=tuple(found for unit in units if (found := unit.of_scheme("cbc:ID", "SSCC")) is not None),
        containers=_containers(units),
        supplier=reader.text("cac:DespatchSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        receiver=reader.text("cac:DeliveryCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"),
        carrier=reader.text(f"{consignment}/cac:CarrierParty/cac:PartyIdentification/cbc:ID"),
        notes=tuple(note for found in reader.all("cbc:Note") if (note := found.text(".")) is not None),
        lines=_lines(reader),
    )


def _despatched(reader: Reader, name: str, issued: str) -> str | None:
    despatch = reader.first("cac:Shipment/cac:Delivery/cac:Despatch")
    return None if despatch is None else moment_of(despatch, name, issued)


def _type_code(reader: Reader) -> str:
    code = reader.text("cbc:DespatchAdviceTypeCode") or "1"
    if not _TYPE_CODE.fullmatch(code):
        raise DespatchAdviceInvalid(f"cbc:DespatchAdviceTypeCode is {code!r}, not one of 1, 2, 3, 4", reader.line)
    return code[0]


def _containers(units: list[Reader]) -> tuple[str, ...]:
    boxes = (box.text("cbc:ID") for unit in units for box in unit.all("cac:TransportEquipment"))
    return tuple(box for box in boxes if box is not None)


def _lines(reader: Reader) -> tuple[DespatchLine, ...]:
    lines = tuple(_line(line) for line in reader.all("cac:DespatchLine"))
    if not lines:
        raise DespatchAdviceInvalid("there is no cac:DespatchLine", reader.line)
    return lines


def _line(reader: Reader) -> DespatchLine:
    return DespatchLine(
        id=reader.required("cbc:ID"),
        unit=reader.attribute("cbc:DeliveredQuantity", "unitCode"),
        delivered=reader.decimal("cbc:DeliveredQuantity"),
        outstanding=reader.decimal("cbc:OutstandingQuantity"),
        outstanding_reason=reader.text("cbc:OutstandingReason"),
        item_name=reader.text("cac:Item/cbc:Name"),
        gtin=reader.of_scheme("cac:Item/cac:StandardItemIdentification/cbc:ID", "0160"),
        seller_item=reader.text("cac:Item/cac:SellersItemIdentification/cbc:ID"),
        order=reader.text("cac:OrderLineReference/cac:OrderReference/cbc:ID"),
        order_line=reader.text("cac:OrderLineReference/cbc:LineID"),
    )
