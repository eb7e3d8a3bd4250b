"""Transactions as the API shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlmodel import Session

from api import examples
from api.examples import shown
from api.transactions.models import Transaction
from api.transactions.outbox import T


class TransactionView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(examples.transaction("issue cash")))

    id: str
    status: str = Field(description="pending, sent, then mined, reverted, replaced or failed")
    purpose: str
    subject_id: str | None
    hash: str | None
    block_number: int | None
    gas_used: int | None
    error: dict[str, Any] | None = Field(description="why the contract refused: name, detail, context")
    created_at: datetime

    @classmethod
    def of(cls, transaction: Transaction) -> "TransactionView":
        return cls.model_validate(transaction, from_attributes=True)


class TransactionPage(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [examples.transaction("issue cash")], "next": "41"}))

    items: list[TransactionView]
    next: str | None = Field(description="pass as `before` for the next page")


_VIEWED = select(*(T.c[name] for name in TransactionView.model_fields)).order_by(T.c.sequence)


def transaction_views(session: Session, ids: list[str]) -> list[TransactionView]:
    """The transactions of a write, as they are now, in the order in which they were made."""
    rows = session.connection().execute(_VIEWED.where(T.c.id.in_(ids)))
    return [TransactionView.model_construct(**row) for row in rows.mappings()]
