"""What the indexer remembers of its way through the chain."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now

THE_CURSOR = 1
POISONED = text("status = 'poison'")


class Cursor(SQLModel, table=True):
    """The newest block whose effects are in the database. One row.

    `branch` is another one after each reorganisation: a block's number names one block of a branch."""

    __tablename__ = "indexer_cursor"

    id: int = Field(default=THE_CURSOR, primary_key=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_hash: str
    block_timestamp: int = Field(sa_column=Column(BigInteger, nullable=False))
    branch: str = Field(default_factory=lambda: uuid4().hex)


class IndexedBlock(SQLModel, table=True):
    """One of the last blocks, to find where a reorganisation branched off."""

    __tablename__ = "indexer_blocks"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: str


class IndexedEvent(SQLModel, table=True):
    """An event that handlers have taken, or failed on."""

    __tablename__ = "indexer_events"
    __table_args__ = (
        # Nearly all are done, and nobody looks for those.
        Index("poison_events", "block_number", sqlite_where=POISONED, postgresql_where=POISONED),
    )

    block_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str
    contract: str
    name: str
    status: str = Field(description="done or poison")
    error: str | None = None
    recorded_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class JournalEntry(SQLModel, table=True):
    """A ChainRow as it was before a block changed it; no image where the block made it."""

    __tablename__ = "indexer_journal"

    id: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    table_name: str
    key: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    image: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
