"""What the FinancingDesk says of financings. Amounts in minor units, times in Unix seconds."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class FinancingState(StrEnum):
    OPEN = "open"
    REPAID = "repaid"
    RELEASED = "released"


class Financing(ChainRow, table=True):
    """Principal backed by an item of collateral.

    `accrued_numerator` is the interest until `accrued_at` that is unpaid, times INTEREST_DENOMINATOR; `ladder` the
    steps it was opened with; `repaid_ahead` what was repaid out of somebody's own cash, never lent again."""

    __tablename__ = "financings"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    facility: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    collateral: str
    item_id: str = Field(index=True)
    subject: str = Field(index=True)
    units: int = Field(sa_column=units_column())
    state: str = FinancingState.OPEN.value
    discount_rate_bps: int
    fee_bps: int
    pool: str
    supplier: str = Field(index=True)
    ladder: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    principal: int = Field(default=0, sa_column=units_column())
    fees_due: int = Field(default=0, sa_column=units_column())
    accrued_numerator: int = Field(default=0, sa_column=units_column())
    accrued_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    impairment: int = Field(default=0, sa_column=units_column())
    repaid_ahead: int = Field(default=0, sa_column=units_column())
    opened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str = Field(index=True)
    deferred: int = Field(default=0, sa_column=units_column())


class Draw(ChainRow, table=True):
    """Money paid out to the supplier, the flat fee charged for it, and where base and principal stood after it."""

    __tablename__ = "draws"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    payee: str
    amount: int = Field(sa_column=units_column())
    fee: int = Field(sa_column=units_column())
    base: int = Field(sa_column=units_column())
    principal: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    drawn_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Repayment(ChainRow, table=True):
    """Money that came in, split by the waterfall; `residual` went to the supplier."""

    __tablename__ = "repayments"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    payer: str
    fees: int = Field(sa_column=units_column())
    interest: int = Field(sa_column=units_column())
    principal: int = Field(sa_column=units_column())
    residual: int = Field(sa_column=units_column())
    still_owed: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    repaid_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class PoolIncome(ChainRow, table=True):
    """Interest of a whole pool (by address) in two numbers: earned and unreceived is weight * t - settled, exact."""

    __tablename__ = "pool_income"

    pool: str = Field(primary_key=True)
    weight: int = Field(default=0, sa_column=units_column())
    settled: int = Field(default=0, sa_column=units_column())


class ParkedPayout(ChainRow, table=True):
    """Money that a payee could not take when it fell due and that waits for it at a contract (`keeper`)."""

    __tablename__ = "parked_payouts"

    keeper: str = Field(primary_key=True)
    payee: str = Field(primary_key=True)
    cash: str = Field(primary_key=True)
    amount: int = Field(default=0, sa_column=units_column())
