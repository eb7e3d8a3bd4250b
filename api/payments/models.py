"""Payment instructions: what a participant says it will pay in, and what became of it. Times in Unix seconds of the
chain's clock."""

import secrets
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import RowNumber
from api.values import units_column


class Purpose(StrEnum):
    """What is to be done with the money once it is cash on the payer's account."""

    DEPOSIT = "deposit"  # nothing: it stays there
    RECEIVABLE = "receivable"
    FINANCING = "financing"


class InstructionStatus(StrEnum):
    """The life of an instruction; that an open one has expired is the clock's to say."""

    OPEN = "open"
    CANCELLED = "cancelled"
    BOOKED = "booked"  # its money has come in, and cash is being issued
    FUNDED = "funded"  # the cash is on the payer's account, and will be paid on
    PAYING = "paying"  # the cash is being paid on
    SETTLED = "settled"
    HELD = "held"  # the cash is on the payer's account and could not be paid on: `refusal` says why


def new_instruction_id() -> str:
    return f"pi_{secrets.token_hex(12)}"


class PaymentInstruction(SQLModel, table=True):
    """`received` is what came in, in minor units: another amount than asked for where the operator took it all the
    same."""

    __tablename__ = "payment_instructions"

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_instruction_id, unique=True)
    lei: str = Field(index=True)
    purpose: str
    target_id: str | None = None
    currency: str
    amount: int = Field(sa_column=units_column())
    reference: str = Field(unique=True)
    end_to_end_id: str = Field(unique=True)
    created_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str = Field(default=InstructionStatus.OPEN.value, index=True)
    ended_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    received: int = Field(default=0, sa_column=units_column())
    transaction_ids: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    refusal: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
