"""A read model of the test token: every kind of column, every kind of change."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, LargeBinary, Numeric
from sqlmodel import Field, Session

from api.db import ChainRow, UtcDateTime
from api.indexer import handles
from chain_node.client import Block, Event

POISON = 666
CLEARING = 13


class Tally(ChainRow, table=True):
    """What one account has told, in all."""

    __tablename__ = "test_tallies"

    account: str = Field(primary_key=True)
    kind: bytes = Field(primary_key=True)
    total: int = Field(sa_column=Column(BigInteger, nullable=False))
    mean: Decimal = Field(sa_column=Column(Numeric(20, 4), nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    seen: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class Told(ChainRow, table=True):
    """One event."""

    __tablename__ = "test_told"

    transaction_hash: str = Field(primary_key=True)
    value: int = Field(sa_column=Column(BigInteger, nullable=False))


@handles("CashToken", "Transfer")
def on_transfer(session: Session, event: Event, block: Block) -> None:
    """13 clears the account's tally; 666 fails half-way."""
    account, value = event.arguments["to"], event.arguments["value"]
    if event.arguments["from"] != account or int(event.address, 16) != 0xC0FFE:
        return  # another test's chain
    session.add(Told(transaction_hash=event.transaction_hash.hex(), value=value))
    tally = session.get(Tally, (account, b"\x01"))
    if value == POISON:
        session.flush()
        raise ValueError(f"poison of {account}")
    if value == CLEARING and tally is not None:
        session.delete(tally)
        return
    now = datetime.fromtimestamp(block.timestamp, UTC)
    if tally is None:
        tally = Tally(account=account, kind=b"\x01", total=0, mean=Decimal(0), at=now, last=b"", seen={})
        session.add(tally)
    tally.total += value
    tally.mean = Decimal(tally.total) / 2
    tally.at, tally.last, tally.seen = now, event.block_hash, {**tally.seen, str(value): block.number}
