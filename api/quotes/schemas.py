"""Quotes as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import DayCountName, MilestoneName
from api.quotes.annual_rate import CONVENTION
from api.transactions.schemas import TransactionView
from api.values import Amount, Hex32, Moment, Number, PositiveAmount

QUOTE_ID = r"^qt_[0-9a-f]{24}$"
Quantity = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]
QuoteState = Literal["open", "accepted", "failed", "withdrawn", "expired"]


class Expectation(BaseModel):
    """When a step of the ladder is expected to be reached, and with how much where it is measured."""

    model_config = ConfigDict(extra="forbid")

    milestone: MilestoneName
    at: Moment
    quantity_thousandths: Quantity | None = Field(default=None, description="by default all that is invoiced")


class Wish(BaseModel):
    """What is to be financed, and when what is expected of it. Name `receivable_id`, `invoice_id` or `order_id`; where
    no facility is named, the cheapest of one's own is taken."""

    facility_id: Number | None = None
    receivable_id: Hex32 | None = None
    invoice_id: Annotated[str, StringConstraints(pattern=r"^inv_[0-9a-f]{24}$")] | None = None
    order_id: Hex32 | None = Field(
        default=None,
        description="an order that one sells; or, with its earmarked facility and no quote, one that one buys",
    )
    amount: PositiveAmount | None = Field(
        default=None,
        description="face value to pledge; by default all one holds, or all that is outstanding on an order",
    )
    on_acceptance_only: bool = Field(
        default=False,
        description="lend on the debtor's acceptance alone; needed for further parts of an invoice, as its goods "
        "move one financing only",
    )
    expected: Annotated[list[Expectation], Field(max_length=4)] = Field(
        default_factory=list,
        description="for a quote: when steps will be reached; a step that is not named counts as reached at once",
    )
    expected_repayment_at: Moment | None = Field(
        default=None, description="for a quote; by default the end of the day on which it is due"
    )


class CheckView(BaseModel):
    """A rule, whether it is met, and the two values that were compared."""

    name: str
    passed: bool
    found: str
    needed: str
    detail: str


class ChargeInput(BaseModel):
    """One line of a charge: a rate of an amount, for a time where it is a rate per year. `seconds` are those of the day
    count's clock, the year has `year_days` of 86,400 each."""

    on: Amount
    rate_bps: int
    since: datetime | None = None
    until: datetime | None = None
    seconds: int | None = None
    year_days: int | None = None


class ChargeView(BaseModel):
    """One charge: what it comes to, and what it is reckoned from."""

    name: Literal["interest", "fee", "reserve", "committed fee"]
    amount: Amount
    formula: str
    inputs: list[ChargeInput]


class LateFeesView(BaseModel):
    """What being late would cost, which is no part of the quote's cost. Who pays all before `overdue_from` owes
    none."""

    rate_bps: int
    accrue_from: datetime
    overdue_from: datetime
    grace_days: int
    per_day: Amount = Field(description="on the whole principal, rounded up")


class StepQuoteView(BaseModel):
    """A step of the ladder: what it makes of the base, and what it then pays out. `bounded_by` names what keeps the
    draw below what the base allows: limit, cap, cash, or time."""

    milestone: str
    advance_rate_bps: int
    measured: bool
    reached: bool
    expected_at: datetime
    base: Amount
    draw: Amount
    fee: Amount
    reserve: Amount
    committed_fee: Amount
    bounded_by: Literal["limit", "cap", "cash", "time"] | None


class CashFlowView(BaseModel):
    """Money to the supplier, or (below zero) from what its debtor pays to the lender."""

    at: datetime
    amount: Amount


_STEP: dict[str, Any] = {
    "milestone": "DEPARTED",
    "advance_rate_bps": 6000,
    "measured": False,
    "reached": False,
    "expected_at": examples.SHIPPED,
    "base": eur(6_000_000),
    "draw": eur(5_911_330),
    "fee": eur(29_557),
    "reserve": eur(59_113),
    "committed_fee": eur(0),
    "bounded_by": None,
}
EXAMPLE: dict[str, Any] = {
    "id": "qt_5b0c6f4c1d2e3f405162738a",
    "state": "open",
    "facility_id": "1",
    "receivable_id": examples.RECEIVABLE,
    "order_id": None,
    "invoice_id": "inv_5b0c6f4c1d2e3f405162738a",
    "currency": "EUR",
    "pledged": eur(10_000_000),
    "quoted_at": examples.OPENED,
    "valid_until": "2026-05-04T09:15:05Z",
    "block_number": 42,
    "day_count": "actual/360",
    "maturity_date": "2026-07-03",
    "expected_repayment_at": "2026-07-04T00:00:00Z",
    "checks": [
        {
            "name": "receivable-accepted",
            "passed": True,
            "found": "accepted",
            "needed": "accepted",
            "detail": "The receivable is accepted; only an accepted one is financed.",
        }
    ],
    "steps": [_STEP],
    "paid_at_once": eur(0),
    "net_payout": eur(5_911_330),
    "charges": [
        {
            "name": "fee",
            "amount": eur(29_557),
            "formula": "each draw x rate / 10000, rounded up",
            "inputs": [{"on": eur(5_911_330), "rate_bps": 50}],
        }
    ],
    "total_cost": eur(167_000),
    "owed_at_repayment": eur(6_078_330),
    "annual_rate_bps": 2099,
    "annual_rate_convention": CONVENTION,
    "cash_flows": [
        {"at": examples.SHIPPED, "amount": eur(5_911_330)},
        {"at": "2026-07-04T00:00:00Z", "amount": eur(-6_078_330)},
    ],
    "late_fees": {
        "rate_bps": 400,
        "accrue_from": "2026-07-04T00:00:00Z",
        "overdue_from": "2026-07-09T00:00:00Z",
        "grace_days": 5,
        "per_day": eur(657),
    },
    "holdback": eur(4_088_670),
    "rest_at_repayment": eur(3_921_670),
    "assumptions": ["The debtor pays in full at the expected repayment."],
    "financing_id": None,
    "transactions": [],
}


class QuoteView(BaseModel):
    """What a financing would pay out and cost, step by step, at the terms of one block. It binds the gateway until
    `valid_until`, as long as those terms stand: accepting compares them again. It keeps no money back: see
    `assumptions`."""

    model_config = ConfigDict(json_schema_extra=shown(EXAMPLE))

    id: str
    state: QuoteState
    facility_id: str
    receivable_id: str | None = Field(description="null where an order is financed")
    order_id: str | None = None
    invoice_id: str | None
    currency: str
    pledged: Amount
    quoted_at: datetime
    valid_until: datetime
    block_number: int = Field(description="whose terms it is bound to")
    day_count: DayCountName
    maturity_date: date
    expected_repayment_at: datetime
    checks: list[CheckView]
    steps: list[StepQuoteView] = Field(description="what raises the base, in the order of the ladder")
    paid_at_once: Amount = Field(description="on steps that are reached already")
    net_payout: Amount = Field(description="all draws; charges are taken out of what comes back, not out of draws")
    charges: list[ChargeView]
    total_cost: Amount
    owed_at_repayment: Amount
    annual_rate_bps: int | None = Field(description="null where there is none, or it would say nothing")
    annual_rate_convention: str
    cash_flows: list[CashFlowView]
    late_fees: LateFeesView
    holdback: Amount = Field(description="what of the pledged value is not paid out before the debtor pays")
    rest_at_repayment: Amount = Field(description="what of it goes to the supplier then")
    assumptions: list[str]
    financing_id: str | None
    transactions: list[TransactionView]
