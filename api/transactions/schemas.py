"""Transactions as the API shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.transactions.models import Transaction


class TransactionView(BaseModel):
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
    items: list[TransactionView]
    next: str | None = Field(description="pass as `before` for the next page")


def transaction_views(session: Session, ids: list[str]) -> list[TransactionView]:
    """The transactions of a write, as they are now, in the order in which they were made."""
    rows = session.exec(select(Transaction).where(col(Transaction.id).in_(ids)).order_by(col(Transaction.sequence)))
    return [TransactionView.of(row) for row in rows]
