"""Financings as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import StepView
from api.participants.schemas import PartyView
from api.quotes.schemas import EXAMPLE as QUOTE_EXAMPLE
from api.quotes.schemas import QUOTE_ID, QuoteView, Wish
from api.sandbox.schemas import Simulation
from api.transactions.schemas import TransactionView
from api.values import Amount, AmountOrNothing, Hex32, Number, PositiveAmount, Quantity

CollateralKind = Literal["receivable", "order", "purchase", "goods", "other"]


class Opening(BaseModel):
    """Pledges an invoice, an order or goods in a warehouse, or a part of them, and draws what they already allow. An
    order is its seller's collateral, or its buyer's under an earmarked facility."""

    facility_id: Number
    receivable_id: Hex32 | None = None
    order_id: Hex32 | None = None
    receipt_id: Hex32 | None = None
    quantity_thousandths: Quantity | None = None
    amount: PositiveAmount | None = None
    on_acceptance_only: bool = False


_OF_GOODS = {"facility_id", "receipt_id", "quantity_thousandths"}


class FinancingRequest(Wish):
    """Asks for a quote, accepts one, or opens a financing.

    - An invoice, a receivable or an order: every rule is checked, and a binding quote answered, and taken if `accept`
      says so.
    - `quote_id` alone: accepts that quote.
    - `facility_id` and `receivable_id`, `order_id` or `receipt_id`, without `accept`: opens the financing at once,
      without a quote.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "invoice_id": "inv_5b0c6f4c1d2e3f405162738a",
                "expected": [{"milestone": "DEPARTED", "at": "2026-05-12T09:00:00Z"}],
                "accept": True,
            }
        },
    )

    receipt_id: Hex32 | None = Field(default=None, description="goods in a warehouse; named with the facility")
    quantity_thousandths: Quantity | None = Field(
        default=None, description="of the goods, in thousandths of their unit; by default all one has free"
    )
    quote_id: Annotated[str, StringConstraints(pattern=QUOTE_ID)] | None = None
    sandbox: Simulation | None = Field(
        default=None, description="what of its journey is simulated at once; only where the gateway is a sandbox"
    )
    accept: bool | None = Field(default=None, description="true: take the quote at once; false: only ask for it")

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "FinancingRequest":
        items = [self.receivable_id, self.invoice_id, self.order_id, self.receipt_id, self.quote_id]
        if sum(item is not None for item in items) != 1:
            raise ValueError("name one of receivable_id, invoice_id, order_id, receipt_id and quote_id")
        if self.receipt_id is None and self.quantity_thousandths is not None:
            raise ValueError("a quantity is of goods: name their receipt_id")
        if self.receipt_id is not None and (self.facility_id is None or self.model_fields_set - _OF_GOODS):
            raise ValueError("goods are financed without a quote: name facility_id and quantity_thousandths only")
        if self.quote_id is not None and self.model_fields_set - {"quote_id", "accept", "sandbox"}:
            raise ValueError("a quote has its terms already: with quote_id nothing else can be asked for")
        if self.sandbox is not None and self.quote_id is None and not (self.accept or self.is_direct):
            raise ValueError("sandbox simulates the journey of what is financed: accept, too")
        if self.quote_id is not None and self.accept is False:
            raise ValueError("quote_id accepts a quote; to look at one, GET /v1/quotes/{id}")
        if len({each.milestone for each in self.expected}) != len(self.expected):
            raise ValueError("each milestone can be expected once")
        return self

    @property
    def is_direct(self) -> bool:
        """Whether a financing is to be opened without a quote."""
        expects = bool(self.expected) or self.expected_repayment_at is not None
        named = self.facility_id is not None and (self.receivable_id or self.order_id or self.receipt_id) is not None
        return named and self.accept is None and not expects

    def opening(self) -> Opening:
        """Of a direct request."""
        return Opening.model_validate(self.model_dump(include=set(Opening.model_fields)))


