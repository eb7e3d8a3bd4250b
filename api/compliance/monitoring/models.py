"""What moved, as the chain says it, and how far the rules have looked."""

from typing import Final

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import ChainRow
from api.values import units_column

THE_STATE: Final = 1
CASH, UNITS = "cash", "units"


class Movement(ChainRow, table=True):
    """Cash (`asset` is its currency) or units of a receivable (`asset` is its id) that went from one account to
    another; issue and redemption come from and go to the zero address. `part` counts within one event."""

    __tablename__ = "movements"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    part: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    asset: str
    giver: str
    taker: str
    amount: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    moved_at: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))


class CommodityFeed(ChainRow, table=True):
    """By which feed (its policy) goods of a commodity are valued from a moment on."""

    __tablename__ = "commodity_feeds"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    commodity: str = Field(index=True)
    feed: str
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    set_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class MonitoringState(SQLModel, table=True):
    """Up to which block the rules have looked. One row."""

    __tablename__ = "monitoring_state"

    id: int = Field(default=THE_STATE, primary_key=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
