"""Receivables as JSON."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.invoices.similarity.schemas import SimilarView
from api.participants.schemas import PartyView
from api.transactions.schemas import TransactionView
from api.values import Amount, AmountOrNothing, Hex32, Lei, Moment, Number, PositiveAmount

StateName = Literal["registered", "accepted", "settled", "defaulted", "cancelled", "disputed"]
_EXAMPLE = {
    "id": examples.RECEIVABLE,
    "state": "accepted",
    "supplier": examples.SUPPLIER,
    "debtor": examples.DEBTOR,
    "registered_value": eur(10_000_000),
    "face_value": eur(10_000_000),
    "disputed": eur(0),
    "paid": eur(0),
    "outstanding": eur(10_000_000),
    "quantity_thousandths": "1000000",
    "due_date": "2026-07-03",
    "set_off_waived": True,
    "cancellation_consented": False,
    "transfers": 0,
    "registered_at": examples.OPENED,
    "accepted_at": examples.OPENED,
    "settled_at": None,
    **examples.IN_BLOCK,
    "holders": [
        {
            "account": examples.ACCOUNT,
            "holder": "Acme Supplies",
            "units": eur(10_000_000),
            "claimable": eur(0),
            "tier": 1,
            "reserved_until": None,
        }
    ],
    "elsewhere": eur(0),
    "payments": [],
    "objections": [],
    "similar": [],
}


class HoldingView(BaseModel):
    """Units in one account; one unit is one minor unit of face value."""

    account: str
    holder: str = Field(description="the organisation's name, or the contract that keeps the units as collateral")
    units: Amount
    claimable: Amount = Field(description="its share of what was paid, not yet claimed")
    tier: int | None = Field(description="1 for the supplier, and one more for each hand after it; null in custody")
    reserved_until: datetime | None = Field(description="until when it is kept for one facility")


class ObjectionView(BaseModel):
    """A step by which less may come to be owed; `amount` is what it took off or, of a dispute opened, objects to."""

    kind: Literal["credit note", "dispute opened", "dispute withdrawn", "dispute conceded", "dispute resolved"]
    amount: Amount
    evidence: str | None
    transaction_hash: str
    block_number: int
    at: datetime


class PaymentView(BaseModel):
    payer: str
    amount: Amount
    outstanding: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class ReceivableView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: StateName
    supplier: PartyView
    debtor: PartyView
    registered_value: Amount
    face_value: Amount = Field(description="what is owed in all; credit notes and settled disputes lower it")
    disputed: Amount
    paid: Amount
    outstanding: Amount
    quantity_thousandths: str = Field(description="goods in thousandths of the invoice's unit; 0: not measurable")
    due_date: date
    set_off_waived: bool
    cancellation_consented: bool = Field(description="whether the debtor has agreed to its cancellation")
    transfers: int = Field(description="how often units went on to another organisation")
    registered_at: datetime
    accepted_at: datetime | None
    settled_at: datetime | None
    transaction_hash: str
    block_number: int
    holders: list[HoldingView] = Field(description="one's own units; everybody's for operator and supervisor")
    elsewhere: Amount = Field(description="units that are not shown: in other hands, or in custody as collateral")
    payments: list[PaymentView]
    objections: list[ObjectionView]
    similar: list[SimilarView] | None = Field(default=None, description="near-duplicates; null in lists and writes")


class ReceivableWritten(ReceivableView):
    model_config = ConfigDict(
        json_schema_extra=shown({**_EXAMPLE, "transactions": [examples.transaction("accept invoice")]})
    )

    transactions: list[TransactionView]


class AcceptanceRequest(BaseModel):
    """The debtor's promise; waived set-off means that it will not set claims of its own against this debt."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"waive_set_off": True}})

    waive_set_off: bool


class PaymentRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": {"amount": "10000000", "currency": "EUR"}}}
    )

    amount: PositiveAmount


class TransferRequest(BaseModel):
    """Hands units on; what the debtor pays on them is the new holder's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"to_lei": examples.LENDER["lei"], "amount": eur(2_500_000)}),
    )

    to_lei: Lei
    amount: PositiveAmount = Field(description="face value to hand on")


class ReservationRequest(BaseModel):
    """Keeps the caller's units for one facility, for at most a week: no other lender can take them meanwhile."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"facility_id": "1", "until": "2026-05-08T09:00:00Z"}}
    )

    facility_id: Number
    until: Moment


class TerminationRequest(BaseModel):
    """Whose units are free again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"holder_lei": examples.SUPPLIER["lei"]}))

    holder_lei: Lei


class ObjectionRequest(BaseModel):
    """A part of what is owed, and the SHA-256 of the paper that speaks against it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"amount": eur(500_000), "evidence": examples.HASH})
    )

    amount: PositiveAmount
    evidence: Hex32


class ResolutionRequest(BaseModel):
    """What the arbiter takes off of the disputed amount; the rest stays owed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"taken_off": eur(200_000), "evidence": examples.HASH})
    )

    taken_off: AmountOrNothing
    evidence: Hex32


class ConsentRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"given": True}})

    given: bool
