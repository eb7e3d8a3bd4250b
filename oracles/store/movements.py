"""Which events are accounts of one movement, and which messages told them."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class MovementRow(NodeTable, table=True):
    """One event as an account of one movement. `told_at` is the time of its newest message, ISO 8601 in UTC; `replaced`
    says that another account counts instead."""

    __tablename__ = "movement"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    event_id: int = Field(foreign_key="event.id", index=True)
    told_at: str
    replaced: bool = False


class MessageRow(NodeTable, table=True):
    """A message that told an event: a repeat has an id of its own, by which it may be retracted."""

    __tablename__ = "message"

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="event.id", index=True)
    source_event_id: str = Field(index=True)
