"""Requests counted. Transactions, gas and documents are not counted here: their own tables know them."""

from datetime import date

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class UsageCount(SQLModel, table=True):
    """One organisation's requests (`lei` empty: the operator's or a supervisor's) of one UTC day to one group of
    operations. `refused` are those that were answered with 4xx or 5xx."""

    __tablename__ = "usage_counts"

    lei: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    operations: str = Field(primary_key=True)
    requests: int = Field(sa_column=Column(BigInteger, nullable=False))
    writes: int = Field(sa_column=Column(BigInteger, nullable=False))
    refused: int = Field(sa_column=Column(BigInteger, nullable=False))
