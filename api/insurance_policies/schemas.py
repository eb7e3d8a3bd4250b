"""Insurance policies, positions and claims as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import MilestoneName
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView
from api.values import Amount, AmountOrNothing, Hex32, Moment, Number, PositiveAmount, Quantity

CoverName = Literal["credit", "cargo", "interruption"]
PolicyStateName = Literal["offered", "accepted", "bound", "paid", "ended"]

_TERMS: dict[str, Any] = {
    "kind": "cargo",
    "limit": eur(6_000_000),
    "deductible": eur(100_000),
    "premium": eur(30_000),
    "offer_until": "2026-05-11T00:00:00Z",
    "pay_by": "2026-07-01T00:00:00Z",
    "until": "2026-08-01T00:00:00Z",
    "waiting_days": 3,
    "claim_days": 30,
    "milestone": "LOST",
    "sequence": 1,
    "subject": examples.SUBJECT,
}


class PolicyRequest(BaseModel):
    """What an insurer offers. Credit: the financing is in default. Cargo: the named fact has come true. Interruption:
    it has not by the deadline."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"financing_id": "1", "quantity_thousandths": "8000000", **_TERMS})
    )

    financing_id: Number
    kind: CoverName
    limit: PositiveAmount
    deductible: AmountOrNothing | None = None
    premium: AmountOrNothing = Field(description="for all of the cover, due from the binding")
    offer_until: Moment = Field(description="last moment to accept and to bind; at most 30 days away")
    pay_by: Moment = Field(description="last moment to pay the premium")
    until: Moment = Field(description="last moment of the cover")
    waiting_days: Annotated[int, Field(ge=0, le=365)] = 0
    claim_days: Annotated[int, Field(ge=1, le=365)] = 30
    milestone: MilestoneName | None = Field(default=None, description="of the named fact; not of credit")
    sequence: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = None
    quantity_thousandths: Quantity | None = Field(default=None, description="cargo: what is insured in all")
    subject: Hex32 | None = None
    deadline: Moment | None = Field(default=None, description="interruption: by when the fact must have happened")


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "financing_id": "1",
    "state": "bound",
    "insurer": {"lei": "999900BAYARDCREDIT42", "name": "Bayard Credit"},
    **_TERMS,
    "quantity_thousandths": "8000000",
    "deadline": None,
    "premium_paid": eur(0),
    "premium_due": eur(30_000),
    "in_force": True,
    "claimable": None,
    "not_claimable_because": {"error": "no-loss-event", "detail": "policy 1: nothing insured has happened"},
    "loss_at": None,
    "loss": eur(0),
    "paid": eur(0),
    "recovered": eur(0),
    "waived": eur(0),
    "offered_at": examples.OPENED,
    "accepted_at": examples.OPENED,
    "bound_at": examples.OPENED,
    "ended_at": None,
    "possible": [],
    **examples.IN_BLOCK,
}


class ReasonView(BaseModel):
    """Why the loss adjuster would pay nothing now."""

    error: str
    detail: str


class PolicyView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    financing_id: str
    state: PolicyStateName
    insurer: PartyView
    kind: CoverName
    limit: Amount
    deductible: Amount
    premium: Amount
    offer_until: datetime
    pay_by: datetime
    until: datetime
    waiting_days: int
    claim_days: int
    milestone: str | None
    sequence: int | None
    quantity_thousandths: str | None
    subject: str | None
    deadline: datetime | None
    premium_paid: Amount
    premium_due: Amount
    in_force: bool
    claimable: Amount | None = Field(description="what a claim would be paid now; null where nothing")
    not_claimable_because: ReasonView | None = Field(description="the loss adjuster's reason; null where it would pay")
    loss_at: datetime | None
    loss: Amount = Field(description="as it was claimed, before deductible and limit")
    paid: Amount
    recovered: Amount
    waived: Amount
    offered_at: datetime
    accepted_at: datetime | None
    bound_at: datetime | None
    ended_at: datetime | None
    possible: list[Possible]
    transaction_hash: str
    block_number: int


class PolicyWritten(BaseModel):
    """`id` and `policy` are null until the gateway has read the policy from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown({"id": "1", "policy": _EXAMPLE, "transactions": [examples.transaction("offer policy")]})
    )

    id: str | None
    policy: PolicyView | None
    transactions: list[TransactionView]


class PremiumRequest(BaseModel):
    """Pays premium out of the caller's cash; no more is taken than is due."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(30_000)}))

    amount: PositiveAmount


class PositionRequest(BaseModel):
    """Money put down for policies, or taken out of what none of them locks."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(6_000_000)}))

    amount: PositiveAmount


class InsurerPositionView(BaseModel):
    currency: str
    free: Amount = Field(description="may be taken out or bound")
    locked: Amount = Field(description="limits of bound policies")


_POSITIONS: dict[str, Any] = {"items": [{"currency": "EUR", "free": eur(0), "locked": eur(6_000_000)}]}


class InsurerPositionsView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_POSITIONS))

    items: list[InsurerPositionView]


class PositionsWritten(InsurerPositionsView):
    model_config = ConfigDict(
        json_schema_extra=shown({**_POSITIONS, "transactions": [examples.transaction("fund position")]})
    )

    transactions: list[TransactionView]
