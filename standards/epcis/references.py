"""What an event says about the trade that it belongs to: document numbers, boxes and quantities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import quote, unquote

from standards.epcis import vocabulary
from standards.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    EpcisEvent,
    ObjectEvent,
    StandardEvent,
    TransactionEvent,
    TransformationEvent,
)
from standards.epcis.parts import BizTransaction, Quantity
from standards.identifiers import canonical, is_container

ReferenceKind = Literal[
    "invoice", "order", "booking", "transport_document", "container", "sscc", "despatch_advice", "consignment"
]

# Our own names for documents whose issuer gives no GLN: urn:portolan:<kind>:<number>, percent-encoded.
OWN_NAMES: Final = "urn:portolan:"
BOOKING_TYPE: Final = f"{OWN_NAMES}btt:booking"
CONTAINER_URN: Final = "urn:epc:id:bic:"
PIECES: Final = "C62"

_KIND_BY_TYPE: Final[dict[str, ReferenceKind]] = {
    "po": "order",
    "inv": "invoice",
    "desadv": "despatch_advice",
    "bol": "transport_document",
}
_OWN_KINDS: Final[dict[str, ReferenceKind]] = {
    "invoice": "invoice",
    "order": "order",
    "booking": "booking",
    "transport_document": "transport_document",
    "despatch_advice": "despatch_advice",
    "consignment": "consignment",
}
_SSCC: Final = re.compile(r"https://id\.gs1\.org/00/(\d{18})", re.ASCII)
_CONSIGNMENT: Final = re.compile(r"https://id\.gs1\.org/401/([^/]+)", re.ASCII)
_DOCUMENT_KEY: Final = re.compile(r"https://id\.gs1\.org/253/\d{13}([^/]+)", re.ASCII)
_SERIAL_ITEM: Final = re.compile(r"https://id\.gs1\.org/01/\d{14}/(21|235)/[^/]+", re.ASCII)
_CBV_DOCUMENT: Final = re.compile(r"urn:epcglobal:cbv:bt:[^:]*:(.+)", re.ASCII)
_COUNTED_AS_PIECES: Final = frozenset({None, PIECES, "H87", "EA", "PCE"})


@dataclass(frozen=True)
class TradeReference:
    """One name under which a consignment may be known, as its issuer wrote it."""

    kind: ReferenceKind
    value: str


def own_urn(kind: ReferenceKind, value: str) -> str:
    """A URI for a document number that comes without its issuer."""
    return f"{OWN_NAMES}{kind}:{quote(value.strip(), safe='')}"


def references(event: EpcisEvent) -> list[TradeReference]:
    """Every trade reference of an event, each once, in the order of the event: documents first, then boxes."""
    found: dict[TradeReference, None] = {}
    if isinstance(event, StandardEvent):
        for transaction in event.biz_transaction_list:
            reference = _document(transaction, event)
            if reference is not None and reference.value.strip():
                found[reference] = None
    for identifier in objects(event):
        box = _box(identifier)
        if box is not None and box.value.strip():
            found[box] = None
    return list(found)


def quantity_thousandths(event: EpcisEvent) -> tuple[int, str | None]:
    """How much the event is about, in thousandths of its one unit, rounded down, and that unit (C62 for pieces).

    Serial items count as one piece each. (0, None) where nothing is measured, an amount is missing, or units differ.
    """
    quantities, identifiers = measured(event)
    pieces = sum(1 for identifier in identifiers if _SERIAL_ITEM.fullmatch(canonical(identifier)))
    units = {_unit(quantity) for quantity in quantities} | ({PIECES} if pieces else set())
    if len(units) != 1 or any(quantity.quantity is None for quantity in quantities):
        return 0, None
    total = sum((Decimal(quantity.quantity or 0) for quantity in quantities), Decimal(pieces))
    return int(total * 1000), units.pop()


def _unit(quantity: Quantity) -> str:
    return PIECES if quantity.uom in _COUNTED_AS_PIECES else str(quantity.uom)


def _document(transaction: BizTransaction, event: StandardEvent) -> TradeReference | None:
    identifier = transaction.biz_transaction.strip()
    if identifier.startswith(OWN_NAMES):
        name, _, number = identifier[len(OWN_NAMES) :].partition(":")
        return TradeReference(_OWN_KINDS[name], unquote(number)) if name in _OWN_KINDS and number else None
    kind = _kind(transaction.type, event)
    number = number_of(identifier)
    return TradeReference(kind, number) if kind and number else None


def _kind(transaction_type: str | None, event: StandardEvent) -> ReferenceKind | None:
    if transaction_type == BOOKING_TYPE:
        return "booking"
    word = vocabulary.bare("bizTransactionType", transaction_type, event.context)
    return _KIND_BY_TYPE.get(word) if word else None


def number_of(identifier: str) -> str:
    """The document's number as its issuer wrote it: what stands last in a URN, a URL's path, or a GDTI."""
    for pattern, text in ((_CBV_DOCUMENT, identifier), (_DOCUMENT_KEY, canonical(identifier))):
        match = pattern.fullmatch(text)
        if match:
            return unquote(match[1])
    if identifier.lower().startswith(("http://", "https://")):
        path = re.split(r"[?#]", identifier, maxsplit=1)[0].split("/", 3)
        return unquote(path[3].rstrip("/").rpartition("/")[2]) if len(path) > 3 else ""
    return unquote(identifier.rpartition(":")[2])


def _box(identifier: str) -> TradeReference | None:
    link = canonical(identifier.strip())
    for kind, pattern in (("sscc", _SSCC), ("consignment", _CONSIGNMENT)):
        match = pattern.fullmatch(link)
        if match:
            return TradeReference("sscc" if kind == "sscc" else "consignment", unquote(match[1]))
    last = re.split(r"[:/]", link)[-1]
    return TradeReference("container", last.upper()) if is_container(last) else None


def objects(event: EpcisEvent) -> Iterator[str]:
    """The single things and boxes of an event, as it names them."""
    lists: Iterable[tuple[str, ...] | None] = ()
    if isinstance(event, ObjectEvent):
        lists = (event.epc_list,)
    elif isinstance(event, TransactionEvent):
        lists = (_one(event.parent_id), event.epc_list)
    elif isinstance(event, AggregationEvent | AssociationEvent):
        lists = (_one(event.parent_id), event.child_epcs)
    elif isinstance(event, TransformationEvent):
        lists = (event.input_epc_list, event.output_epc_list)
    for identifiers in lists:
        yield from identifiers or ()


def _one(identifier: str | None) -> tuple[str, ...]:
    return () if identifier is None else (identifier,)


def measured(event: EpcisEvent) -> tuple[tuple[Quantity, ...], tuple[str, ...]]:
    """What says how much the event is about: quantities of classes, and single things."""
    if isinstance(event, ObjectEvent | TransactionEvent):
        return event.quantity_list or (), event.epc_list or ()
    if isinstance(event, AggregationEvent | AssociationEvent):
        return event.child_quantity_list or (), event.child_epcs or ()
    if isinstance(event, TransformationEvent):
        return event.output_quantity_list, event.output_epc_list
    return (), ()
