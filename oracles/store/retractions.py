"""The table of votes that this node takes back, because a paper took back what they rested on."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from oracles.store.models import NodeTable


class RetractionStatus(StrEnum):
    WAITING = "waiting"
    """Due as soon as the network has answered the vote, and lets this node retract it."""
    LAID = "laid"
    """In the outbox."""
    RETRACTED = "retracted"
    NEEDLESS = "needless"
    """The vote has no force: it was never counted, or lost what it had before this."""
    REFUSED = "refused"
    """The network will not take it; for the operator."""


OPEN = (RetractionStatus.WAITING, RetractionStatus.LAID)


class RetractionRow(NodeTable, table=True):
    """At most one a vote. `evidence` is the SHA-256 of the paper that corrects, as the archive holds it."""

    __tablename__ = "retraction"

    id: int | None = Field(default=None, primary_key=True)
    observation_id: int = Field(foreign_key="observation.id", unique=True)
    correction_id: int = Field(foreign_key="correction.id")
    submission_id: int | None = Field(default=None, foreign_key="submission.id", index=True)
    evidence: str
    status: str = Field(index=True)
    reason: str = ""
    attempts: int = 0
    block: int | None = None
