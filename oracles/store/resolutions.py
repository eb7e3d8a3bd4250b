"""The table of what the operator decided about events that were held."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from oracles.store.models import NodeTable


class ResolutionAction(StrEnum):
    SIGN = "sign"
    DROP = "drop"


class ResolutionStatus(StrEnum):
    OPEN = "open"
    """Stored; the node has not looked at it yet."""
    APPLIED = "applied"
    REFUSED = "refused"
    """The event was no longer held when the node came to it."""


class ResolutionRow(NodeTable, table=True):
    """One decision, kept for good: for which event, what, why and when (ISO 8601 in UTC)."""

    __tablename__ = "resolution"

    id: int | None = Field(default=None, primary_key=True)
    event_hash: str = Field(index=True)
    action: str
    reason: str
    decided_at: str
    status: str = Field(index=True)
    outcome: str = ""
