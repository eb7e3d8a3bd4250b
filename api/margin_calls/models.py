"""What the InventoryCollateral says of calls for margin. Amounts in minor units, times in Unix seconds."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class MarginCall(ChainRow, table=True):
    """A call, numbered from 1 within its financing; `value` is what the goods were taken to be worth. `ended_at` is
    null also where the goods have left the financing without a word on the call."""

    __tablename__ = "margin_calls"

    financing: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    owed: int = Field(sa_column=units_column())
    value: int = Field(sa_column=units_column())
    deadline: int = Field(sa_column=Column(BigInteger, nullable=False))
    called_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    ended_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    ended_block: int | None = Field(default=None, sa_column=Column(BigInteger))
    left_owed: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str = Field(index=True)


class SaleRound(ChainRow, table=True):
    """A sale of the goods of a call, at prices that fall until `until`."""

    __tablename__ = "sale_rounds"

    financing: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    call: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    started_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    until: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str


class PutUp(ChainRow, table=True):
    """What a lot was put up at in its financing's latest round: so much market value for so much of it."""

    __tablename__ = "goods_put_up"

    financing: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    lot_id: str = Field(primary_key=True)
    quantity: int = Field(sa_column=units_column())
    market_value: int = Field(sa_column=units_column())
