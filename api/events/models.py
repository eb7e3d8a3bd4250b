"""The log of events and whom each of them concerns.

Neither is a ChainRow: what has been told cannot be untold. The indexer writes both in the transaction of the block, by
statements, under the lock of its cursor, so that the numbers are those of the order in which they became visible. What
requests have to tell they leave as notes, which go into the log under the same lock.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Table
from sqlmodel import Field, SQLModel

from api.db import RowNumber


class EventRow(SQLModel, table=True):
    """One event. `standing` while the block it tells of is in the chain as read; `reverts` is the number of the event
    that a reorganisation undid; `part` counts where one log tells of several things. Times in Unix seconds.

    Of what a request told there are no hashes, and nothing stands: it was said while the block was the newest read, and
    no reorganisation unsays it."""

    __tablename__ = "events"
    __table_args__ = (Index("events_of_resource", "kind", "resource_id", "sequence"),)

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    type: str
    kind: str
    resource_id: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    occurred_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    block_hash: str
    transaction_hash: str
    log_index: int
    part: int = 0
    standing: bool = True
    reverts: int | None = Field(default=None, sa_column=Column(BigInteger))


class EventParty(SQLModel, table=True):
    """An organisation that may see an event."""

    __tablename__ = "event_parties"
    __table_args__ = (Index("parties_of_event", "sequence"),)

    lei: str = Field(primary_key=True)
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class EventNote(SQLModel, table=True):
    """What a request has to tell, until it is in the log; `occurred_at` by the chain's clock, 0 before it is known."""

    __tablename__ = "event_notes"

    number: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    type: str
    kind: str
    resource_id: str
    leis: list[str] = Field(sa_column=Column(JSON, nullable=False))
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    occurred_at: int = Field(sa_column=Column(BigInteger, nullable=False))


def table_of(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


EVENTS, PARTIES, NOTES = table_of(EventRow), table_of(EventParty), table_of(EventNote)
