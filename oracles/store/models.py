"""The tables. Hashes, subjects, signatures: lower-case hexadecimal without prefix; moments: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


def _now() -> str:
    return datetime.now(UTC).isoformat()


class NodeTable(SQLModel, registry=registry()):
    """Base of a node's tables. A registry of its own: the gateway has tables of the same names."""


class DocumentStatus(StrEnum):
    TAKEN = "taken"
    """Read and stored; the file may still lie in the inbox. Its `reason`, where it has one, sends it to quarantine."""
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"


class EventStatus(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    """Nothing speaks against it for good; asked about again when the network or its clock moves."""
    NOT_SIGNED = "not signed"
    HELD = "held"
    """The operator must look at it; never signed by itself."""
    WITHDRAWN = "withdrawn"
    """A correction came before anything was sent."""
    VOUCHED = "vouched"
    """An observation was made of it."""
    CORRECTED = "corrected"
    """A correction came after its vote, which is taken back."""


class ObservationStatus(StrEnum):
    DECIDED = "decided"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"
    COUNTED = "counted"
    REFUSED = "refused"
    RETRACTED = "retracted"
    """It was taken back on chain; this node has no other account of that fact."""


class SubmissionStatus(StrEnum):
    RELAYED = "relayed"
    """A vote on a relay's list: the relay has it, and the node sends it too where it does not get on chain."""
    SIGNED = "signed"
    PREPARED = "prepared"
    """Has its nonce and its bytes; may have been sent."""
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"
    VOID = "void"


class ReadingStatus(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    """Nothing speaks against it for good; asked about again with every block."""
    NOT_SIGNED = "not signed"
    HELD = "held"
    """The operator must look at it."""
    WITHDRAWN = "withdrawn"
    SIGNED = "signed"
    PUBLISHED = "published"
    """Handed to the relays: anybody may have it."""
    RECALLED = "recalled"
    """Corrected after that: taken out of the exchange, but a relay may have it, so its round is waited for."""
    COUNTED = "counted"
    MISSED = "missed"
    """Its round is over without it, or its time."""


class ReportStatus(StrEnum):
    OPEN = "open"
    REPORTED = "reported"
    REFUSED = "refused"


class DocumentRow(NodeTable, table=True):
    __tablename__ = "document"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    sha256: str = Field(index=True)
    standard: str = ""
    received_at: str
    status: str = Field(index=True)
    filed_as: str = ""
    reason: str = ""


class EventRow(NodeTable, table=True):
    """A canonical event and what this node decided about it."""

    __tablename__ = "event"

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    event_hash: str = Field(unique=True)
    source_event_id: str = Field(default="", index=True)
    standard: str
    activity: str
    traits: str = ""
    kind: str = ""
    classifier: str
    occurred_at: str
    local_offset: str
    recorded_at: str = ""
    place: str = ""
    quantity: int = 0
    unit: str = ""
    status: str = Field(index=True)
    reason: str = ""
    retry_at: int | None = None
    subject: str = Field(default="", index=True)
    milestone: int | None = None
    sequence: int | None = None
    decided_block: int | None = None
    line: int | None = None
    """Of its document, where that is a table."""
    considered_at: int | None = None
    """Chain time at which nothing spoke against signing it for the first time."""
    held_for: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """`conflict` where another paper says something else of the same fact, `rule` where a rule holds it."""
    resolved: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What the operator decided of it, sign or drop."""
    canonical: str | None = None
    """The whole event as JSON; the columns above are what is asked for. None where an earlier version stored it."""


class EventReferenceRow(NodeTable, table=True):
    """A reference of an event; `keyed` is its form on chain."""

    __tablename__ = "event_reference"

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", index=True)
    kind: str
    value: str
    keyed: str = Field(index=True)


class CorrectionRow(NodeTable, table=True):
    """What a paper took back, and what came of it."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("digest"),)

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    digest: str
    event_hash: str = Field(default="", index=True)
    source_hash: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of an event that does nothing but correct; the same as `event_hash` where a paper declares its copy an error."""
    cancelled_id: str = Field(default="", index=True)
    reason: str
    declared_at: str = ""
    effect: str = ""


class SubmissionRow(NodeTable, table=True):
    """The outbox: one transaction. A nonce is given when it is about to be sent, never before."""

    __tablename__ = "submission"

    id: int | None = Field(default=None, primary_key=True)
    status: str = Field(index=True)
    chain_id: int
    signer: str
    mask: str
    evidence: str
    signature: str
    nonce: int | None = None
    gas: int | None = None
    raw: bytes | None = None
    hash: str = Field(default="", index=True)
    attempts: int = 0
    gas_factor: int = 1
    block: int | None = None
    reason: str = ""
    signed_at: str | None = Field(default_factory=_now)
    """On the machine's clock; none of one that an earlier version signed."""


class ObservationRow(NodeTable, table=True):
    """What this node vouches for: at most one account of each fact, whatever comes later."""

    __tablename__ = "observation"
    __table_args__ = (
        Index(
            "one_account_of_each_fact",
            "subject",
            "milestone",
            "sequence",
            unique=True,
            sqlite_where=text("status != 'withdrawn'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", index=True)
    submission_id: int | None = Field(default=None, foreign_key="submission.id", index=True)
    subject: str
    milestone: int
    sequence: int
    occurred_at: int
    quantity: int
    evidence: str
    status: str = Field(index=True)
    reason: str = ""
    block: int | None = None
    signed_at: int | None = None
    """On the machine's clock, Unix seconds; stays when a signature is withdrawn before it was sent."""
    decided_at: str | None = Field(default_factory=_now)


class ReadingRow(NodeTable, table=True):
    """A measured value or a price, and what this node signed of it: at most one open reading a feed.

    `value` is the text of the number on the paper, `signed_value` that of the whole number in the feed's decimals; both
    are longer than this database's integers. `subject` is empty of a price or a rate.
    """

    __tablename__ = "reading"
    __table_args__ = (
        Index("readings_in_turn", "status", "observed_at", "id"),
        Index("readings_of_a_feed", "policy_id", "subject", "status", "observed_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    event_id: int | None = Field(default=None, foreign_key="event.id", index=True)
    kind: int
    label: str
    policy_id: str = Field(index=True)
    value: str
    observed_at: int
    status: str = Field(index=True)
    reason: str = ""
    subject: str = ""
    round: int | None = None
    version: int | None = None
    signed_value: str = ""
    signer: str = ""
    signature: str = ""
    signed_block: int | None = None
    late: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    """It was no newer than the feed's value when it was signed: it counts for the past."""
    void_after: int | None = None
    """Unix seconds after which the signed reading is too old for any report."""
    signed_at: int | None = None
    """On the chain's clock, Unix seconds."""


class ReportRow(NodeTable, table=True):
    """Readings of several nodes that this node, as a relay, sent as one report. `readings` is JSON."""

    __tablename__ = "report"

    id: int | None = Field(default=None, primary_key=True)
    submission_id: int = Field(foreign_key="submission.id", unique=True)
    policy_id: str
    subject: str
    round: int
    readings: str
    status: str = Field(index=True)
    reason: str = ""


class OverdueFeedRow(NodeTable, table=True):
    """A feed that this node serves and that has had no value for longer than its heartbeat, at the last block seen."""

    __tablename__ = "overdue_feed"

    policy_id: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    kind: int
    due_at: int


class NetworkRow(NodeTable, table=True):
    """Which network this database belongs to: written once, checked at every connection."""

    __tablename__ = "network"

    id: int = Field(default=1, primary_key=True)
    chain_id: int
    oracle_address: str
