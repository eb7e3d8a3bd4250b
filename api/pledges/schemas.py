"""Pledged goods, offers of them and lenders' terms as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView
from api.values import Amount, Hex32, Lei, Moment, PositiveAmount, Quantity

GapName = Literal["none", "condition", "price", "rate", "terms", "unit"]
_TERMS: dict[str, Any] = {
    "call_level_bps": 8500,
    "release_ratio_bps": 10_000,
    "start_bps": 9500,
    "floor_bps": 6000,
    "least_bid_bps": 1000,
    "tenor_days": 120,
    "cure_seconds": 172_800,
    "sale_seconds": 259_200,
}
_Hours = Annotated[int, Field(ge=3_600, le=2**32 - 1)]


class MarginTermsRequest(BaseModel):
    """A lender's terms for goods, of financings opened from now on under the facility; shares in bps (8500 = 85 %)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(_TERMS),
    )

    call_level_bps: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="share of the goods' value above which what is owed calls margin; above the ladder's rate"
    )
    release_ratio_bps: Annotated[int, Field(ge=1, le=20_000)] = Field(
        description="value that may leave for what is paid; 10000: as much as is paid"
    )
    start_bps: Annotated[int, Field(ge=2, le=20_000)] = Field(description="share of the market value a sale begins at")
    floor_bps: Annotated[int, Field(ge=1, le=20_000)] = Field(description="and falls to")
    least_bid_bps: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="share of a lot that a bid takes at least"
    )
    tenor_days: Annotated[int, Field(ge=1, le=65_535)]
    cure_seconds: _Hours = Field(description="from a margin call to its deadline")
    sale_seconds: _Hours = Field(description="in which the price of a sale falls from start to floor")


class MarginTermsView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_TERMS))

    call_level_bps: int
    release_ratio_bps: int
    start_bps: int
    floor_bps: int
    least_bid_bps: int
    tenor_days: int
    cure_seconds: int
    sale_seconds: int


class MarginTermsWritten(BaseModel):
    """The facility's terms as the gateway has read them last; null where it has none yet."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"facility_id": "1", "terms": None, "transactions": [examples.transaction("set margin terms")]}
        )
    )

    facility_id: str
    terms: MarginTermsView | None
    transactions: list[TransactionView]


class PledgedLotView(BaseModel):
    """Goods in custody and what they count for. `gap` says why they cannot be valued at this moment."""

    receipt_id: str
    commodity: str
    unit: str
    warehouse: PartyView | None
    quantity_thousandths: str = Field(description="in custody and not about to leave")
    leaving_thousandths: str = Field(description="ordered to leave, and no longer counted")
    market_value: Amount = Field(description="at the median price, before haircuts")
    haircut_bps: int = Field(description="taken off for commodity, condition, age and freshness")
    value: Amount = Field(description="what counts as collateral; 0 unless everything is known")
    grade: int
    gap: GapName


class OfferView(BaseModel):
    """Goods offered out of custody: price to the lender first, title to the buyer, in one step."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": examples.HASH,
                "pledge_id": "1",
                "state": "open",
                "seller": examples.SUPPLIER,
                "receipt_id": examples.LOT,
                "commodity": "180620",
                "unit": "KGM",
                "quantity_thousandths": "3000000",
                "price": eur(3_600_000),
                "buyer": examples.DEBTOR,
                "until": "2026-06-30T00:00:00Z",
                "offered_at": examples.OPENED,
                **examples.IN_BLOCK,
            }
        )
    )

    id: str
    pledge_id: str
    state: Literal["open", "lapsed", "over"] = Field(description="over: sold, or taken back")
    seller: PartyView
    receipt_id: str
    commodity: str
    unit: str
    quantity_thousandths: str
    price: Amount = Field(description="for all of it")
    buyer: PartyView | None = Field(description="null: anybody")
    until: datetime
    offered_at: datetime
    transaction_hash: str
    block_number: int


