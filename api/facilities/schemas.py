"""Facilities as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.participants.schemas import PartyView
from api.transactions.schemas import TransactionView
from api.values import Amount, Currency, Lei, PositiveAmount

MilestoneName = Literal["ACCEPTED", "LOADED", "DEPARTED", "ARRIVED", "DISCHARGED", "RECEIVED", "STORED", "INSPECTED"]
Bps = Annotated[int, Field(ge=0, le=10_000)]
_LADDERS: dict[str, Any] = {
    "receivable": [
        {"milestone": "DEPARTED", "advance_rate_bps": 6000, "measured": False},
        {"milestone": "RECEIVED", "advance_rate_bps": 8000, "measured": True},
    ]
}


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
    order: Steps | None = None


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
                "expires_at": "2027-01-01T00:00:00Z",
                "ladders": _LADDERS,
            }
        },
    )

    supplier_lei: Lei
    currency: Currency
    limit: PositiveAmount
    discount_rate_bps: Bps = Field(description="per year, actual/360; 900 = 9 %")
    fee_bps: Bps = Field(description="flat, of each draw; collected first out of what comes back")
    expires_at: AwareDatetime = Field(description="from then on nothing more is opened or drawn")
    ladders: Ladders


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "supplier": examples.SUPPLIER,
    "supplier_account": examples.ACCOUNT,
    "currency": "EUR",
    "limit": eur(10_000_000),
    "drawn": eur(5_970_149),
    "available": eur(4_029_851),
    "discount_rate_bps": 900,
    "fee_bps": 50,
    "expires_at": "2026-09-01T00:00:00Z",
    "opened_at": examples.OPENED,
    "ladders": _LADDERS,
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
    available: Amount
    discount_rate_bps: int
    fee_bps: int
    expires_at: datetime
    opened_at: datetime
    ladders: Ladders
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
