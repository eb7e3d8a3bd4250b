"""What InsurancePolicies says. Amounts in minor units, times in Unix seconds. What was paid and came
back, is due or claimable now is asked."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class PolicyState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    BOUND = "bound"
    PAID = "paid"
    ENDED = "ended"


class InsurancePolicy(ChainRow, table=True):
    """A policy by its number; `insurer` by account, `terms` in the contract's own fields."""

    __tablename__ = "insurance_policies"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    insurer: str = Field(index=True)
    terms: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default=PolicyState.OFFERED.value, index=True)
    offered_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    accepted_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    bound_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    ended_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    waived: int = Field(default=0, sa_column=units_column())
    loss_at: int | None = Field(default=None, sa_column=Column(BigInteger))
    loss: int = Field(default=0, sa_column=units_column())
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction_hash: str = Field(index=True)
