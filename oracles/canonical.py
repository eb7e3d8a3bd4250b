"""The one form in which the daemon thinks of events, whatever paper they came on: checked, and never changed.

Small values are pydantic dataclasses, the event a pydantic model, which is also how it is kept (`store.mapping`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from chain_node.client import FeedKind, condition_policy, price_feed, rate_feed
from standards import strict_json

HASH_PREFIX: Final = "ni:///sha-256;"
HASH_DIGITS: Final = 64
MOST_QUANTITY: Final = 2**63 - 1
"""In thousandths: what a number of the node's database holds."""

_STRICT: Final = ConfigDict(strict=True, extra="forbid")
_EVENT_HASH: Final = re.compile(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", re.ASCII)
_MILLISECOND: Final = 1000


def whole_milliseconds(moment: datetime) -> datetime:
    """Rounded half up, as the event hash takes a time: events of one hash happened at one moment."""
    return moment.replace(microsecond=0) + timedelta(milliseconds=(moment.microsecond + 500) // _MILLISECOND)


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() != timedelta(0):
        raise ValueError("a moment is in UTC")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _in_milliseconds(moment: datetime) -> datetime:
    if moment.microsecond % _MILLISECOND:
        raise ValueError("a moment is in whole milliseconds")
    return moment


def _event_hash(text: str) -> str:
    if _EVENT_HASH.fullmatch(text) is None:
        raise ValueError("not a CBV 2.0 event hash")
    return text


Moment = Annotated[datetime, AfterValidator(_in_utc)]
EventMoment = Annotated[Moment, AfterValidator(_in_milliseconds)]
EventHash = Annotated[str, AfterValidator(_event_hash)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Offset = Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$")]


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


@dataclass(frozen=True, config=_STRICT)
class Activity:
    """What the paper calls the event, before any rule is applied.

    `code` in the words of the standard (`receiving`, `TRANSPORT/DEPA`), `traits` what else of it the rules may ask for.
    """

    standard: Standard
    code: str
    traits: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.standard}: {self.code}"


@dataclass(frozen=True, order=True, config=_STRICT)
class Reference:
    """A document or unit number under which several parties know one consignment; `kind` as chain_node.references."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


@dataclass(frozen=True, config=_STRICT)
class Correction:
    """The paper takes back what an earlier one said.

    `event_hash` names the earlier event where the paper does (EPCIS errorDeclaration: the same hash); else
    `source_event_id` or, for `void_shipping`, the shared references do.
    """

    reason: str
    declared_at: Moment | None = None
    event_hash: EventHash | None = None
    source_event_id: str | None = None
    activity_code: str | None = None
    replaces: bool = False
    """The paper carries the right observation itself (UBL status 5 or 22), so it also counts as an event."""
    keeps: frozenset[str] = frozenset()
    """Hashes of what a replacing paper says itself: it takes back what else its number said."""
    corrected_by: tuple[str, ...] = ()
    """Ids of the events that are right, where the paper names them (EPCIS correctiveEventIDs)."""


@dataclass(frozen=True, config=_STRICT)
class Measured:
    """A value for a feed. Of a condition `value` is whole, in the feed's own unit; of a price or a rate it is the plain
    number, in the currency `quote` for one of `base` (of goods of that `name`, or of a currency)."""

    kind: FeedKind
    value: Decimal
    observed_at: Moment
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


@dataclass(frozen=True, config=_STRICT)
class Place:
    """Where it happened: `id` as the paper has it, `code` of a known `scheme` (gln, unlocode, geo), or the id again."""

    id: str
    scheme: str = "uri"
    code: str = ""

    def __str__(self) -> str:
        return f"{self.scheme} {self.code}" if self.code else self.id


@dataclass(frozen=True, config=_STRICT)
class PaperReference:
    """A document that the event names: its type as bare word, its number, and its issuer's GLN where it tells."""

    type: str
    number: str
    issuer: str = ""


@dataclass(frozen=True, config=_STRICT)
class Party:
    """Who had, or will have, the goods, or who sent the paper. `scheme` is gln, lei or uri."""

    role: str
    scheme: str
    code: str


@dataclass(frozen=True, config=_STRICT)
class Extension:
    """A property that no standard knows, as a firm put it into its paper.

    `at` is the JSON pointer of what it stands in, '' for the event; `name` has its namespace, `{namespace}local`, and
    so have the names within `written`, its value as JSON, digit for digit.
    """

    at: str
    name: str
    written: str

    @property
    def value(self) -> Any:
        return strict_json.parse(self.written.encode(), len(self.written) * 4)


class CanonicalEvent(BaseModel):
    """One event. `measurements` are what sensors reported with it, `unreadable` what they reported in no usable form.
    `quantity` in thousandths of `unit`, 0 where the paper cannot measure it in one unit.

    `references` are names under which a consignment may be known on chain, `subjects` all things that it is about.
    `movements` are the names of what it is an account of, which a newer message may tell otherwise (`rules.updates`).
    What only the node can tell is there once the event is stored: `raw_sha256` and `received_at` of its document.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    activity: Activity
    standard_version: str = ""
    event_hash: EventHash
    classifier: Classifier
    occurred_at: EventMoment
    references: tuple[Reference, ...]
    local_offset: Offset = "+00:00"
    quantity: Annotated[int, Field(ge=0, le=MOST_QUANTITY)] = 0
    unit: str | None = None
    source_event_id: str | None = None
    recorded_at: Moment | None = None
    raw_sha256: Digest | None = None
    received_at: Moment | None = None
    kind: Kind | None = None
    subjects: tuple[Reference, ...] = ()
    place: Place | None = None
    disposition: str | None = None
    documents: tuple[PaperReference, ...] = ()
    parties: tuple[Party, ...] = ()
    correction: Correction | None = None
    measurements: tuple[Measured, ...] = ()
    unreadable: tuple[str, ...] = ()
    extensions: tuple[Extension, ...] = ()
    line: int | None = None
    """Where it begins in a table of many, for messages."""
    movements: tuple[str, ...] = ()

    @property
    def evidence(self) -> bytes:
        return evidence_of(self.event_hash)

    @property
    def is_empty(self) -> bool:
        """Whether it measured, and found nothing: what did not measure has no unit."""
        return self.unit is not None and not self.quantity


class VersionStage(StrEnum):
    """What a sender says of a paper that it may send again under its number."""

    ORIGINAL = "original"
    REPLACEMENT = "replacement"
    CANCELLATION = "cancellation"
    FINAL = "final"
    """Nothing will follow."""


@dataclass(frozen=True, config=_STRICT)
class Version:
    """Which version of a paper a document is. `paper` is unique to its writer, `label` is for people."""

    paper: str
    label: str
    stage: VersionStage
    issued_at: Moment


@dataclass(frozen=True, config=_STRICT)
class SetAside:
    """A part of a file that is not taken with the rest: `data` lies in quarantine as `name`, `reason` beside it."""

    name: str
    data: bytes
    reason: str


@dataclass(frozen=True, config=_STRICT)
class Document:
    """A file, read: its events in the order of the paper, or the quotes of a price list."""

    name: str
    sha256: Digest
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