class HandoverRequest(BaseModel):
    """What backs the financing from now on: the goods of its order in a warehouse, or the accepted invoice of them.
    Goods that backed it until now go to who owes the invoice."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"receivable_id": examples.RECEIVABLE}))

    receivable_id: Hex32 | None = None
    lot_id: Hex32 | None = None
    amount: PositiveAmount | None = Field(default=None, description="of the invoice; by default all one holds")
    quantity_thousandths: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,14}$")] | None = Field(
        default=None, description="of the lot, in thousandths of its unit; by default all one has free"
    )

    @model_validator(mode="after")
    def _of_one_item(self) -> Self:
        if (self.receivable_id is None) == (self.lot_id is None):
            raise ValueError("name either receivable_id or lot_id")
        if (self.amount if self.lot_id else self.quantity_thousandths) is not None:
            raise ValueError("an amount is of an invoice, a quantity of a lot")
        return self


class DeliveryRequest(BaseModel):
    """Goods that the seller of the financing's order offers, by the digest of the offer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"digest": examples.HASH}))

    digest: Hex32


class PurposeRequest(BaseModel):
    """What the draws of an earmarked financing are for, said before the first: the order that one buys, or the invoice
    that a carrier has of one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"order_id": examples.HASH, "most": eur(7_000_000)})
    )

    order_id: Hex32 | None = None
    receivable_id: Hex32 | None = None
    most: PositiveAmount

    @model_validator(mode="after")
    def _of_one_item(self) -> Self:
        if (self.receivable_id is None) == (self.order_id is None):
            raise ValueError("name either receivable_id or order_id")
        return self


class RepaymentRequest(BaseModel):
    """Repays out of one's own cash; what is repaid so is not drawn again. No more is taken than is owed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": {"amount": "1000000", "currency": "EUR"}}}
    )

    amount: PositiveAmount


