"""Facilities as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.participants.schemas import PartyView
from api.pools.schemas import LenderView
from api.transactions.schemas import TransactionView
from api.values import Amount, Currency, Lei, Moment, PositiveAmount
from chain_node.client import DayCount, Milestone

MilestoneName = Literal[
    "ACCEPTED", "LOADED", "DEPARTED", "ARRIVED", "DISCHARGED", "RECEIVED", "STORED", "INSPECTED", "RELEASED", "LOST"
]
Bps = Annotated[int, Field(ge=0, le=10_000)]
DayCountName = Literal["actual/360", "actual/365", "30/360"]
DAY_COUNTS: Final[dict[DayCount, DayCountName]] = {
    DayCount.ACTUAL360: "actual/360",
    DayCount.ACTUAL365: "actual/365",
    DayCount.THIRTY360: "30/360",
}
_MILESTONES: Final = {milestone.value: milestone.name for milestone in Milestone}
_LADDERS: dict[str, Any] = {
    "receivable": [
        {"milestone": "DEPARTED", "advance_rate_bps": 6000, "measured": False},
        {"milestone": "RECEIVED", "advance_rate_bps": 8000, "measured": True},
    ]
}


def milestone_name(number: int) -> str:
    """As requests name it; one that has no name here by its number."""
    return _MILESTONES.get(number, str(number))


class Step(BaseModel):
    """From the milestone on, the advance rate (share of value, 8000 = 80 %) may be lent; `measured`: of what was
    attested only."""

    model_config = ConfigDict(extra="forbid")

    milestone: MilestoneName
    advance_rate_bps: Annotated[int, Field(ge=1, le=10_000)]
    measured: bool = False


Steps = Annotated[list[Step], Field(min_length=1, max_length=4)]


class Ladders(BaseModel):
    """A ladder per kind of collateral, its steps in the order in which they are reached."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _LADDERS})

    receivable: Steps | None = None
    order: Steps | None = Field(default=None, description="of orders, to their seller")
    purchase: Steps | None = Field(
        default=None, description="of orders, to their buyer: ACCEPTED alone, and the facility must be earmarked"
    )
    goods: Steps | None = Field(default=None, description="of goods in a warehouse")


class StepView(BaseModel):
    """As `Step`; a milestone that has no name here is shown by its number, and a rate is what the chain has."""

    milestone: str
    advance_rate_bps: int
    measured: bool

    @classmethod
    def of(cls, step: Mapping[str, Any]) -> "StepView":
        """Of a step as a row keeps it."""
        return cls(**{**step, "milestone": milestone_name(int(step["milestone"]))})


class LaddersView(BaseModel):
    receivable: list[StepView] | None = None
    order: list[StepView] | None = None
    purchase: list[StepView] | None = None
    goods: list[StepView] | None = None


class FacilityRequest(BaseModel):
    """A line for a supplier."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "supplier_lei": "999900ACMESUPPLIES58",
                "currency": "EUR",
                "limit": {"amount": "50000000", "currency": "EUR"},
                "discount_rate_bps": 900,
                "fee_bps": 50,
                "reserve_bps": 100,
                "late_fee_bps": 400,
                "grace_days": 5,
                "recourse": True,
                "expires_at": "2027-01-01T00:00:00Z",
                "ladders": _LADDERS,
            }
        },
    )

    supplier_lei: Lei
    currency: Currency
    limit: PositiveAmount
    discount_rate_bps: Bps = Field(description="per year; 900 = 9 %")
    day_count: DayCountName = "actual/360"
    fee_bps: Bps = Field(description="flat, of each draw; collected out of what comes back, before interest")
    late_fee_bps: Bps = Field(default=0, description="per year, on principal from the end of the day of maturity")
    reserve_bps: Bps = Field(default=0, description="flat, of each draw, for the pool's first-loss reserve")
    committed_fee_bps: Bps = Field(default=0, description="per year, on what of the limit is not drawn")
    grace_days: Annotated[int, Field(ge=0, le=255)] = Field(
        default=0, description="days after maturity within which payment in full costs no late fees"
    )
    recourse: bool = Field(default=False, description="whether the supplier answers for its debtors")
    revolving: bool = Field(default=True, description="whether what is repaid can be drawn again")
    earmarked: bool = Field(
        default=False, description="whether draws go to an order's escrow or a carrier's invoice, never to the supplier"
    )
    expires_at: Moment = Field(description="from then on nothing more is opened or drawn")
    ladders: Ladders


class LineRequest(BaseModel):
    """A new limit, a new end, or both. A limit below what is drawn stops draws and calls nothing back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"limit": {"amount": "60000000", "currency": "EUR"}}}
    )

    limit: PositiveAmount | None = None
    expires_at: Moment | None = None


class CommitmentFeeRequest(BaseModel):
    """Pays what of the committed fee is due when the payment is booked: it grows by the second, up to `most`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"most": eur(50_000)}))

    most: PositiveAmount


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "supplier": examples.SUPPLIER,
    "supplier_account": examples.ACCOUNT,
    "currency": "EUR",
    "limit": eur(10_000_000),
    "drawn": eur(5_970_149),
    "available": eur(4_029_851),
    "discount_rate_bps": 900,
    "day_count": "actual/360",
    "fee_bps": 50,
    "late_fee_bps": 400,
    "reserve_bps": 100,
    "committed_fee_bps": 0,
    "commitment_due": eur(0),
    "grace_days": 5,
    "recourse": True,
    "recourse_to": None,
    "revolving": True,
    "earmarked": False,
    "expires_at": "2026-09-01T00:00:00Z",
    "opened_at": examples.OPENED,
    "ladders": _LADDERS,
    "lenders": [
        {
            "pool": "EUR",
            "address": examples.CONTRACT,
            "funding_bps": 10_000,
            "loss_bps": 10_000,
            "fee_bps": 10_000,
            "lends": True,
        }
    ],
    **examples.IN_BLOCK,
}


class FacilityView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    supplier: PartyView
    supplier_account: str
    currency: str
    limit: Amount
    drawn: Amount
    available: Amount = Field(description="of the limit; what a financing may draw is its own `available`")
    discount_rate_bps: int
    day_count: DayCountName
    fee_bps: int
    late_fee_bps: int
    reserve_bps: int
    committed_fee_bps: int
    commitment_due: Amount = Field(description="committed fee not yet charged; the next draw or a payment settles it")
    grace_days: int
    recourse: bool
    recourse_to: str | None = Field(description="the financing that the supplier has to pay before anything is drawn")
    revolving: bool
    earmarked: bool = Field(description="draws go to what they are for, and never to the supplier")
    expires_at: datetime
    opened_at: datetime
    ladders: LaddersView
    lenders: list[LenderView] = Field(description="whose money it is: one pool, or the members of a syndicate")
    transaction_hash: str
    block_number: int


class FacilityWritten(BaseModel):
    """`id` and `facility` are null until the chain has the facility and the gateway has read it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": "1", "facility": _EXAMPLE, "transactions": [examples.transaction("open facility")]}
        )
    )

    id: str | None
    facility: FacilityView | None
    transactions: list[TransactionView]
