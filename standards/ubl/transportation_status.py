"""Peppol TransportationStatus (UBL 2.1, Logistics BIS 1.2): what a carrier says became of consignments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from standards import xml
from standards.ubl.moments import as_instant, moment_of, moment_of_issue
from standards.ubl.reading import DOCUMENTS, STATUS_CODES, Reader, UblInvalid

ROOT: Final = f"{{{DOCUMENTS}TransportationStatus-2}}TransportationStatus"
MOST_EVENTS: Final = 1_000
"""Events of one document, each counted once for each consignment that it concerns."""

TRANSPORT_DOCUMENTS: Final = frozenset({"703", "704", "705", "706", "710", "714", "720", "730", "740", "741"})
"""UNCL 1001: bills of lading, waybills and consignment notes."""

_INDICATORS: Final = {"true": True, "1": True, "false": False, "0": False}
_NO_NUMBER: Final = frozenset({"NA", "N/A"})


class TransportationStatusInvalid(UblInvalid):
    """Not a transportation status that can be read."""

    document = "transportation status"


@dataclass(frozen=True)
class Condition:
    """`about` a consignment, a handling unit or an event."""

    about: str
    code: str | None
    reason_code: str | None
    reason: str | None


@dataclass(frozen=True)
class Consignment:
    """`ginc` is its GS1 number, where it has one; else it may have another `number`."""

    ginc: str | None
    number: str | None
    handling_units: tuple[str, ...]
    containers: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class TransportEvent:
    """`type_code` is one of UN/ECE Recommendation 24 (1 arrived, 24 departed, 29 unloaded…). `is_actual`: said to be
    complete, and not later than the document that says so. `consignment` is None where the document names none."""

    id: str | None
    type_code: str
    occurred_at: datetime
    occurred: str
    is_actual: bool
    place: str | None
    place_scheme: str | None
    conditions: tuple[Condition, ...]
    consignment: Consignment | None


@dataclass(frozen=True)
class TransportationStatus:
    """`events` has one for each event and each consignment that it concerns."""

    id: str
    status_code: str
    issued_at: datetime
    issued: str
    type_code: str | None
    execution_code: str | None
    shipping_order: str | None
    transport_documents: tuple[str, ...]
    sender: str | None
    receiver: str | None
    consignments: tuple[Consignment, ...]
    events: tuple[TransportEvent, ...]

    @property
    def is_cancelled(self) -> bool:
        return self.status_code == "1"


def parse_transportation_status(data: bytes, limit_bytes: int = xml.DEFAULT_LIMIT_BYTES) -> TransportationStatus:
    """The status that `data` writes. Raises XmlRefused or TransportationStatusInvalid naming the line.

    A time without zone is taken as UTC, a day without time as its end though not after the issue; an event without
    any date happened by the issue. UBL has no DocumentStatusCode here: one is read where it stands all the same.
    """
    root = xml.parse(data, limit_bytes)
    if root.tag != ROOT:
        raise TransportationStatusInvalid(f"the root element is {root.tag}, not a UBL TransportationStatus", 1)
    reader = Reader(root, TransportationStatusInvalid)
    issued = moment_of_issue(reader)
    consignments = [(found, _consignment(found)) for found in reader.all("cac:Consignment")]
    return TransportationStatus(
        id=reader.required("cbc:ID"),
        status_code=reader.code("cbc:DocumentStatusCode", STATUS_CODES, "9"),
        issued_at=as_instant(reader, issued),
        issued=issued,
        type_code=reader.text("cbc:TransportationStatusTypeCode"),
        execution_code=reader.text("cbc:TransportExecutionStatusCode"),
        shipping_order=_number(reader, "cbc:ShippingOrderID"),
        transport_documents=_transport_documents(reader),
        sender=_party(reader, "cac:SenderParty"),
        receiver=_party(reader, "cac:ReceiverParty"),
        consignments=tuple(consignment for _, consignment in consignments),
        events=tuple(_events(reader, consignments, issued)),
    )


def _events(reader: Reader, consignments: list[tuple[Reader, Consignment]], issued: str) -> Iterator[TransportEvent]:
    """Those of each consignment; those of the whole document once for each consignment."""
    whole = reader.all("cac:TransportEvent")
    pairs = [(event, its) for found, its in consignments for event in found.all("cac:TransportEvent")]
    if len(pairs) + len(whole) * max(1, len(consignments)) > MOST_EVENTS:
        raise TransportationStatusInvalid(f"it has more than {MOST_EVENTS} events", reader.line)
    every: list[Consignment | None] = [its for _, its in consignments] or [None]
    for event, its in [*pairs, *((event, one) for event in whole for one in every)]:
        yield _event(event, its, issued)


def _event(reader: Reader, consignment: Consignment | None, issued: str) -> TransportEvent:
    occurred = moment_of(reader, "cbc:Occurrence", issued) or issued
    occurred_at = as_instant(reader, occurred)
    place = "cac:Location/cbc:ID"
    return TransportEvent(
        id=reader.text("cbc:IdentificationID"),
        type_code=reader.required("cbc:TransportEventTypeCode"),
        occurred_at=occurred_at,
        occurred=occurred,
        is_actual=_complete(reader) and occurred_at <= as_instant(reader, issued),
        place=reader.text(place),
        place_scheme=reader.attribute(place, "schemeID"),
        conditions=tuple(_condition("event", found) for found in reader.all("cac:CurrentStatus")),
        consignment=consignment,
    )


def _complete(reader: Reader) -> bool:
    """Only what says so has happened."""
    text = reader.text("cbc:CompletionIndicator")
    if text is None:
        return False
    if text not in _INDICATORS:
        raise TransportationStatusInvalid(f"cbc:CompletionIndicator is {text!r}, not true or false", reader.line)
    return _INDICATORS[text]


def _consignment(reader: Reader) -> Consignment:
    units = reader.all("cac:TransportHandlingUnit")
    boxes = [box.text("cbc:ID") for unit in units for box in unit.all("cac:TransportEquipment")]
    conditions = [_condition("consignment", found) for found in reader.all("cac:Status")]
    for unit in units:
        conditions += [_condition(unit.text("cbc:ID") or "handling unit", found) for found in unit.all("cac:Status")]
    ginc = reader.of_scheme("cbc:ID", "GINC")
    return Consignment(
        ginc=ginc,
        number=None if ginc else _number(reader, "cbc:ID"),
        handling_units=tuple(found for unit in units if (found := unit.of_scheme("cbc:ID", "SSCC")) is not None),
        containers=tuple(box for box in boxes if box is not None),
        conditions=tuple(conditions),
    )


def _condition(about: str, status: Reader) -> Condition:
    names = ("cbc:ConditionCode", "cbc:StatusReasonCode", "cbc:StatusReason")
    return Condition(about, *(status.text(name) for name in names))


def _transport_documents(reader: Reader) -> tuple[str, ...]:
    named = (found for found in reader.all("cac:DocumentReference") if _is_transport_document(found))
    numbers = (_number(found, "cbc:ID") for found in named)
    return tuple(dict.fromkeys(number for number in numbers if number is not None))


def _is_transport_document(reader: Reader) -> bool:
    return reader.text("cbc:DocumentTypeCode") in TRANSPORT_DOCUMENTS


def _number(reader: Reader, path: str) -> str | None:
    """A number that is one: where UBL asks for it and there is none, NA is written."""
    text = reader.text(path)
    return None if text is None or text.upper() in _NO_NUMBER else text


def _party(reader: Reader, path: str) -> str | None:
    return reader.text(f"{path}/cac:PartyIdentification/cbc:ID") or reader.text(f"{path}/cbc:EndpointID")
