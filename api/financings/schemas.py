"""Financings as JSON."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import Step
from api.participants.schemas import PartyView
from api.transactions.schemas import TransactionView
from api.values import Amount, Hex32, PositiveAmount


class FinancingRequest(BaseModel):
    """Pledges a receivable, or a part of it, and draws what it already allows."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"facility_id": "1", "receivable_id": "0x" + "2a" * 32}}
    )

    facility_id: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]
    receivable_id: Hex32
    amount: PositiveAmount | None = Field(default=None, description="face value to pledge; by default all one holds")


class OwedView(BaseModel):
    """What is owed at the newest block that the gateway has read; interest rounded up."""

    fees: Amount
    interest: Amount
    principal: Amount
    total: Amount


class DrawView(BaseModel):
    """Money paid out; `base` and `principal` as they stood after it."""

    payee: str
    amount: Amount
    fee: Amount
    base: Amount
    principal: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class RepaymentView(BaseModel):
    """Money that came in; `residual` went to the supplier."""

    payer: str
    fees: Amount
    interest: Amount
    principal: Amount
    residual: Amount
    still_owed: Amount
    transaction_hash: str
    block_number: int
    at: datetime


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "state": "open",
    "facility_id": "1",
    "supplier": examples.SUPPLIER,
    "currency": "EUR",
    "collateral": "ReceivableCollateral",
    "item_id": examples.RECEIVABLE,
    "subject": examples.SUBJECT,
    "pledged": eur(10_000_000),
    "discount_rate_bps": 900,
    "fee_bps": 50,
    "ladder": [{"milestone": "DEPARTED", "advance_rate_bps": 6000, "measured": False}],
    "principal": eur(5_970_149),
    "impairment": eur(0),
    "owed": {"fees": eur(29_851), "interest": eur(1_493), "principal": eur(5_970_149), "total": eur(6_001_493)},
    "base": eur(6_000_000),
    "available": eur(0),
    "deferred": eur(0),
    "opened_at": examples.OPENED,
    **examples.IN_BLOCK,
    "draws": [
        {
            "payee": examples.ACCOUNT,
            "amount": eur(5_970_149),
            "fee": eur(29_851),
            "base": eur(6_000_000),
            "principal": eur(5_970_149),
            **examples.IN_BLOCK,
            "at": examples.SHIPPED,
        }
    ],
    "repayments": [],
}


class FinancingView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: str = Field(description="open, repaid or released")
    facility_id: str
    supplier: PartyView
    currency: str
    collateral: str = Field(description="the contract that keeps the item")
    item_id: str
    subject: str
    pledged: Amount
    discount_rate_bps: int
    fee_bps: int
    ladder: list[Step]
    principal: Amount
    impairment: Amount
    owed: OwedView
    base: Amount | None = Field(description="what the collateral supports; null where the gateway does not follow it")
    available: Amount | None = Field(description="what a poke would draw now")
    deferred: Amount = Field(description="wanted by the last draw that the pool had too little cash for; else 0")
    opened_at: datetime
    transaction_hash: str
    block_number: int
    draws: list[DrawView]
    repayments: list[RepaymentView]


class FinancingWritten(BaseModel):
    """`id` and `financing` are null until the chain has the financing and the gateway has read it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": "1", "financing": _EXAMPLE, "transactions": [examples.transaction("open financing")]}
        )
    )

    id: str | None
    financing: FinancingView | None
    transactions: list[TransactionView]
