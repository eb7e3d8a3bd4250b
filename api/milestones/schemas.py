"""Votes and facts as JSON."""

from datetime import datetime

from pydantic import BaseModel, Field


class VoteView(BaseModel):
    """What one organisation attested."""

    organisation_lei: str
    organisation_name: str
    occurred_at: datetime
    quantity_thousandths: str
    evidence: str = Field(description="root of its own papers: a CBV 2.0 event hash, or the SHA-256 of a document")
    transaction_hash: str
    block_number: int
    at: datetime


class RefusedVoteView(BaseModel):
    """A vote that did not count."""

    signer: str
    reason: str
    transaction_hash: str
    block_number: int
    at: datetime


class FactView(BaseModel):
    """The tally of one milestone. `status` is gathering, final or disputed; `transaction_hash` is of the quorum."""

    milestone: str
    sequence: int
    status: str
    count: int
    threshold: int | None = Field(description="organisations that must agree")
    quantity_thousandths: str = Field(
        description="of a final fact what may be relied on, 0 until enough have measured; before, the least measured"
    )
    greatest_quantity_thousandths: str
    occurred_at: datetime | None = Field(description="the latest reported; null before any vote counted")
    final_at: datetime | None
    transaction_hash: str | None
    votes: list[VoteView]
    refused: list[RefusedVoteView]


class MilestonesView(BaseModel):
    """What is known of a consignment, in the order of the journey."""

    subject: str
    opened_at: datetime
    items: list[FactView]
