"""What the lending pools and their vaults say, in minor units and shares."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class Pool(ChainRow, table=True):
    """The books of one pool; `shares` are those of its vault."""

    __tablename__ = "pools"

    currency: str = Field(primary_key=True)
    cash: int = Field(default=0, sa_column=units_column())
    principal_out: int = Field(default=0, sa_column=units_column())
    accrued_fees: int = Field(default=0, sa_column=units_column())
    impairment: int = Field(default=0, sa_column=units_column())
    shares: int = Field(default=0, sa_column=units_column())
    interest_received: int = Field(default=0, sa_column=units_column())


class Position(ChainRow, table=True):
    """Shares of one account in one pool."""

    __tablename__ = "pool_positions"

    currency: str = Field(primary_key=True)
    account: str = Field(primary_key=True, index=True)
    shares: int = Field(default=0, sa_column=units_column())
    deposited: int = Field(default=0, sa_column=units_column())
    withdrawn: int = Field(default=0, sa_column=units_column())


class Deposit(ChainRow, table=True):
    """One deposit of a lender and the shares it bought."""

    __tablename__ = "pool_deposits"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    currency: str
    account: str = Field(index=True)
    assets: int = Field(sa_column=units_column())
    shares: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    deposited_at: int = Field(sa_column=Column(BigInteger, nullable=False))
