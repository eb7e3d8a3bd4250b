"""What the ReceivableToken says. Amounts in minor units, quantities in thousandths, times in Unix seconds."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class ReceivableState(StrEnum):
    REGISTERED = "registered"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


class Receivable(ChainRow, table=True):
    """An invoice on chain; `due_date` in days since 1970-01-01, supplier and debtor by organisation number.

    `face_value` is what is owed in all, which credit notes and settled disputes lower from `registered_value`.
    `changed_block` is the last block in which the contract said anything of it: what the contract answers of it, or of
    its holders, is the same from there on."""

    __tablename__ = "receivables"
    __table_args__ = (
        Index("receivables_by_registration", "registered_at", "id"),
        Index("receivables_by_due_date", "due_date", "id"),
        Index("receivables_by_state", "state", "registered_at", "id"),
    )

    id: str = Field(primary_key=True)
    supplier: int = Field(index=True)
    debtor: int = Field(index=True)
    currency: str
    registered_value: int = Field(sa_column=units_column())
    face_value: int = Field(sa_column=units_column())
    paid: int = Field(default=0, sa_column=units_column())
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    due_date: int
    state: str = ReceivableState.REGISTERED.value
    set_off_waived: bool = False
    cancellation_consented: bool = False
    registered_at: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    accepted_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    settled_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    changed_block: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str


class Holding(ChainRow, table=True):
    """Units of a receivable that an account holds; one unit is one minor unit of face value."""

    __tablename__ = "receivable_holdings"

    receivable_id: str = Field(primary_key=True)
    holder: str = Field(primary_key=True, index=True)
    units: int = Field(default=0, sa_column=units_column())


class Payment(ChainRow, table=True):
    """One payment on a receivable and what it left outstanding."""

    __tablename__ = "receivable_payments"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True)
    receivable_id: str = Field(index=True)
    payer: str
    amount: int = Field(sa_column=units_column())
    outstanding: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    paid_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Objection(ChainRow, table=True):
    """A step by which less may come to be owed: a credit note, or a dispute opened, withdrawn, conceded or resolved.
    `amount` is what it took off; of a dispute opened or withdrawn, what is objected to. `evidence` is a hash."""

    __tablename__ = "receivable_objections"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    receivable_id: str = Field(index=True)
    kind: str
    amount: int = Field(sa_column=units_column())
    evidence: str | None = None
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    made_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Approval(ChainRow, table=True):
    """A holder's standing permission to an operator (a custodian) to move its receivables."""

    __tablename__ = "receivable_approvals"

    owner: str = Field(primary_key=True)
    operator: str = Field(primary_key=True)
    approved: bool = False
