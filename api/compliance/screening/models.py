"""Lists, what was compared with them, and the hits."""

import secrets
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now

THE_STATE: Final = 1


class ScreeningState(SQLModel, table=True):
    """How many list versions there have been, over all lists. One row: uploading takes its lock, so that versions
    become visible in the order of their numbers."""

    __tablename__ = "screening_state"

    id: int = Field(default=THE_STATE, primary_key=True)
    serial: int = 0


class ListVersion(SQLModel, table=True):
    """A file that was uploaded: `serial` over all lists, `sha256` of its bytes, and what it changed."""

    __tablename__ = "screening_list_versions"

    serial: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(index=True)
    kind: str
    sha256: str
    entries: int
    added: int
    changed: int
    removed: int
    uploaded_by: str
    uploaded_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class ListEntry(SQLModel, table=True):
    """An entry as the list has it now, or had it last; `serial` is the version that changed it last."""

    __tablename__ = "screening_entries"

    list_name: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    serial: int = Field(index=True)
    digest: str
    kind: str
    names: list[str] = Field(sa_column=Column(JSON, nullable=False))
    country: str
    lei: str
    accounts: list[str] = Field(sa_column=Column(JSON, nullable=False))
    remark: str
    removed: bool = False


class ScreenedSubject(SQLModel, table=True):
    """What was compared, and with which lists: `digest` is keyed, `serial` the last version it was compared with,
    `threshold` the percentage from which a name was a hit."""

    __tablename__ = "screening_subjects"

    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    digest: str
    serial: int
    threshold: int


class Hit(SQLModel, table=True):
    """Something of ours that may be something of a list. The same two, unchanged, are never raised twice."""

    __tablename__ = "screening_hits"
    __table_args__ = (
        UniqueConstraint("list_name", "entry_id", "entry_digest", "subject_kind", "subject_id", "subject_digest"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(unique=True)
    list_name: str
    entry_id: str
    entry_digest: str
    subject_kind: str
    subject_id: str = Field(index=True)
    subject_digest: str
    lei: str = Field(index=True)
    score: int
    reasons: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default="open", index=True)
    raised_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    reason: str | None = None


def new_hit_id() -> str:
    return f"hit_{secrets.token_hex(10)}"
