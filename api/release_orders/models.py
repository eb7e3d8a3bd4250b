"""Orders by which goods leave. Quantities in thousandths, times in Unix seconds."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import ChainRow
from api.values import units_column


class OrderState(StrEnum):
    ORDERED = "ordered"
    LEFT = "left"
    LAPSED = "lapsed"
    DECLINED = "declined"


class ReleaseOrder(ChainRow, table=True):
    """An order by its digest, as the chain has it; accounts by address. `released` has left, `kept` has not and is free
    again. `lender` has agreed, where the goods are pledged for `financing`."""

    __tablename__ = "release_orders"

    digest: str = Field(primary_key=True)
    lot_id: str = Field(index=True)
    quantity: int = Field(sa_column=units_column())
    beneficiary: str = Field(index=True)
    holder: str
    to: str = Field(index=True)
    subject: str
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    deadline: int = Field(sa_column=Column(BigInteger, nullable=False))
    nonce: int = Field(sa_column=units_column())
    state: str = Field(default=OrderState.ORDERED.value, index=True)
    released: int = Field(default=0, sa_column=units_column())
    kept: int = Field(default=0, sa_column=units_column())
    financing: int | None = Field(default=None, sa_column=Column(BigInteger))
    lender: str | None = None
    ordered_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    done_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str = Field(index=True)


class LenderConsent(ChainRow, table=True):
    """That a lender agreed to an order, told just before the order itself."""

    __tablename__ = "release_consents"

    digest: str = Field(primary_key=True)
    financing: int = Field(sa_column=Column(BigInteger, nullable=False))
    lender: str


class ExceededExit(ChainRow, table=True):
    """An exit at which more has left than its orders explain: nothing of the consignment lends anything meanwhile."""

    __tablename__ = "exceeded_exits"

    subject: str = Field(primary_key=True)
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    lot_id: str
    attested: int = Field(sa_column=units_column())
    ordered: int = Field(sa_column=units_column())
    reconciled_at: int | None = Field(default=None, sa_column=Column(BigInteger))


class ReleaseRequest(SQLModel, table=True):
    """What an owner of pledged goods has asked the lender to agree to, in the order's own words: the chain knows its
    digest only."""

    __tablename__ = "release_requests"

    digest: str = Field(primary_key=True)
    owner_lei: str = Field(index=True)
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    lot_id: str = Field(index=True)
    quantity: int = Field(sa_column=units_column())
    beneficiary: str
    holder: str
    to: str
    subject: str
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    deadline: int = Field(sa_column=Column(BigInteger, nullable=False))
    nonce: int = Field(sa_column=units_column())
