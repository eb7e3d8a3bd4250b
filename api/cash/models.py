"""What the cash tokens say."""

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
