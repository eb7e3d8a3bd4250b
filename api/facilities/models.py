"""What the FinancingDesk and the collateral adapters say of facilities. Amounts in minor units, rates in bps."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class Facility(ChainRow, table=True):
    """A line: `supplier` is the account that draws, `pool` the pool's address, `expires_at` Unix seconds."""

    __tablename__ = "facilities"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    supplier: str = Field(index=True)
    pool: str
    limit: int = Field(sa_column=units_column())
    drawn: int = Field(default=0, sa_column=units_column())
    discount_rate_bps: int
    fee_bps: int
    expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    opened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str = Field(index=True)


class Ladder(ChainRow, table=True):
    """The steps of a facility for one collateral adapter (by address), in the order in which they are reached."""

    __tablename__ = "facility_ladders"

    facility: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    collateral: str = Field(primary_key=True)
    steps: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
