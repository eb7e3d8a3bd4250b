"""What the gateway knows of an invoice besides what is on chain."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now


def new_invoice_id() -> str:
    return f"inv_{secrets.token_hex(12)}"


class InvoiceRow(SQLModel, table=True):
    """An invoice that was taken in. `receivable_id` is its fingerprint, its id on chain; one row each."""

    __tablename__ = "invoices"
    __table_args__ = (
        Index("invoices_of_supplier", "supplier_lei", "sequence"),
        Index("invoices_of_debtor", "debtor_lei", "sequence"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_invoice_id, unique=True)
    receivable_id: str = Field(unique=True)
    subject: str = Field(index=True)
    supplier_lei: str = Field(index=True)
    debtor_lei: str = Field(index=True)
    number: str
    syntax: str
    terms: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    references: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    document_cid: str
    transaction_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class SketchRow(SQLModel, table=True):
    """What an invoice is compared by once it is a candidate. Names are keyed; see `similarity.score.Marks`."""

    __tablename__ = "invoice_sketches"

    receivable_id: str = Field(primary_key=True)
    supplier: bytes
    currency: bytes
    names_order: bool
    names_despatch: bool


class SketchToken(SQLModel, table=True):
    """One thing that an invoice says, under the network's key: candidates are found by it, and nothing is read from
    it."""

    __tablename__ = "invoice_sketch_tokens"

    token: bytes = Field(primary_key=True)
    receivable_id: str = Field(primary_key=True, index=True)


class SimilarPair(SQLModel, table=True):
    """Two invoices that are near-duplicates, as it was found when the later one came in; points of 100."""

    __tablename__ = "similar_invoices"

    receivable_id: str = Field(primary_key=True)
    earlier_id: str = Field(primary_key=True, index=True)
    score: int
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))
