"""What the indexer remembers of its way through the chain."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now

THE_CURSOR = 1


class Cursor(SQLModel, table=True):
    """The newest block whose effects are in the database. One row."""

    __tablename__ = "indexer_cursor"

    id: int = Field(default=THE_CURSOR, primary_key=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_hash: str
    block_timestamp: int = Field(sa_column=Column(BigInteger, nullable=False))


class IndexedBlock(SQLModel, table=True):
    """One of the last blocks, to find where a reorganisation branched off."""

    __tablename__ = "indexer_blocks"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: str


class IndexedEvent(SQLModel, table=True):
    """An event that handlers have taken, or failed on."""

    __tablename__ = "indexer_events"

    block_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str
    contract: str
    name: str
    status: str = Field(description="done or poison", index=True)
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
