"""Orders as JSON."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.orders.schemas import Side, StateName
from api.participants.schemas import PartyView
from api.transactions.schemas import TransactionView
from api.values import Amount

Actor = Literal["seller", "buyer", "arbiter", "anyone"]
_STEPS: list[dict[str, Any]] = [
    {
        "milestone": "DEPARTED",
        "share_bps": 4000,
        "measured": False,
        "delivered_thousandths": None,
        "worth": eur(4_000_000),
        "earned": eur(4_000_000),
        "paid": eur(3_000_000),
        "to_come": eur(1_000_000),
    },
    {
        "milestone": "RECEIVED",
        "share_bps": 10_000,
        "measured": True,
        "delivered_thousandths": "0",
        "worth": eur(6_000_000),
        "earned": eur(0),
        "paid": eur(0),
        "to_come": eur(6_000_000),
    },
]
_EXAMPLE: dict[str, Any] = {
    "id": examples.HASH,
    "number": "PO-2026-0815",
    "state": "accepted",
    "seller": examples.SUPPLIER,
    "buyer": examples.DEBTOR,
    "value": eur(10_000_000),
    "quantity_thousandths": "1000000",
    "deliver_by": "2026-06-30",
    "grace_days": 10,
    "deposit": eur(3_000_000),
    "over_bps": 0,
    "under_bps": 100,
    "terms_hash": examples.HASH,
    "subject": examples.SUBJECT,
    "references": [{"kind": "container", "value": "ZZXU2605127", "linked": True}],
    "lines": [
        {
            "item": examples.HASH,
            "name": "AS-1012",
            "unit": "H87",
            "quantity_thousandths": "1000000",
            "value": eur(10_000_000),
        }
    ],
    "milestones": _STEPS,
    "money": {
        "funded": eur(3_000_000),
        "held": eur(0),
        "unfunded": eur(7_000_000),
        "earned": eur(4_000_000),
        "due": eur(0),
        "paid": eur(3_000_000),
        "invoiced": eur(0),
        "waived": eur(0),
        "refunded": eur(0),
        "outstanding": eur(7_000_000),
    },
    "late_from": "2026-07-01T00:00:00Z",
    "refundable_from": "2026-07-11T00:00:00Z",
    "dispute": None,
    "proceeds_go_to": "OrderCollateral",
    "refunds_go_to": None,
    "invoicing_permitted": False,
    "next": [{"act": "deposits", "by": ["buyer"], "at": None}],
    "movements": [
        {
            "kind": "deposit",
            "account": examples.ACCOUNT,
            "party": "Borealis Retail",
            "beneficiary": examples.ACCOUNT,
            "amount": eur(3_000_000),
            **examples.IN_BLOCK,
            "at": examples.OPENED,
        }
    ],
    "steps": [],
    "invoices": [],
    "offers": [],
    "registered_at": examples.OPENED,
    "accepted_at": examples.OPENED,
    "ended_at": None,
    **examples.IN_BLOCK,
}


class OrderLineView(BaseModel):
    item: str = Field(description="keyed hash of what is ordered")
    name: str | None = Field(description="what that is; null where its seller did not register it at this gateway")
    unit: str
    quantity_thousandths: str
    value: Amount


class OrderReferenceView(BaseModel):
    kind: str
    value: str
    linked: bool = Field(description="whether it leads to this order's goods")


class MilestoneView(BaseModel):
    """One step of the payout ladder. `paid` is what has gone to the seller's side, counted to the steps that have
    earned it and then to those that will; `to_come` what is still to be paid."""

    milestone: str
    share_bps: int = Field(description="share of the order's value that is earned in all from here on")
    measured: bool
    delivered_thousandths: str | None = Field(description="attested so far, at most the order; null where not measured")
    worth: Amount = Field(description="what this step adds when all is delivered")
    earned: Amount
    paid: Amount
    to_come: Amount


class MoneyView(BaseModel):
    """Value = paid + invoiced + waived + outstanding; outstanding = held + unfunded, while the order lives."""

    funded: Amount = Field(description="put into escrow in all")
    held: Amount = Field(description="in escrow, and may yet be earned")
    unfunded: Amount = Field(description="still to come from the buyer")
    earned: Amount = Field(description="by facts, paid or not")
    due: Amount = Field(description="earned and held: what a settlement would pay now")
    paid: Amount
    invoiced: Amount = Field(description="owed by matched invoices instead")
    waived: Amount = Field(description="not to be paid any more: the order ended before it was earned")
    refunded: Amount = Field(description="given back to the buyer's side")
    outstanding: Amount


class DisputeView(BaseModel):
    by: Side
    until: datetime = Field(description="from when anyone may end it")


class NextView(BaseModel):
    """An act that is open now, or from `at` on, as the path under the order names it."""

    act: str
    by: list[Actor]
    at: datetime | None = Field(description="from when; null for now")


class MovementView(BaseModel):
    """Money that moved: a deposit into escrow, a payment past it, a payout, a refund, or what an invoice took over."""

    kind: Literal["deposit", "payment", "payout", "refund", "invoiced"]
    account: str | None = Field(description="who paid in, or who got it")
    party: str | None = Field(description="whose account that is, or which contract")
    beneficiary: str | None = Field(description="in whose name it was put in, or goes back")
    amount: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class OrderStepView(BaseModel):
    """A step of a dispute, or towards an end that both sides agree to."""

    kind: Literal["dispute opened", "dispute ended", "dispute decided", "split agreed", "split"]
    by: PartyView | None = Field(description="null for the arbiter, for both sides, or for anyone when time was up")
    to_seller: Amount | None
    evidence: str | None
    transaction_hash: str
    block_number: int
    at: datetime


class MatchedInvoiceView(BaseModel):
    receivable_id: str
    face_value: Amount
    quantity_thousandths: str
    at: datetime


class OfferView(BaseModel):
    """Goods in a warehouse against payment: who takes it names `digest`."""

    digest: str
    state: Literal["open", "withdrawn", "taken"]
    lot_id: str
    quantity_thousandths: str
    price: Amount
    offered_at: datetime


class OrderView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    number: str | None = Field(description="null where its seller did not register it at this gateway")
    state: StateName
    seller: PartyView
    buyer: PartyView
    value: Amount
    quantity_thousandths: str = Field(description="goods ordered; 0 where they cannot be measured in one unit")
    deliver_by: date
    grace_days: int
    deposit: Amount
    over_bps: int
    under_bps: int
    terms_hash: str = Field(description="what the buyer repeats to accept")
    subject: str = Field(description="the consignment whose facts earn the money")
    references: list[OrderReferenceView]
    lines: list[OrderLineView]
    milestones: list[MilestoneView]
    money: MoneyView
    late_from: datetime = Field(description="the end of the day of delivery: nothing more is lent on it")
    refundable_from: datetime | None = Field(description="from when what is not earned goes back; null when over")
    dispute: DisputeView | None
    proceeds_go_to: str | None = Field(description="the contract that takes what is paid; null for the seller")
    refunds_go_to: str | None = Field(description="the contract that takes what goes back; null for the buyer")
    invoicing_permitted: bool = Field(description="whether that contract lets invoices take the order's place")
    next: list[NextView] = Field(description="what may be done next, by whom")
    movements: list[MovementView]
    steps: list[OrderStepView]
    invoices: list[MatchedInvoiceView]
    offers: list[OfferView]
    registered_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    transaction_hash: str
    block_number: int


class OrderWritten(BaseModel):
    """`order` is null until the chain has it and the gateway has read it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": examples.HASH, "order": _EXAMPLE, "transactions": [examples.transaction("register order")]}
        )
    )

    id: str
    order: OrderView | None
    transactions: list[TransactionView]
