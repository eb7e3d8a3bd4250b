"""What the FinancingDesk says of financings. Amounts in minor units, times in Unix seconds. What a financing owes and
supports now is asked from the desk."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from api.db import ChainRow
from api.values import units_column


class FinancingState(StrEnum):
    OPEN = "open"
    REPAID = "repaid"
    RELEASED = "released"
    DEFAULTED = "defaulted"


class Financing(ChainRow, table=True):
    """Principal backed by an item of collateral.

    `units` are those pledged when it was opened, `ladder` the steps it was opened with; `deferred` is what the last
    draw had to leave, for what (`deferred_by`), in which transaction; `maturity_day` counts days since 1970-01-01."""

    __tablename__ = "financings"
    __table_args__ = (Index("financings_by_maturity", "maturity_day", "number"),)

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    facility: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    collateral: str
    item_id: str = Field(index=True)
    subject: str = Field(index=True)
    units: int = Field(sa_column=units_column())
    state: str = FinancingState.OPEN.value
    supplier: str = Field(index=True)
    ladder: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    maturity_day: int = 0
    deferred: int = Field(default=0, sa_column=units_column())
    deferred_by: str | None = None
    deferred_in: str | None = None
    opened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str = Field(index=True)


class Draw(ChainRow, table=True):
    """Money paid out to the supplier, what was charged for it, and where base and principal stood after it."""

    __tablename__ = "draws"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    payee: str
    amount: int = Field(sa_column=units_column())
    fee: int = Field(sa_column=units_column())
    reserve: int = Field(sa_column=units_column())
    base: int = Field(sa_column=units_column())
    principal: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    drawn_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Repayment(ChainRow, table=True):
    """Money that came in, split by the waterfall; `recovered` is principal that had been written off, `residual` went
    to the supplier."""

    __tablename__ = "repayments"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    payer: str
    late_fees: int = Field(sa_column=units_column())
    fees: int = Field(sa_column=units_column())
    interest: int = Field(sa_column=units_column())
    principal: int = Field(sa_column=units_column())
    recovered: int = Field(sa_column=units_column())
    reserve: int = Field(sa_column=units_column())
    residual: int = Field(sa_column=units_column())
    still_owed: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    repaid_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class WriteOff(ChainRow, table=True):
    """Principal booked as lost, and what was left of it in the books; it stays owed."""

    __tablename__ = "write_offs"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    amount: int = Field(sa_column=units_column())
    principal: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    written_off_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Handover(ChainRow, table=True):
    """The paper that backed a financing until then; what took its place is the next one's, or the financing's own."""

    __tablename__ = "financing_handovers"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    collateral: str
    item_id: str = Field(index=True)
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    handed_over_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Consent(ChainRow, table=True):
    """When an amendment (by its EIP-712 digest) was last agreed to, and carried out, in Unix seconds. Whether a consent
    still stands is asked from the contract: it can be taken back."""

    __tablename__ = "amendment_consents"

    amendment: str = Field(primary_key=True)
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    agreed_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    approved_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    carried_out_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    first_block: int = Field(sa_column=Column(BigInteger, nullable=False))


class AmendmentWords(SQLModel, table=True):
    """What an amendment's digest stands for, as a side that asked through this gateway said it; days since 1970-01-01,
    `valid_until` in Unix seconds."""

    __tablename__ = "amendment_words"

    amendment: str = Field(primary_key=True)
    facility: int = Field(sa_column=Column(BigInteger, nullable=False))
    maturity_day: int
    new_facility: int = Field(sa_column=Column(BigInteger, nullable=False))
    new_maturity_day: int
    document: str
    valid_until: int = Field(sa_column=Column(BigInteger, nullable=False))
