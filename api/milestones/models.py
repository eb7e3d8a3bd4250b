"""What the MilestoneOracle says. Times in Unix seconds, quantities in thousandths."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow


class FactStatus(StrEnum):
    GATHERING = "gathering"
    FINAL = "final"
    DISPUTED = "disputed"


class Policy(ChainRow, table=True):
    """When a milestone stands; roles as bits of Roles."""

    __tablename__ = "milestone_policies"

    milestone: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    threshold: int
    eligible_roles: int
    required_roles: int
    tolerance_bps: int
    max_age_seconds: int = Field(sa_column=Column(BigInteger, nullable=False))
    clock_skew_seconds: int = Field(sa_column=Column(BigInteger, nullable=False))
    dispute_window_seconds: int = Field(sa_column=Column(BigInteger, nullable=False))


class Subject(ChainRow, table=True):
    """A consignment; `beneficiary` is a group's number."""

    __tablename__ = "subjects"

    id: str = Field(primary_key=True)
    beneficiary: int
    opened_by: str
    opened_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Consumer(ChainRow, table=True):
    """A contract that is told of a consignment's facts."""

    __tablename__ = "subject_consumers"

    subject: str = Field(primary_key=True)
    consumer: str = Field(primary_key=True)


class Reference(ChainRow, table=True):
    """A keyed reference under which nodes find a consignment."""

    __tablename__ = "subject_references"

    reference: str = Field(primary_key=True)
    subject: str = Field(index=True)


class Fact(ChainRow, table=True):
    """The tally of one milestone of one partial delivery.

    Least and greatest are over those who measured; `relied_quantity` is what may be relied on, 0 until enough have."""

    __tablename__ = "facts"

    subject: str = Field(primary_key=True)
    milestone: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    status: str = FactStatus.GATHERING.value
    count: int = 0
    measured_by: int = 0
    least_quantity: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    greatest_quantity: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    relied_quantity: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    occurred_at: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    final_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    usable_from: int | None = Field(default=None, sa_column=Column(BigInteger))
    final_transaction: str | None = None


class Vote(ChainRow, table=True):
    """What one organisation (by number) attested; `evidence` is the root of its own papers. `withdrawn_at` is when it
    took that back, or was shown to have said otherwise too."""

    __tablename__ = "votes"

    subject: str = Field(primary_key=True)
    milestone: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    organisation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    occurred_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    evidence: str
    voted_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    withdrawn_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    log_index: int
    transaction_hash: str


class RefusedVote(ChainRow, table=True):
    """A vote that did not count, and why."""

    __tablename__ = "refused_votes"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = Field(index=True)
    milestone: int
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    signer: str
    reason: str
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    refused_at: int = Field(sa_column=Column(BigInteger, nullable=False))
