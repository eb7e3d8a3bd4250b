"""The table of papers that their senders number and may send again, version by version."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from oracles.store.models import NodeTable


class VersionStatus(StrEnum):
    STANDS = "stands"
    """It stood when it came; a later one may stand now."""
    SUPERSEDED = "superseded"
    """A later one had come before."""
    HELD = "held"
    """For the operator: it contradicts one that stands."""


class PaperVersionRow(NodeTable, table=True):
    """One version of one paper. `hashes` are those of its events, one a line."""

    __tablename__ = "paper_version"

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    paper: str = Field(index=True)
    stage: str
    issued_at: str
    hashes: str
    status: str
