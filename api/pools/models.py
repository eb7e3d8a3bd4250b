"""What the lending pools and their tranches say, in minor units and shares. What a pool has and a share is worth now is
asked from the contracts."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class Pool(ChainRow, table=True):
    """What has come into a pool (by address) and what it has lost since it began; `covered` was its reserve's."""

    __tablename__ = "pools"

    address: str = Field(primary_key=True)
    interest_received: int = Field(default=0, sa_column=units_column())
    late_fees_received: int = Field(default=0, sa_column=units_column())
    lost: int = Field(default=0, sa_column=units_column())
    covered: int = Field(default=0, sa_column=units_column())
    recovered: int = Field(default=0, sa_column=units_column())


class Position(ChainRow, table=True):
    """Shares of one account in one tranche, without those that it has handed in."""

    __tablename__ = "pool_positions"

    currency: str = Field(primary_key=True)
    tranche: str = Field(primary_key=True)
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
    tranche: str
    account: str = Field(index=True)
    assets: int = Field(sa_column=units_column())
    shares: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    deposited_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class PoolEntry(ChainRow, table=True):
    """Money into a pool's account (below zero: out of it), by what for; or, of the kinds in `WITHOUT_MONEY`, what left
    the lenders' assets. One event may be several entries."""

    __tablename__ = "pool_entries"
    __table_args__ = (Index("ix_pool_entries_period", "currency", "booked_at"),)

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(primary_key=True)
    currency: str
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    booked_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class LenderEntry(ChainRow, table=True):
    """What changed an account's shares of a tranche, or brought it cash: `assets` is what it paid in (below zero: was
    paid)."""

    __tablename__ = "lender_entries"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account: str = Field(primary_key=True, index=True)
    currency: str
    tranche: str
    kind: str
    shares: int = Field(sa_column=units_column())
    assets: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    booked_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Risk(ChainRow, table=True):
    """Whose risk a financing is, and whose money (by address): debtor and warehouse by organisation number, 0 for none;
    `country` by its two letters."""

    __tablename__ = "financing_risks"

    financing: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    source: str = Field(index=True)
    debtor: int
    seller_group: int
    country: str
    warehouse: int


class SyndicateMember(ChainRow, table=True):
    """A pool (by address) that a syndicate may draw on: one that has listed it, which cannot be undone. In which shares
    the syndicate lends is asked from it."""

    __tablename__ = "syndicate_members"

    syndicate: str = Field(primary_key=True)
    pool: str = Field(primary_key=True, index=True)
    listed_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str


class Redemption(ChainRow, table=True):
    """Shares that an account has handed in for one epoch; several requests of an epoch are one."""

    __tablename__ = "pool_redemptions"

    currency: str = Field(primary_key=True)
    tranche: str = Field(primary_key=True)
    account: str = Field(primary_key=True, index=True)
    epoch: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    shares: int = Field(default=0, sa_column=units_column())
    requested_at: int = Field(sa_column=Column(BigInteger, nullable=False))
