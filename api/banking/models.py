"""Bank statements that were read, and every movement that they name. A movement is stored once, in however many
messages it stands."""

import secrets
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now
from api.values import units_column

_LONGEST_REFERENCE = 140


class EntryStatus(StrEnum):
    """The life of a movement."""

    PENDING = "pending"  # announced: the bank has not booked it yet
    NOTED = "noted"  # said without a name of its own: the statement of the day's end decides
    REVIEW = "review"  # the operator decides
    DISMISSED = "dismissed"
    MATCHED = "matched"  # it is known whose it is; cash will be issued
    ISSUING = "issuing"
    ISSUED = "issued"


def new_message_id() -> str:
    return f"bs_{secrets.token_hex(12)}"


def entry_id(iban: str, reference: str, *, is_credit: bool, is_reversal: bool, place: int = 1) -> str:
    """The same for the same movement, in whichever message it stands. A bank may give a payment and its charge one
    reference, so the direction is part of it; or several payments, so from the second on their place is too."""
    said = "\0".join((iban, reference, str(is_credit), str(is_reversal), *([str(place)] if place > 1 else [])))
    return f"be_{sha256(said.encode()).hexdigest()[:24]}"


def payment_reference(iban: str, reference: str) -> str:
    """What the cash's contract knows the movement by, once it is keyed: it refuses a second issue against it."""
    said = f"{iban} {reference}"
    return said if len(said) <= _LONGEST_REFERENCE else f"{iban} {sha256(reference.encode()).hexdigest()}"


class BankMessage(SQLModel, table=True):
    """One message of the bank; `accounts` are its IBANs, in order, with commas. `counts` is what came of reading it."""

    __tablename__ = "bank_messages"
    __table_args__ = (UniqueConstraint("kind", "message_id", "accounts"),)

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_message_id, unique=True)
    kind: str
    message_id: str
    accounts: str
    sha256: str
    counts: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    received_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class BankEntry(SQLModel, table=True):
    """One movement. `reference` names it on its account; `expected` and `found` are the two values that `reason`
    compares; `decided_by` is the client of the operator that assigned or dismissed it."""

    __tablename__ = "bank_entries"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(unique=True)
    statement_id: str
    iban: str
    reference: str
    amount: int = Field(sa_column=units_column())
    currency: str
    is_credit: bool
    is_reversal: bool
    booked_on: str
    end_to_end_id: str
    creditor_references: list[str] = Field(sa_column=Column(JSON, nullable=False))
    debtor_name: str
    debtor_iban: str
    remittance: str
    status: str = Field(index=True)
    reason: str | None = None
    detail: str | None = None
    expected: Any = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    found: Any = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    instruction_id: str | None = Field(default=None, index=True)
    lei: str | None = None
    transaction_id: str | None = None
    decided_by: str | None = None
    decision: str | None = None
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
