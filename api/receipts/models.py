"""What the WarehouseReceiptToken says of lots. Quantities in thousandths of the lot's unit, times in Unix seconds. What
a lot is and where its units lie now is asked from the contract."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class LotState(StrEnum):
    LIVE = "live"
    RELEASED = "released"
    MERGED = "merged"


class Announcement(ChainRow, table=True):
    """What a warehouse says has come in, by the digest of it. `operator` and `owner` are accounts, `entry` is the
    contract's own words, which minting repeats."""

    __tablename__ = "lot_announcements"

    digest: str = Field(primary_key=True)
    lot_id: str = Field(index=True)
    subject: str = Field(index=True)
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    operator: str = Field(index=True)
    owner: str = Field(index=True)
    entry: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    announced_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    withdrawn_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str = Field(index=True)


class Engagement(ChainRow, table=True):
    """Whether a supplier lets a warehouse announce lots in its name; both by organisation number."""

    __tablename__ = "warehouse_engagements"

    owner: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    operator: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    engaged: bool


class Lot(ChainRow, table=True):
    """Goods in a warehouse; `operator` is the organisation that runs it. `received` is what was minted, with what other
    lots brought in and without what was split off; `received - released` is left. `part_of` is the lot that it was
    split from, `merged_into` the one that it went into."""

    __tablename__ = "lots"

    id: str = Field(primary_key=True)
    subject: str = Field(index=True)
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    operator: int = Field(index=True)
    received: int = Field(sa_column=units_column())
    released: int = Field(default=0, sa_column=units_column())
    state: str = Field(default=LotState.LIVE.value, index=True)
    part_of: str | None = None
    merged_into: str | None = None
    minted_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str


class Title(ChainRow, table=True):
    """What an account owns of a lot, wherever it lies."""

    __tablename__ = "lot_titles"

    lot_id: str = Field(primary_key=True)
    owner: str = Field(primary_key=True, index=True)
    units: int = Field(default=0, sa_column=units_column())


class Step(ChainRow, table=True):
    """One thing that happened to a lot, in the order of the chain. `giver` and `taker` are accounts, `other` another
    lot or the digest of a release order."""

    __tablename__ = "lot_steps"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    lot_id: str = Field(primary_key=True, index=True)
    kind: str
    giver: str | None = None
    taker: str | None = None
    quantity: int = Field(sa_column=units_column())
    other: str | None = None
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    happened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
