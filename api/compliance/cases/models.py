"""Cases and what was done about them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from api.append_only import append_only
from api.db import RowNumber, UtcDateTime, utc_now


def new_case_id() -> str:
    return f"case_{secrets.token_hex(10)}"


class Case(SQLModel, table=True):
    """Something to look at. `key` stands for the facts: the same facts never open a second case."""

    __tablename__ = "compliance_cases"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_case_id, unique=True)
    key: str = Field(unique=True)
    kind: str = Field(index=True)
    lei: str = Field(index=True)
    title: str
    figures: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default="open", index=True)
    assignee: str | None = None
    opened_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    closed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class CaseNote(SQLModel, table=True):
    """One step in a case's life: by whom, what, and in which words."""

    __tablename__ = "compliance_case_notes"

    id: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    case_id: str = Field(index=True)
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    client: str
    action: str
    text: str = ""


append_only(SQLModel.metadata.tables["compliance_case_notes"])
