"""What FeedOracle and ConditionGrades say. Values in the unit and decimals of their feed, times in Unix seconds."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class FeedPolicy(ChainRow, table=True):
    """How a feed is reported and what its values mean, in the contract's own fields."""

    __tablename__ = "feed_policies"

    id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    terms: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    closed_at: int | None = Field(default=None, sa_column=Column(BigInteger))


class FeedValue(ChainRow, table=True):
    """One value that a quorum reported. `subject` is the consignment whose condition it is, null of a price or a rate;
    `organisations` are numbers; `past` where it counts among what was, and the last value stays."""

    __tablename__ = "feed_values"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    policy: str = Field(index=True)
    subject: str | None = Field(default=None, index=True)
    round: int = Field(sa_column=Column(BigInteger, nullable=False))
    value: int = Field(sa_column=units_column())
    observed_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    organisations: list[int] = Field(sa_column=Column(JSON, nullable=False))
    past: bool = False
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    reported_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class ReadingRefusal(ChainRow, table=True):
    """A reading, or with no signer a whole report, that did not count, and why."""

    __tablename__ = "reading_refusals"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    policy: str = Field(index=True)
    subject: str | None = Field(default=None, index=True)
    round: int = Field(sa_column=units_column())
    signer: str | None = None
    reason: str
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    refused_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class GradeStep(ChainRow, table=True):
    """What happened to the grade of a consignment's goods; `inspector` by organisation number."""

    __tablename__ = "grade_steps"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = Field(index=True)
    kind: str
    before: int | None = None
    after: int | None = None
    inspector: int | None = None
    sequence: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    happened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
