"""Webhooks, what is to be delivered to each, and what became of it. Times are of the machine's clock."""

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from api.db import UtcDateTime, utc_now


def new_webhook_id() -> str:
    return f"wh_{secrets.token_hex(12)}"


class DeliveryStatus(StrEnum):
    """The last two are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Webhook(SQLModel, table=True):
    """An address that is told events: those of an organisation (None: the operator, of all).

    `kinds` are those that its maker could read, `types` those asked for. `through` is the last event that has been
    looked at for it, `queued` the number of its last delivery, `failures` how many attempts failed since one did not.
    Secrets are sealed, the former one counts until `former_until`."""

    __tablename__ = "webhooks"

    id: str = Field(default_factory=new_webhook_id, primary_key=True)
    lei: str | None = Field(default=None, index=True)
    url: str
    description: str = ""
    types: list[str] = Field(sa_column=Column(JSON, nullable=False))
    kinds: list[str] = Field(sa_column=Column(JSON, nullable=False))
    enabled: bool = True
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    former_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    former_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    through: int = Field(sa_column=Column(BigInteger, nullable=False))
    queued: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    failures: int = 0
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class Delivery(SQLModel, table=True):
    """One event to one webhook, numbered in the order in which they are to arrive. A ping is of no event.

    Whoever attempts it holds it by `claim` until `claimed_until`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_due", "status", "due_at"),
        Index("webhook_deliveries_of_resource", "webhook_id", "resource", "number"),
    )

    webhook_id: str = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event: int | None = Field(default=None, sa_column=Column(BigInteger))
    type: str
    resource: str
    status: str = DeliveryStatus.PENDING.value
    is_replay: bool = False
    attempts: int = 0
    due_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    claim: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class DeliveryAttempt(SQLModel, table=True):
    """One try. `status` is what the receiver answered, `problem` why it did not."""

    __tablename__ = "webhook_attempts"

    webhook_id: str = Field(primary_key=True)
    delivery: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    milliseconds: int
    status: int | None = None
    problem: str | None = None
