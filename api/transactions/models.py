"""What the transaction manager remembers."""

import secrets
import time
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary
from sqlalchemy.orm import class_mapper
from sqlmodel import Field, SQLModel

from api.db import RowNumber, UtcDateTime, utc_now
from api.tracing import trace_id


class Status(StrEnum):
    """The life of a transaction. The last four are final."""

    PENDING = "pending"  # the intent is stored; perhaps a nonce and a signature, too
    SENT = "sent"  # the node has it
    MINED = "mined"
    REVERTED = "reverted"  # in a block, but refused by the contract; or found refused before it was signed anew
    REPLACED = "replaced"  # a later attempt took its place
    FAILED = "failed"  # the node will never take it


SUBMITTED: Final = "transactions"
"""In a session's `info`: the transactions that it submitted, by id, in order."""
WAITING: Final = "waiting"
"""In a session's `info`, where intents may be stored together with those of other requests: those yet to be stored."""
OPEN: Final = (Status.PENDING.value, Status.SENT.value)
FINAL: Final = (Status.MINED.value, Status.REVERTED.value, Status.REPLACED.value, Status.FAILED.value)


def new_transaction_id() -> str:
    """`tx_` and 26 characters that grow with time."""
    return f"tx_{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)[:15]}"


class Transaction(SQLModel, table=True):
    """One intended effect on chain: exactly one, whatever happens to the process or the node."""

    __tablename__ = "transactions"
    __table_args__ = (
        Index("transactions_open", "status", "sender", "nonce"),
        Index("transactions_lane", "sender", "nonce"),
        Index("transactions_of_owner", "owner_lei", "sequence"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    id: str = Field(default_factory=new_transaction_id, unique=True)
    signer: str
    sender: str
    owner_lei: str | None = None
    purpose: str
    subject_id: str | None = Field(default=None, index=True)
    to_address: str
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    function: str
    gas: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str = Status.PENDING.value
    nonce: int | None = Field(default=None, sa_column=Column(BigInteger))
    hash: str | None = Field(default=None, unique=True)
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    fee_per_gas: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, default=0))
    block_number: int | None = Field(default=None, sa_column=Column(BigInteger, index=True))
    block_hash: str | None = None
    gas_used: int | None = Field(default=None, sa_column=Column(BigInteger))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    trace_id: str | None = Field(default_factory=trace_id)


_BLANK: Final = {
    "sequence": None,
    "subject_id": None,
    "owner_lei": None,
    "status": Status.PENDING.value,
    "nonce": None,
    "hash": None,
    "raw": None,
    "fee_per_gas": 0,
    "block_number": None,
    "block_hash": None,
    "gas_used": None,
    "error": None,
    "sent_at": None,
}


def intended(**fields: Any) -> Transaction:
    """A new intent, as `Transaction(...)` would make it, at a tenth of the cost: no attribute is watched for changes,
    since it is stored past the unit of work and belongs to no session."""
    made: Transaction = class_mapper(Transaction).class_manager.new_instance()
    made.__dict__.update(_BLANK, id=new_transaction_id(), created_at=utc_now(), trace_id=trace_id(), **fields)
    return made


class Attempt(SQLModel, table=True):
    """A signed transaction that a later one replaced. It may still be the one that gets into a block."""

    __tablename__ = "transaction_attempts"

    hash: str = Field(primary_key=True)
    transaction_sequence: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
    replaced_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class Lane(SQLModel, table=True):
    """The nonces of one account: handed out in order, under this row's lock."""

    __tablename__ = "transaction_lanes"

    sender: str = Field(primary_key=True)
    signer: str
    next_nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
