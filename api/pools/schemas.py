"""Pools and positions as JSON."""

from pydantic import BaseModel, ConfigDict, Field

from api.transactions.schemas import TransactionView
from api.values import Amount, PositiveAmount


class PriceView(BaseModel):
    """A price as an exact fraction, minor units of cash per base unit of share, and as text: minor units per million
    base units of share, cut to twelve places against whoever trades."""

    numerator: str
    denominator: str
    per_million_shares: str


class PoolView(BaseModel):
    """gross = cash + principal_out + accrued_income - accrued_fees; net = gross - impairment. Shares are bought at the
    entry price (gross) and sold at the exit price (net)."""

    currency: str
    cash: Amount
    free_cash: Amount = Field(description="cash less the fees collected for the operator")
    principal_out: Amount
    accrued_income: Amount
    accrued_fees: Amount
    impairment: Amount
    interest_received: Amount
    gross: Amount
    net: Amount
    shares: str
    entry_price: PriceView
    exit_price: PriceView


class PoolsView(BaseModel):
    items: list[PoolView]


class PositionView(BaseModel):
    """One account's share of a pool; `value` is what it would be paid at the exit price, rounded down."""

    lei: str
    account: str
    shares: str
    value: Amount
    deposited: Amount
    withdrawn: Amount


class PositionsView(BaseModel):
    items: list[PositionView]


class DepositRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": {"amount": "20000000", "currency": "EUR"}}}
    )

    amount: PositiveAmount


class DepositWritten(BaseModel):
    """The lender's position as it now is, null before its first deposit is in a block."""

    position: PositionView | None
    transactions: list[TransactionView]