class ImpairmentRequest(BaseModel):
    """How much of the principal is expected to be lost; nothing is drawn while it is above zero."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(1_000_000)}))

    amount: AmountOrNothing


class OwedView(BaseModel):
    """What is owed at the newest block that the gateway has read, in the order in which payments serve it; interest and
    late fees rounded up."""

    late_fees: Amount
    fees: Amount
    interest: Amount
    principal: Amount
    written_off: Amount = Field(description="principal that counts as lost, and is owed all the same")
    reserve: Amount = Field(description="for the pool's first-loss reserve")
    total: Amount


class DrawView(BaseModel):
    """Money paid out; `base` and `principal` as they stood after it."""

    payee: str
    amount: Amount
    fee: Amount
    reserve: Amount
    base: Amount
    principal: Amount
    transaction_hash: str
    block_number: int
    at: datetime


REPAYMENT: dict[str, Any] = {
    "id": f"{examples.HASH}-7",
    "payer": examples.ACCOUNT,
    "amount": eur(10_000_000),
    "late_fees": eur(0),
    "fees": eur(29_557),
    "interest": eur(73_892),
    "principal": eur(5_911_330),
    "recovered": eur(0),
    "reserve": eur(59_113),
    "residual": eur(3_926_108),
    "still_owed": eur(0),
    **examples.IN_BLOCK,
    "at": examples.PAID,
}


class RepaymentView(BaseModel):
    """Money that came in, in the order of the waterfall: the seven parts sum to `amount`. `recovered` is principal that
    had been written off, `residual` went to the supplier."""

    model_config = ConfigDict(json_schema_extra=shown(REPAYMENT))

    id: str
    payer: str
    amount: Amount
    late_fees: Amount
    fees: Amount
    interest: Amount
    principal: Amount
    recovered: Amount
    reserve: Amount
    residual: Amount
    still_owed: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class WriteOffView(BaseModel):
    """Principal booked as lost, and what was left of it in the books."""

    amount: Amount
    principal: Amount
    transaction_hash: str
    block_number: int
    at: datetime


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "state": "open",
    "facility_id": "1",
    "supplier": examples.SUPPLIER,
    "currency": "EUR",
    "collateral_kind": "receivable",
    "collateral": "ReceivableCollateral",
    "item_id": examples.RECEIVABLE,
    "subject": examples.SUBJECT,
    "simulated": False,
    "pledged": eur(10_000_000),
    "discount_rate_bps": 900,
    "fee_bps": 50,
    "ladder": [{"milestone": "DEPARTED", "advance_rate_bps": 6000, "measured": False}],
    "principal": eur(5_911_330),
    "impairment": eur(0),
    "owed": {
        "late_fees": eur(0),
        "fees": eur(29_557),
        "interest": eur(1_478),
        "principal": eur(5_911_330),
        "written_off": eur(0),
        "reserve": eur(59_113),
        "total": eur(6_001_478),
    },
    "maturity_date": "2026-07-03",
    "overdue_from": "2026-07-09T00:00:00Z",
    "write_off_due": eur(0),
    "base": eur(6_000_000),
    "available": eur(0),
    "deferred": eur(0),
    "deferred_by": None,
    "opened_at": examples.OPENED,
    **examples.IN_BLOCK,
    "draws": [
        {
            "payee": examples.ACCOUNT,
            "amount": eur(5_911_330),
            "fee": eur(29_557),
            "reserve": eur(59_113),
            "base": eur(6_000_000),
            "principal": eur(5_911_330),
            **examples.IN_BLOCK,
            "at": examples.SHIPPED,
        }
    ],
    "repayments": [],
    "write_offs": [],
    "handovers": [],
    "pledged_thousandths": None,
    "purpose": None,
}


class HandoverView(BaseModel):
    """A paper that backed the financing until `at`; what still comes in on it pays the financing."""

    collateral_kind: CollateralKind
    item_id: str
    transaction_hash: str
    block_number: int
    at: datetime


class PurposeView(BaseModel):
    """Where draws go instead of to the supplier, `most` in all and `paid` so far."""

    kind: Literal["freight", "purchase"]
    item_id: str = Field(description="the carrier's receivable, or the order")
    most: Amount
    paid: Amount


class FinancingView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: str = Field(description="open, repaid, released or defaulted")
    facility_id: str
    supplier: PartyView
    currency: str
    collateral_kind: CollateralKind = Field(description="an order is one kind to its seller, another to its buyer")
    collateral: str = Field(description="the contract that keeps the item")
    item_id: str = Field(description="the receivable, order or lot")
    subject: str
    simulated: bool = Field(description="whether a sandbox simulated facts about its goods, and so moved its cash")
    pledged: Amount | None = Field(description="null where goods are pledged")
    pledged_thousandths: str | None = Field(description="of a lot, when it was pledged; null where money is")
    purpose: PurposeView | None = Field(description="what earmarked draws are for; null where nothing was said")
    discount_rate_bps: int
    fee_bps: int
    ladder: list[StepView]
    principal: Amount
    impairment: Amount
    owed: OwedView
    maturity_date: date
    overdue_from: datetime = Field(description="from then on, days of grace included, late fees are owed")
    base: Amount = Field(description="what the collateral supports")
    available: Amount = Field(description="what a poke would draw now")
    write_off_due: Amount = Field(description="what would count as lost by now if it were marked overdue")
    deferred: Amount = Field(description="what the last draw had to leave undrawn")
    deferred_by: str | None = Field(
        description="for what: limit, cash, cap, or payee: the account that would be paid has left"
    )
    opened_at: datetime
    transaction_hash: str
    block_number: int
    draws: list[DrawView]
    repayments: list[RepaymentView]
    write_offs: list[WriteOffView]
    handovers: list[HandoverView] = Field(description="what backed it before, in that order")


class FinancingWritten(BaseModel):
    """`id` and `financing` are null until the chain has the financing and the gateway has read it, and where only a
    quote was asked for; `quote` is null where there is none."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": "1",
                "financing": _EXAMPLE,
                "quote": {**QUOTE_EXAMPLE, "state": "accepted", "financing_id": "1"},
                "transactions": [examples.transaction("open financing")],
            }
        )
    )

    id: str | None
    financing: FinancingView | None
    quote: QuoteView | None = None
    transactions: list[TransactionView]
