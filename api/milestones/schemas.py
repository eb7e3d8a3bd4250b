"""Votes and facts as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import shown

_EXAMPLE: dict[str, Any] = {
    "subject": examples.SUBJECT,
    "opened_at": examples.OPENED,
    "items": [
        {
            "milestone": "DEPARTED",
            "sequence": 1,
            "status": "final",
            "count": 2,
            "threshold": 2,
            "quantity_thousandths": "0",
            "greatest_quantity_thousandths": "0",
            "occurred_at": "2026-05-12T04:40:00Z",
            "final_at": examples.SHIPPED,
            "usable_from": examples.SHIPPED,
            "transaction_hash": examples.HASH,
            "simulated": False,
            "votes": [
                {
                    "simulated": False,
                    "organisation_lei": "999900SKAGERLINES098",
                    "organisation_name": "Skager Lines",
                    "occurred_at": "2026-05-12T04:40:00Z",
                    "quantity_thousandths": "0",
                    "evidence": examples.HASH,
                    **examples.IN_BLOCK,
                    "at": examples.SHIPPED,
                    "withdrawn_at": None,
                }
            ],
            "refused": [],
        }
    ],
}


class VoteView(BaseModel):
    """What one organisation attested; `simulated` where a sandbox did in its name, and nobody saw anything."""

    organisation_lei: str
    organisation_name: str
    occurred_at: datetime
    quantity_thousandths: str
    evidence: str = Field(description="root of its own papers: a CBV 2.0 event hash, or the SHA-256 of a document")
    transaction_hash: str
    block_number: int
    at: datetime
    simulated: bool
    withdrawn_at: datetime | None = Field(
        description="when the organisation took it back, or was shown to have said otherwise too; null where it stands"
    )


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
    usable_from: datetime | None = Field(
        description="when the time for dissent is over and draws rely on it; null unless final"
    )
    transaction_hash: str | None
    simulated: bool = Field(description="whether one of its votes is")
    votes: list[VoteView]
    refused: list[RefusedVoteView]


class MilestonesView(BaseModel):
    """What is known of a consignment, in the order of the journey."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    subject: str
    opened_at: datetime
    items: list[FactView]
    next: str | None = Field(default=None, description="pass as `cursor` for what follows; null at the end")
