"""Invoices as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.invoices.similarity.schemas import SimilarView
from api.transactions.schemas import TransactionView


class ReferenceView(BaseModel):
    """A document number by which oracle nodes find the goods; not linked where it already means other goods."""

    kind: str
    value: str
    linked: bool


class InvoiceView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "inv_0f3c1a5be2d44c7f9a2b6e10",
                "receivable_id": "0x" + "2a" * 32,
                "fingerprint": "0x" + "2a" * 32,
                "state": "registered",
                "number": "INV-2026-0815",
                "syntax": "UBL",
                "supplier_lei": "999900ACMESUPPLIES58",
                "debtor_lei": "999900BOREALISRETL40",
                "terms": {"payable": {"amount": "10000000", "currency": "EUR"}, "due_date": "2026-07-03"},
                "subject": "0x" + "7b" * 32,
                "references": [{"kind": "order", "value": "PO-2026-0815", "linked": True}],
                "document_cid": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
                "created_at": "2026-05-04T08:00:00Z",
                "transactions": [],
                "similar": [],
            }
        }
    )

    id: str
    receivable_id: str
    fingerprint: str
    state: str = Field(description="of the receivable; `submitted` until the chain has it, `failed` where it refused")
    number: str
    syntax: str
    supplier_lei: str
    debtor_lei: str
    terms: dict[str, Any]
    subject: str = Field(description="the consignment under which facts about the goods are gathered")
    references: list[ReferenceView]
    document_cid: str
    created_at: datetime
    transactions: list[TransactionView]
    similar: list[SimilarView] | None = Field(default=None, description="near-duplicates; null in lists")
