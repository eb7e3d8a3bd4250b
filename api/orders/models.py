"""What OrderEscrow and OrderMatch say. Amounts in minor units, quantities in thousandths, times in Unix seconds, days
counted from 1970-01-01. What is held, earned and owed now is asked from the escrow."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from api.db import ChainRow
from api.values import units_column


class OrderState(StrEnum):
    """As a life: `settled`, `cancelled`, `lapsed` and `closed` are its ends."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    LAPSED = "lapsed"
    CLOSED = "closed"


class Order(ChainRow, table=True):
    """A purchase order; seller and buyer by organisation number. `lines` and `payouts` are as they were registered,
    values and quantities as text. An assignee is the contract that takes proceeds or refunds, None where they are the
    seller's or the buyer's; `disputed_by` and `dispute_until` are of the dispute that is open."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_by_registration", "registered_at", "id"),
        Index("orders_by_delivery", "deliver_by", "id"),
    )

    id: str = Field(primary_key=True)
    seller: int = Field(index=True)
    buyer: int = Field(index=True)
    currency: str
    subject: str = Field(index=True)
    terms_hash: str
    value: int = Field(sa_column=units_column())
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    deliver_by: int
    grace_days: int
    deposit: int = Field(sa_column=units_column())
    over_bps: int
    under_bps: int
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    payouts: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    state: str = OrderState.REGISTERED.value
    buyer_account: str | None = None
    assignee: str | None = None
    refund_assignee: str | None = None
    invoicing_permitted: bool = False
    disputed_by: int | None = None
    dispute_until: int | None = Field(default=None, sa_column=Column(BigInteger))
    registered_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    accepted_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    ended_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str


class Movement(ChainRow, table=True):
    """Money of an order that moved. `kind` is deposit, payment (past the escrow), payout, refund or invoiced; `account`
    who paid in, or who got it; `beneficiary` in whose name a deposit was made or is given back. Of what invoices took
    over there is neither."""

    __tablename__ = "order_movements"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    order_id: str = Field(index=True)
    kind: str
    account: str | None = None
    beneficiary: str | None = None
    amount: int = Field(sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    moved_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Step(ChainRow, table=True):
    """A step of a quarrel, or towards an end by agreement. `to_seller` is what of the sum held was, or is to be, the
    seller's; `evidence` a hash; `by` an organisation's number, None for the arbiter or whoever found the time up."""

    __tablename__ = "order_steps"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    order_id: str = Field(index=True)
    kind: str
    by: int | None = None
    to_seller: int | None = Field(default=None, sa_column=Column(BigInteger))
    evidence: str | None = None
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    made_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class MatchedInvoice(ChainRow, table=True):
    """An accepted invoice that took the place of a part of its order."""

    __tablename__ = "order_invoices"

    receivable_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    face_value: int = Field(sa_column=units_column())
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    matched_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class OfferState(StrEnum):
    OPEN = "open"
    WITHDRAWN = "withdrawn"
    TAKEN = "taken"


class Offer(ChainRow, table=True):
    """Goods in a warehouse that the seller offers against payment out of escrow, by the digest of the offer."""

    __tablename__ = "order_offers"

    digest: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    owner: str
    lot: str
    quantity: int = Field(sa_column=units_column())
    price: int = Field(sa_column=units_column())
    state: str
    offered_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))


class OrderWords(SQLModel, table=True):
    """What the hash of an order's terms stands for, as its seller said it at this gateway: its number, what its lines
    are of, and the references of its consignment. The chain has keyed hashes only."""

    __tablename__ = "order_words"

    terms_hash: str = Field(primary_key=True)
    number: str
    items: list[str] = Field(sa_column=Column(JSON, nullable=False))
    references: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
