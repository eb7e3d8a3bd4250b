"""Pools and positions as JSON."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.transactions.schemas import TransactionView
from api.values import Amount, PositiveAmount

_PRICE = {"numerator": "15000001", "denominator": "15000001000000", "per_million_shares": "1.000000000000"}
_POOL: dict[str, Any] = {
    "currency": "EUR",
    "cash": eur(9_029_851),
    "free_cash": eur(9_029_851),
    "principal_out": eur(5_970_149),
    "accrued_income": eur(0),
    "accrued_fees": eur(0),
    "impairment": eur(0),
    "interest_received": eur(0),
    "gross": eur(15_000_000),
    "net": eur(15_000_000),
    "shares": "15000000000000",
    "entry_price": _PRICE,
    "exit_price": _PRICE,
}
_POSITION: dict[str, Any] = {
    "lei": examples.LENDER["lei"],
    "account": examples.ACCOUNT,
    "shares": "15000000000000",
    "value": eur(15_000_000),
    "deposited": eur(15_000_000),
    "withdrawn": eur(0),
}


class PriceView(BaseModel):
    """A price as an exact fraction, minor units of cash per base unit of share, and as text: minor units per million
    base units of share, cut to twelve places against whoever trades."""

    numerator: str
    denominator: str
    per_million_shares: str


class PoolView(BaseModel):
    """gross = cash + principal_out + accrued_income - accrued_fees; net = gross - impairment. Shares are bought at the
    entry price (gross) and sold at the exit price (net)."""

    model_config = ConfigDict(json_schema_extra=shown(_POOL))

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
    model_config = ConfigDict(json_schema_extra=shown({"items": [_POOL]}))

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
    model_config = ConfigDict(json_schema_extra=shown({"items": [_POSITION]}))

    items: list[PositionView]


class DepositRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": {"amount": "20000000", "currency": "EUR"}}}
    )

    amount: PositiveAmount


class DepositWritten(BaseModel):
    """The lender's position as it now is, null before its first deposit is in a block."""

    model_config = ConfigDict(
        json_schema_extra=shown({"position": _POSITION, "transactions": [examples.transaction("deposit into pool")]})
    )

    position: PositionView | None
    transactions: list[TransactionView]
