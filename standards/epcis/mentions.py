"""What an event names: the things that it is about, its place, its documents and the parties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from standards.epcis import vocabulary
from standards.epcis.events import EpcisEvent, StandardEvent
from standards.epcis.parts import BizTransaction
from standards.epcis.references import measured, number_of, objects
from standards.identifiers import Name, named

_CBV_ISSUER: Final = re.compile(r"urn:epcglobal:cbv:bt:(\d{13}):.+", re.ASCII)
_GLN_DIGITS: Final = 13


class NamedDocument(NamedTuple):
    """A document: its type as bare word of the CBV, else as it came; its number; its issuer's GLN where it tells."""

    type: str
    number: str
    issuer: str


class NamedParty(NamedTuple):
    """`role` as `source owning_party`, and who it is."""

    role: str
    name: Name


def subjects(event: EpcisEvent) -> list[Name]:
    """Every thing and class of things of the event, each once: boxes, containers, lots, items, products."""
    quantities, _ = measured(event)
    found = dict.fromkeys(named(identifier) for identifier in objects(event))
    found |= dict.fromkeys(named(quantity.epc_class) for quantity in quantities)
    return list(found)


def place(event: EpcisEvent) -> str | None:
    """The id of the place where it was seen, or else of where the goods are then."""
    if not isinstance(event, StandardEvent):
        return None
    found = event.read_point or event.biz_location
    return found.id if found else None


def documents(event: EpcisEvent) -> list[NamedDocument]:
    """In the order of the event."""
    if not isinstance(event, StandardEvent):
        return []
    return [_document(its, event) for its in event.biz_transaction_list]


def parties(event: EpcisEvent) -> list[NamedParty]:
    """Sources, then destinations; places among them are no parties."""
    return list(_parties(event)) if isinstance(event, StandardEvent) else []


def _document(its: BizTransaction, event: StandardEvent) -> NamedDocument:
    identifier = its.biz_transaction.strip()
    kind = vocabulary.bare("bizTransactionType", its.type, event.context) or its.type or ""
    match = _CBV_ISSUER.fullmatch(identifier)
    if match is not None:
        return NamedDocument(kind, number_of(identifier), match[1])
    name = named(identifier)
    if name.scheme == "document":
        return NamedDocument(kind, number_of(identifier), name.code[:_GLN_DIGITS])
    return NamedDocument(kind, number_of(identifier), "")


def _parties(event: StandardEvent) -> Iterator[NamedParty]:
    sources = (("source", its.type, its.source) for its in event.source_list)
    destinations = (("destination", its.type, its.destination) for its in event.destination_list)
    for side, kind, identifier in (*sources, *destinations):
        word = vocabulary.bare("partyType", kind, event.context) or kind
        if word != "location":
            yield NamedParty(f"{side} {word}", named(identifier))
