"""Payment instructions as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown
from api.transactions.schemas import TransactionView
from api.values import Amount, Moment, PositiveAmount

PurposeName = Literal["deposit", "receivable", "financing"]
InstructionState = Literal["open", "expired", "cancelled", "booked", "funded", "paying", "settled", "held"]
TargetId = Annotated[str, StringConstraints(min_length=1, max_length=80)]

INSTRUCTION: dict[str, Any] = {
    "id": "pi_5f2c9d1e0a7b4c3d8e6f1a2b",
    "lei": examples.DEBTOR["lei"],
    "purpose": "receivable",
    "target_id": examples.RECEIVABLE,
    "amount": eur(10_000_000),
    "reference": "RF49K7Q2M4XW3JHT5N6A",
    "end_to_end_id": "PI5F2C9D1E0A7B4C3D8E6F1A2B",
    "state": "open",
    "creditor": {"name": "Portolan Network", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
    "received": eur(0),
    "refusal": None,
    "created_at": examples.SHIPPED,
    "expires_at": "2026-05-26T09:00:01Z",
    "ended_at": None,
    "transactions": [],
}


class InstructionRequest(BaseModel):
    """Money that the caller will bring in by bank, and what for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({name: INSTRUCTION[name] for name in ("purpose", "target_id", "amount")}),
    )

    purpose: PurposeName
    target_id: TargetId | None = Field(default=None, description="of the receivable or financing to be paid")
    amount: PositiveAmount
    expires_at: Moment | None = Field(default=None, description="the last day on which the bank may book it")


class CreditorView(BaseModel):
    """The operator's account that is to be paid to."""

    name: str
    iban: str
    bic: str


class RefusalView(BaseModel):
    """Why something was not done."""

    error: str
    detail: str


class InstructionView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(INSTRUCTION))

    id: str
    lei: str
    purpose: PurposeName
    target_id: str | None
    amount: Amount
    reference: str = Field(description="ISO 11649 creditor reference: the payment has to name it")
    end_to_end_id: str
    state: InstructionState
    creditor: CreditorView | None = Field(description="none where the gateway takes this currency in no more")
    received: Amount
    refusal: RefusalView | None = Field(description="why the cash, which is on the payer's account, was not paid on")
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    transactions: list[TransactionView] = Field(description="the issue of the cash, and its payment")
