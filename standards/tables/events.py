"""One row as one EPCIS event, so that one hash names the fact whichever way it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import quote

from standards.epcis.fields import is_uri
from standards.epcis.references import BOOKING_TYPE, CONTAINER_URN, OWN_NAMES, ReferenceKind, own_urn
from standards.identifiers import IdentifierInvalid, container, gln, gtin, sscc, unlocode
from standards.tables import cells
from standards.tables.errors import CellProblem, CellRefused, RowProblem
from standards.tables.mapping import UNIT, Amount, Mapping, NamedReference
from standards.tables.rows import Row, Table

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
RESOLVER: Final = "https://id.gs1.org"
UNNAMED_GOODS: Final = f"{OWN_NAMES}item:unnamed"
_TYPE_OF: Final[dict[ReferenceKind, str]] = {
    "invoice": "inv",
    "order": "po",
    "booking": BOOKING_TYPE,
    "transport_document": "bol",
    "despatch_advice": "desadv",
}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Cancellation:
    """The row takes back an earlier one: with the same hash, or of this event id."""

    reason: str
    event_id: str | None


@dataclass(frozen=True)
class RowEvent:
    """`source` is a bare EPCIS 2.0 event."""

    line: int
    source: dict[str, Any]
    cancellation: Cancellation | None


def skipped(table: Table, row: Row, mapping: Mapping) -> str:
    """Why the row is no event; empty where it is one."""
    if table.objection(row) is not None:
        return ""
    for rule in mapping.skip:
        found = row.cells[table.places[rule.column]].strip()
        if rule.empty and not found:
            return f"column {rule.column} is empty"
        if found in rule.values:
            return f"column {rule.column} is {found!r}"
    return ""


def event_of(table: Table, row: Row, mapping: Mapping) -> RowEvent | RowProblem:
    """The event, or everything that is wrong with the row."""
    objection = table.objection(row)
    if objection is not None:
        return RowProblem(row.line, (objection,))
    reading = _Reading(table, row, mapping)
    event = reading.event()
    if reading.problems:
        return RowProblem(row.line, tuple(reading.problems))
    return RowEvent(row.line, event, reading.cancellation)


class _Reading:
    """Reads one row to its end, so that all of its problems are found at once."""

    def __init__(self, table: Table, row: Row, mapping: Mapping) -> None:
        self.table, self.row, self.mapping = table, row, mapping
        self.problems: list[CellProblem] = []
        self.cancellation: Cancellation | None = None

    def event(self) -> dict[str, Any]:
        mapping = self.mapping
        at = self._try(lambda: cells.moment(self.table, self.row, mapping.time))
        self.cancellation = self._try(self._cancellation)
        event: dict[str, Any] = {
            "@context": [CONTEXT],
            "type": "ObjectEvent",
            "eventTime": _text(at),
            "eventTimeZoneOffset": _offset(at),
            "action": "OBSERVE",
            "epcList": [],
            "bizStep": self._try(lambda: cells.required(self.table, self.row, mapping.step)),
        }
        state = self._optional(mapping.disposition)
        event |= {"disposition": state} if state else {}
        event |= self._named(event)
        amount = mapping.quantity
        quantity = None if amount is None else self._try(lambda: self._quantity(amount))
        event |= {"quantityList": [quantity]} if quantity else {}
        place = self._try(self._place)
        event |= {"readPoint": {"id": place}} if place else {}
        number = self._optional(mapping.event_id)
        event |= {"eventID": self._event_id(number)} if number else {}
        if self.cancellation is not None:
            event["errorDeclaration"] = {"declarationTime": _text(at), "reason": self.cancellation.reason}
        return event

    def _try(self, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except CellRefused as error:
            self.problems.append(error.problem)
            return None

    def _optional(self, cell: Any) -> str | None:
        return None if cell is None else self._try(lambda: cells.text(self.table, self.row, cell))

    def _named(self, event: dict[str, Any]) -> dict[str, Any]:
        """Document numbers and boxes under which the consignment may be known; one at least."""
        documents: list[dict[str, str]] = []
        boxes: list[str] = []
        for its in self.mapping.references:
            entry = self._try(lambda its=its: self._reference(its))  # type: ignore[misc]
            if isinstance(entry, dict) and entry not in documents:
                documents.append(entry)
            elif isinstance(entry, str) and entry not in boxes:
                boxes.append(entry)
        if not documents and not boxes and not self.problems:
            columns = ", ".join(str(its.column) for its in self.mapping.references if its.column is not None)
            self.problems.append(CellProblem(columns, "there is no reference: nobody could know the consignment by it"))
        number = self._optional(self.mapping.document)
        if number and self.mapping.document is not None:
            urn = f"{OWN_NAMES}csv:{self.mapping.source}:document:{quote(number, safe='')}"
            documents.append({"type": self.mapping.document.type, "bizTransaction": urn})
        return {"epcList": boxes} | ({"bizTransactionList": documents} if documents else {})

    def _reference(self, its: NamedReference) -> dict[str, str] | str | None:
        value = cells.text(self.table, self.row, its)
        if not value:
            if its.required:
                raise CellRefused(str(its.column), f"it is empty: the {its.kind} is required")
            return None
        if its.kind == "container":
            return f"{CONTAINER_URN}{_checked(its.column, container, value)}"
        if its.kind == "sscc":
            return f"{RESOLVER}/00/{_checked(its.column, sscc, value)}"
        entry = {"bizTransaction": own_urn(its.kind, value)}
        return {"type": _TYPE_OF[its.kind]} | entry if its.kind in _TYPE_OF else entry

    def _quantity(self, its: Amount) -> dict[str, Any] | None:
        amount, unit = self._try(lambda: self._amount(its)), self._try(lambda: self._unit(its))
        if amount is None:
            return None
        return {"epcClass": self._item(its), "quantity": _plain(amount), "uom": unit}

    def _amount(self, its: Amount) -> Decimal | None:
        column = str(its.column)
        written = self.table.cell(self.row, its.column)
        if not written and not its.required:
            return None
        if not written:
            raise CellRefused(column, "it is empty")
        amount = cells.number(written, column, self.mapping.numbers)
        # Systems write what they take back with a minus, or they do not.
        amount = abs(amount) if self.cancellation is not None else amount
        if amount < 0:
            raise CellRefused(column, f"{written!r} is negative, and the row cancels nothing")
        return amount

    def _unit(self, its: Amount) -> str:
        """May be empty where there is no amount."""
        if not its.required and not self.table.cell(self.row, its.column):
            return ""
        unit = cells.required(self.table, self.row, its.unit)
        if not UNIT.fullmatch(unit):
            raise CellRefused(str(its.unit.column), f"{unit!r} is no UN/CEFACT unit code; map it with 'values'")
        return unit

    def _item(self, its: Amount) -> str:
        name = "" if its.item is None else cells.text(self.table, self.row, its.item)
        if not name:
            return UNNAMED_GOODS
        try:
            return f"{RESOLVER}/01/{gtin(name)}"
        except IdentifierInvalid:
            return f"{OWN_NAMES}item:{quote(name, safe='')}"

    def _place(self) -> str | None:
        its = self.mapping.place
        value = "" if its is None else cells.text(self.table, self.row, its)
        if its is None or not value:
            return None
        if its.kind == "gln":
            return f"{RESOLVER}/414/{_checked(its.column, gln, value)}"
        return f"{OWN_NAMES}unlocode:{_checked(its.column, unlocode, value)}"

    def _event_id(self, number: str) -> str:
        if number.startswith(("urn:", "https://", "http://")) and is_uri(number):
            return number
        return f"{OWN_NAMES}csv:{self.mapping.source}:event:{quote(number, safe='')}"

    def _cancellation(self) -> Cancellation | None:
        its = self.mapping.cancellation
        if its is None or self.table.cell(self.row, its.column) not in its.values:
            return None
        of = its.of or self.mapping.event_id
        number = "" if of is None else cells.text(self.table, self.row, of)
        if its.of is not None and not number:
            raise CellRefused(str(its.of.column), "it is empty: the row cancels another, and does not say which")
        return Cancellation(its.reason, self._event_id(number) if number else None)


def _checked(column: object, check: Callable[[str], str], value: str) -> str:
    try:
        return check(value)
    except IdentifierInvalid as error:
        raise CellRefused(str(column), str(error)) from None


def _text(at: datetime | None) -> str:
    """To the microsecond, where there are any."""
    return "" if at is None else at.isoformat()


def _offset(at: datetime | None) -> str:
    shift = at.utcoffset() if at is not None else None
    if shift is None:
        return ""
    minutes = int(shift / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _plain(amount: Decimal) -> int | Decimal:
    return int(amount) if amount == amount.to_integral_value() else amount