class PledgeStepView(BaseModel):
    kind: str
    receipt_id: str
    quantity_thousandths: str
    other_receipt_id: str | None
    other_quantity_thousandths: str
    amount: Amount = Field(description="the price, or the value that left")
    to_pool: Amount
    buyer: PartyView | None
    transaction_hash: str
    block_number: int
    at: datetime


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "state": "open",
    "facility_id": "1",
    "supplier": examples.SUPPLIER,
    "currency": "EUR",
    "owed": eur(6_000_000),
    "base": eur(6_048_000),
    "available": eur(48_000),
    "value": eur(8_640_000),
    "call_value": eur(8_640_000),
    "market_value": eur(9_600_000),
    "gap": "none",
    "advance_rate_bps": 7000,
    "loan_to_value_bps": 6944,
    "bears_before_call": eur(7_344_000),
    "terms": _TERMS,
    "cure_deadline": None,
    "goods": [
        {
            "receipt_id": examples.LOT,
            "commodity": "180620",
            "unit": "KGM",
            "warehouse": examples.WAREHOUSE,
            "quantity_thousandths": "8000000",
            "leaving_thousandths": "0",
            "market_value": eur(9_600_000),
            "haircut_bps": 1000,
            "value": eur(8_640_000),
            "grade": 0,
            "gap": "none",
        }
    ],
    "offers": [],
    "steps": [],
    "possible": [],
}


class PledgeView(BaseModel):
    """The goods behind a financing; its id is the financing's."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: str = Field(description="the financing's: open, repaid, released or defaulted")
    facility_id: str
    supplier: PartyView
    currency: str
    owed: Amount = Field(description="to lenders and insurers together")
    base: Amount = Field(description="what may be lent on the goods now")
    available: Amount = Field(description="what a poke would draw now")
    value: Amount = Field(description="of all goods; 0 unless all is known")
    call_value: Amount = Field(description="what a margin call goes by: silence of a feed counts for nobody")
    market_value: Amount
    gap: GapName = Field(description="the gravest reason why goods cannot be valued")
    advance_rate_bps: int
    loan_to_value_bps: int | None = Field(description="owed in the goods' call value; null where that is 0")
    bears_before_call: Amount = Field(description="above this, what is owed calls margin")
    terms: MarginTermsView
    cure_deadline: datetime | None = Field(description="of an open margin call; see /v1/margin-calls")
    goods: list[PledgedLotView]
    offers: list[OfferView]
    steps: list[PledgeStepView]
    possible: list[Possible]


class PledgeWritten(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown({"pledge": _EXAMPLE, "transactions": [examples.transaction("add goods")]})
    )

    pledge: PledgeView
    transactions: list[TransactionView]


class GoodsRequest(BaseModel):
    """More goods of the caller's, into custody."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"receipt_id": examples.LOT, "quantity_thousandths": "2000000"})
    )

    receipt_id: Hex32
    quantity_thousandths: Quantity


class SubstitutionRequest(BaseModel):
    """Goods that come back, for as many or more of another receipt, of the same commodity and unit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "receipt_id": examples.LOT,
                "quantity_thousandths": "2000000",
                "offered_receipt_id": examples.HASH,
                "offered_quantity_thousandths": "2000000",
            }
        ),
    )

    receipt_id: Hex32
    quantity_thousandths: Quantity
    offered_receipt_id: Hex32
    offered_quantity_thousandths: Quantity


class ReleaseRequest(BaseModel):
    """A payment, and the goods that come back for it: at most so much value as the payment times the lender's ratio."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {"amount": eur(2_000_000), "receipt_id": examples.LOT, "quantity_thousandths": "1500000"}
        ),
    )

    amount: PositiveAmount
    receipt_id: Hex32
    quantity_thousandths: Quantity


class OfferRequest(BaseModel):
    """Goods to be sold out of custody."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "receipt_id": examples.LOT,
                "quantity_thousandths": "3000000",
                "price": eur(3_600_000),
                "buyer_lei": examples.DEBTOR["lei"],
                "until": "2026-06-30T00:00:00Z",
            }
        ),
    )

    receipt_id: Hex32
    quantity_thousandths: Quantity
    price: PositiveAmount = Field(description="for all of it, in the financing's currency")
    buyer_lei: Lei | None = Field(default=None, description="to whom alone; by default to anybody")
    until: Moment


class OfferWritten(BaseModel):
    """`offer` is null until the gateway has read it from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": examples.HASH, "offer": None, "transactions": [examples.transaction("offer goods")]}
        )
    )

    id: str
    offer: OfferView | None
    transactions: list[TransactionView]


class LotRequest(BaseModel):
    """A receipt of which nothing is in custody any more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"receipt_id": examples.LOT}))

    receipt_id: Hex32
