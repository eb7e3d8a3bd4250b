"""One movement told twice: which account of it counts. Pure: the accounts come from messages, the newest one wins.

A movement is known by the call, the kind of event and the container (else the documents) it concerns; of Track & Trace
3.0 by the event's own id. Only actual events are accounts: a plan or an estimate neither replaces a fact nor is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from standards.dcsa import DcsaEvent, EquipmentEvent, TransportEvent, Version

BY_EVENT: Final = "event"
BY_CALL: Final = "call"
_OWN_IDS: Final = (Version.JANUARY_2026, Version.JUNE_2026)
_DOCUMENTS: Final = frozenset({"BKG", "TRD"})
_ORDER: Final = "PO"


class Ruling(StrEnum):
    AGREES = "agrees"
    NEWER = "newer"
    OLDER = "older"
    UNDECIDED = "undecided"
    """They contradict each other and were told at one moment."""


@dataclass(frozen=True)
class Account:
    """What a message says happened, and when it was told. `occurred_at` and `told_at` in UTC."""

    event_hash: str
    occurred_at: datetime
    traits: frozenset[str]
    told_at: datetime


def ruling(movement: str, new: Account, old: Account) -> Ruling:
    """How a new account of a movement stands to an old one.

    An event of 3.0 is replaced as a whole. Two messages about one call agree where they tell the same time of the same
    load: what else they name (documents, remarks) may be part of the truth in each.
    """
    same = new.event_hash == old.event_hash
    if not movement.startswith(BY_EVENT):
        same = (new.occurred_at, new.traits) == (old.occurred_at, old.traits)
    if same:
        return Ruling.AGREES
    if new.told_at == old.told_at:
        return Ruling.UNDECIDED
    return Ruling.NEWER if new.told_at > old.told_at else Ruling.OLDER


def movements(event: DcsaEvent) -> tuple[str, ...]:
    """The names of the movement that an event is an account of; none where it cannot be told from others like it."""
    if not event.is_actual:
        return ()
    if event.version in _OWN_IDS:
        # Ids are unique within a party: without one, another carrier's event might have the same.
        return () if event.id is None or event.id.startswith("|") else (f"{BY_EVENT}|{event.id}",)
    if not isinstance(event, TransportEvent | EquipmentEvent) or event.transport_call is None:
        return ()
    call = event.transport_call
    if call.id is None:
        return ()
    stem = f"{BY_CALL}|{event.type}|{event.code}|{call.id}|{'' if call.sequence is None else call.sequence}"
    return tuple(dict.fromkeys(f"{stem}|{concerned}" for concerned in _concerned(event)))


def _concerned(event: DcsaEvent) -> Iterator[str]:
    """The container; of several boxes in one event, and of none, the documents; else the orders."""
    if event.container is not None:
        yield f"EQ {event.container}"
        return
    documents = [found for found in event.document_references if found.type in _DOCUMENTS]
    for document in documents:
        yield f"{document.type} {document.value}"
    if not documents:
        for reference in event.party_references:
            if reference.type == _ORDER:
                yield f"{reference.type} {reference.value}"
