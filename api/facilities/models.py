"""What the FinancingDesk and the collateral adapters say of facilities. Amounts in minor units, rates in bps."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class Facility(ChainRow, table=True):
    """A line: `supplier` is the account that draws, `pool` the address of who funds it, `expires_at` Unix seconds.
    `recourse_to` is the financing that the supplier has to pay first, 0 for none."""

    __tablename__ = "facilities"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    supplier: str = Field(index=True)
    pool: str
    limit: int = Field(sa_column=units_column())
    discount_rate_bps: int
    day_count: str
    fee_bps: int
    late_fee_bps: int
    reserve_bps: int
    committed_fee_bps: int
    grace_days: int
    recourse: bool
    revolving: bool
    earmarked: bool
    recourse_to: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
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
