"""Margin calls, cures and sales as JSON."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api import examples
from api.examples import eur, shown
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView
from api.values import Amount, Hex32, Number, PositiveAmount, Quantity

CallState = Literal["open", "expired", "selling", "ended"]


class CallRequest(BaseModel):
    """Calls margin on goods that no longer bear what is owed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"pledge_id": "1"}))

    pledge_id: Number


class CureRequest(BaseModel):
    """What mends the call: cash of the caller's, or more goods. It ends once anyone says so and the goods bear the
    debt."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(1_700_000)}))

    amount: PositiveAmount | None = None
    receipt_id: Hex32 | None = None
    quantity_thousandths: Quantity | None = None

    @model_validator(mode="after")
    def _in_cash_or_goods(self) -> Self:
        if (self.receipt_id is None) != (self.quantity_thousandths is None):
            raise ValueError("goods are named by receipt_id and quantity_thousandths together")
        if (self.amount is None) == (self.receipt_id is None):
            raise ValueError("name either an amount, or goods")
        return self


class BidRequest(BaseModel):
    """Buys goods of a running sale at the price of this moment, for at most so much."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {"receipt_id": examples.LOT, "quantity_thousandths": "2000000", "most": eur(2_000_000)}
        ),
    )

    receipt_id: Hex32
    quantity_thousandths: Quantity
    most: PositiveAmount


class PutUpView(BaseModel):
    """Goods up for sale; `price` is for all that is left, at the block that the gateway has read."""

    receipt_id: str
    commodity: str
    unit: str
    put_up_thousandths: str
    left_thousandths: str
    least_bid_thousandths: str
    market_value: Amount = Field(description="of what was put up")
    price: Amount


class RoundView(BaseModel):
    number: int
    started_at: datetime
    until: datetime
    transaction_hash: str
    block_number: int


class SaleView(BaseModel):
    receipt_id: str
    quantity_thousandths: str
    price: Amount
    to_pool: Amount
    transaction_hash: str
    block_number: int
    at: datetime


_EXAMPLE: dict[str, Any] = {
    "id": "1-1",
    "pledge_id": "1",
    "state": "open",
    "supplier": examples.SUPPLIER,
    "owed_at_call": eur(6_048_000),
    "value_at_call": eur(6_720_000),
    "deadline": "2026-07-10T14:00:00Z",
    "called_at": examples.SHIPPED,
    "ended_at": None,
    "left_owed": None,
    "owed": eur(6_048_000),
    "base": eur(4_704_000),
    "shortfall": eur(1_344_000),
    "rounds": [],
    "goods": [],
    "sales": [],
    "possible": [
        {
            "act": "cure",
            "by": "supplier",
            "until": "2026-07-10T14:00:00Z",
            "detail": "6048000 minor units are owed, the goods may bear 4704000: 1344000 mend it",
        }
    ],
    **examples.IN_BLOCK,
}


class MarginCallView(BaseModel):
    """`open` until the deadline, `expired` when goods may be put up, `selling` while they are. Bidders are told what is
    for sale and not what is owed: those figures are null then."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    pledge_id: str
    state: CallState
    supplier: PartyView | None
    owed_at_call: Amount | None
    value_at_call: Amount | None
    deadline: datetime
    called_at: datetime
    ended_at: datetime | None
    left_owed: Amount | None = Field(description="when it ended")
    owed: Amount | None = Field(description="now; null once the call is over")
    base: Amount | None = Field(description="what may be owed for the call to end; null once it is over")
    shortfall: Amount | None
    rounds: list[RoundView]
    goods: list[PutUpView]
    sales: list[SaleView]
    possible: list[Possible]
    transaction_hash: str
    block_number: int


class MarginCallWritten(BaseModel):
    """`margin_call` is null until the gateway has read it from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": "1-1", "margin_call": _EXAMPLE, "transactions": [examples.transaction("call margin")]}
        )
    )

    id: str | None
    margin_call: MarginCallView | None
    transactions: list[TransactionView]
