"""The quotes that the gateway has given, as they were given. Times in Unix seconds of the chain's clock."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now


class QuoteStatus(StrEnum):
    """What was done with it; that it has expired is the clock's to say."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


def new_quote_id() -> str:
    return f"qt_{secrets.token_hex(12)}"


class QuoteRow(SQLModel, table=True):
    """Of a receivable or of an order. `asked` is the request, `said` the figures as they were shown, `bound` the terms
    that acceptance compares."""

    __tablename__ = "quotes"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_quote_id, unique=True)
    supplier_lei: str = Field(index=True)
    facility: int = Field(sa_column=Column(BigInteger, nullable=False))
    receivable_id: str | None = Field(default=None, index=True)
    order_id: str | None = Field(default=None, index=True)
    asked: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    said: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    bound: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    status: str = QuoteStatus.OPEN.value
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    quoted_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    valid_until: int = Field(sa_column=Column(BigInteger, nullable=False))
    ended_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    transaction_ids: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
