"""The tables of what came in over HTTP: documents with their jobs, events as captured, and what finds them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from oracles.store.models import NodeTable


class CaptureStatus(StrEnum):
    RECEIVED = "received"
    """The document is on disk and acknowledged; its events are not looked at yet."""
    CAPTURED = "captured"
    """Its one event was captured while its sender waited; the node has yet to take it."""
    TAKEN = "taken"
    """What was captured of it is in the node's hands; the document has yet to be filed."""
    FILED = "filed"


class CaptureRow(NodeTable, table=True):
    """A document that came in, and what became of it. `document` is empty once it lies in archive or quarantine.

    `errors` is JSON: the problems that the job reports. `lone`: a single event (`POST /events`), which is no job.
    """

    __tablename__ = "capture"

    id: int | None = Field(default=None, primary_key=True)
    capture_id: str = Field(unique=True)
    client: str = Field(index=True)
    lone: bool = False
    behaviour: str
    status: str = Field(index=True)
    created_at: str
    finished_at: str = ""
    success: bool = True
    errors: str = "[]"
    sha256: str
    document: bytes | None = None
    document_id: int | None = Field(default=None, foreign_key="document.id")


class CapturedEventRow(NodeTable, table=True):
    """An event as it was captured, with the context that it needs; nothing ever overwrites one.

    `declaration` is empty for the event itself; an error declaration, which has the event's own hash, is a row beside
    it. Times are microseconds since 1970.
    """

    __tablename__ = "captured_event"
    __table_args__ = (UniqueConstraint("event_hash", "declaration"),)

    id: int | None = Field(default=None, primary_key=True)
    capture_id: int = Field(foreign_key="capture.id", index=True)
    event_hash: str
    declaration: str = ""
    event_id: str = Field(index=True)
    type: str
    event_time: int = Field(index=True, sa_type=BigInteger)
    record_time: int = Field(index=True, sa_type=BigInteger)
    source: str


class CapturedKeyRow(NodeTable, table=True):
    """Something that a query may ask of an event: a text in its one canonical form, or a number."""

    __tablename__ = "captured_key"
    __table_args__ = (Index("captured_key_text", "name", "text"), Index("captured_key_number", "name", "number"))

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="captured_event.id", index=True)
    name: str
    text: str | None = None
    number: float | None = None
