"""What the cash tokens say."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class Balance(ChainRow, table=True):
    """Cash of one account in one currency, in minor units."""

    __tablename__ = "cash_balances"

    currency: str = Field(primary_key=True)
    account: str = Field(primary_key=True, index=True)
    amount: int = Field(default=0, sa_column=units_column())


class ParkedPayout(ChainRow, table=True):
    """Money that a payee could not take when it fell due and that waits for it at a contract (`keeper`)."""

    __tablename__ = "parked_payouts"

    keeper: str = Field(primary_key=True)
    payee: str = Field(primary_key=True)
    cash: str = Field(primary_key=True)
    amount: int = Field(default=0, sa_column=units_column())


class CashReason(ChainRow, table=True):
    """What an event says that cash moved for, near the transfer that it is about: by whom and to whom, as far as it
    tells, in minor units, and on which thing of the gateway's (`reference_id` of a `reference_kind`)."""

    __tablename__ = "cash_reasons"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(primary_key=True)
    payer: str | None = None
    payee: str | None = None
    amount: int = Field(sa_column=units_column())
    reference_kind: str | None = None
    reference_id: str | None = None
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
