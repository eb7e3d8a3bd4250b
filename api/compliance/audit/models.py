"""The entries of the audit trail, and where their chain ends."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from api.append_only import append_only
from api.db import RowNumber, UtcDateTime, utc_now

THE_HEAD: Final = 1
SEALED: Final = ("id", "at", "client", "lei", "operation", "resource", "status", "detail")
"""What an entry says; the rest is its place in the chain, which it gets once."""


class AuditEntry(SQLModel, table=True):
    """Who did what with which answer. Written with the act itself; `number`, `previous` and `hash` follow at once."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(
            "audit_entries_unlinked",
            "id",
            sqlite_where=text("number IS NULL"),
            postgresql_where=text("number IS NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    client: str = Field(index=True)
    lei: str | None = None
    operation: str
    resource: str
    status: int
    detail: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    number: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    previous: str | None = None
    hash: str | None = None


class AuditHead(SQLModel, table=True):
    """The chain's last entry. One row: who links entries holds its lock, so that several gateways make one chain."""

    __tablename__ = "audit_head"

    id: int = Field(default=THE_HEAD, primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str


append_only(SQLModel.metadata.tables["audit_entries"], sealed=SEALED, once="number")
