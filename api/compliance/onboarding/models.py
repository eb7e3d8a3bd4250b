"""Applications, owners and papers."""

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(10)}"


class Application(SQLModel, table=True):
    """An organisation that wants to take part. `asked` is what it would be admitted with."""

    __tablename__ = "applications"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=lambda: new_id("app"), unique=True)
    lei: str = Field(index=True)
    legal_name: str
    asked: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default="submitted", index=True)
    submitted_by: str
    submitted_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    reviewed_by: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    reason: str | None = None
    transactions: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))


class Owner(SQLModel, table=True):
    """A beneficial owner. Name, birth date and country are sealed; `person` is a keyed digest of name and birth date,
    by which the same person is known elsewhere."""

    __tablename__ = "beneficial_owners"

    id: str = Field(primary_key=True)
    application_id: str = Field(index=True)
    lei: str = Field(index=True)
    person: str = Field(index=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Paper(SQLModel, table=True):
    """A document of an application; the newest of a kind counts. `expires_on` by the chain's calendar, UTC."""

    __tablename__ = "application_papers"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    application_id: str = Field(index=True)
    lei: str = Field(index=True)
    kind: str
    cid: str = Field(index=True)
    expires_on: date | None = None
    replaced: bool = False
    uploaded_by: str
    uploaded_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
