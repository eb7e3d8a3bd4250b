"""The one form in which the daemon thinks of events, whatever paper they came on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from chain_node.client import FeedKind, condition_policy, price_feed, rate_feed

HASH_PREFIX: Final = "ni:///sha-256;"
HASH_DIGITS: Final = 64


class Standard(StrEnum):
    EPCIS = "EPCIS 2.0"
    DCSA = "DCSA Track & Trace 2.2"
    UBL = "UBL ReceiptAdvice"
    CSV = "CSV"
    UBL_DESPATCH = "UBL DespatchAdvice"
    UBL_STATUS = "UBL TransportationStatus"
    PRICES = "price list"


class Classifier(StrEnum):
    """Whether it happened. Only ACTUAL moves money."""

    ACTUAL = "actual"
    ESTIMATED = "estimate"
    PLANNED = "plan"


class Kind(StrEnum):
    """What an event says of the goods."""

    GOODS_LOADED = "goods loaded"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    DISCHARGED = "discharged"
    GATE_OUT = "gated out"
    RECEIVED = "received"
    STORED = "stored"
    RELEASED = "released"
    INSPECTED = "inspected and sound"
    INSPECTION_FAILED = "inspected and not sound"
    TITLE_CHANGED = "title document changed"
    LOST = "lost"
    COLLECTED = "collected from the shipper"
    DESPATCHED = "despatched, as its sender says"
    DELIVERED = "delivered, as its carrier says"
    DAMAGED = "damaged"
    RETRACTED = "retracted"


@dataclass(frozen=True)
class Activity:
    """What the paper calls the event, before any rule is applied.

    `code` in the words of the standard (`receiving`, `TRANSPORT/DEPA`), `traits` what else of it the rules may ask for.
    """

    standard: Standard
    code: str
    traits: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.standard}: {self.code}"


@dataclass(frozen=True, order=True)
class Reference:
    """A document or unit number under which several parties know one consignment; `kind` as chain_node.references."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


@dataclass(frozen=True)
class Correction:
    """The paper takes back what an earlier one said.

    `event_hash` names the earlier event where the paper does (EPCIS errorDeclaration: the same hash); else
    `source_event_id` or, for `void_shipping`, the shared references do.
    """

    reason: str
    declared_at: datetime | None = None
    event_hash: str | None = None
    source_event_id: str | None = None
    activity_code: str | None = None
    replaces: bool = False
    """The paper carries the right observation itself (UBL status 5 or 22), so it also counts as an event."""
    keeps: frozenset[str] = frozenset()
    """Hashes of what a replacing paper says itself: it takes back what else its number said."""


@dataclass(frozen=True)
class Measured:
    """A value for a feed. Of a condition `value` is whole, in the feed's own unit; of a price or a rate it is the plain
    number, in the currency `quote` for one of `base` (of goods of that `name`, or of a currency)."""

    kind: FeedKind
    value: Decimal
    observed_at: datetime
    name: str = ""
    base: str = ""
    quote: str = ""

    @property
    def policy_id(self) -> bytes:
        if self.kind is FeedKind.PRICE:
            return price_feed(self.name, self.base, self.quote)
        return rate_feed(self.base, self.quote) if self.kind is FeedKind.FX else condition_policy(self.kind)

    @property
    def label(self) -> str:
        """What is measured, for people."""
        of = f" of {self.name}" if self.name else ""
        return f"{self.kind.name.lower()}{of}{f' {self.base}/{self.quote}' if self.base else ''}"


@dataclass(frozen=True)
class CanonicalEvent:
    """One event. `measurements` are what sensors reported with it, `unreadable` what they reported in no usable form.
    `quantity` in thousandths of `unit`, 0 where the paper cannot measure it in one unit. `movements` are the names of
    what it is an account of, which a newer message may tell otherwise (`rules.updates`)."""

    activity: Activity
    event_hash: str
    classifier: Classifier
    occurred_at: datetime
    references: tuple[Reference, ...]
    local_offset: str = "+00:00"
    quantity: int = 0
    unit: str | None = None
    source_event_id: str | None = None
    recorded_at: datetime | None = None
    place: str | None = None
    correction: Correction | None = None
    measurements: tuple[Measured, ...] = ()
    unreadable: tuple[str, ...] = ()
    line: int | None = None
    """Where it begins in a table of many, for messages."""
    movements: tuple[str, ...] = ()

    @property
    def evidence(self) -> bytes:
        return evidence_of(self.event_hash)


class VersionStage(StrEnum):
    """What a sender says of a paper that it may send again under its number."""

    ORIGINAL = "original"
    REPLACEMENT = "replacement"
    CANCELLATION = "cancellation"
    FINAL = "final"
    """Nothing will follow."""


@dataclass(frozen=True)
class Version:
    """Which version of a paper a document is. `paper` is unique to its writer, `label` is for people."""

    paper: str
    label: str
    stage: VersionStage
    issued_at: datetime


@dataclass(frozen=True)
class SetAside:
    """A part of a file that is not taken with the rest: `data` lies in quarantine as `name`, `reason` beside it."""

    name: str
    data: bytes
    reason: str


@dataclass(frozen=True)
class Document:
    """A file, read: its events in the order of the paper, or the quotes of a price list."""

    name: str
    sha256: str
    standard: Standard
    events: Sequence[CanonicalEvent] = field(default=())
    quotes: Sequence[Measured] = field(default=())
    set_aside: SetAside | None = None
    version: Version | None = None


def evidence_of(event_hash: str) -> bytes:
    """The 32 bytes of a CBV 2.0 event hash. Raises ValueError for anything else."""
    digits = event_hash.removeprefix(HASH_PREFIX)[:HASH_DIGITS]
    if not event_hash.startswith(HASH_PREFIX) or len(digits) != HASH_DIGITS:
        raise ValueError(f"{event_hash!r} is not a CBV 2.0 event hash")
    return bytes.fromhex(digits)
