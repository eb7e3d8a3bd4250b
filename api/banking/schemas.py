"""Bank statements and their movements as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api import examples
from api.examples import eur, shown
from api.payments.schemas import INSTRUCTION
from api.transactions.schemas import TransactionView
from api.values import Amount, Lei

EntryState = Literal["pending", "noted", "review", "dismissed", "matched", "issuing", "issued"]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500, strip_whitespace=True)]

STATEMENT: dict[str, Any] = {
    "id": "bs_5f2c9d1e0a7b4c3d8e6f1a2b",
    "kind": "camt.053",
    "message_id": "2026-07-02-EUR-1",
    "ibans": ["DE89370400440532013000"],
    "received_at": examples.PAID,
    "entries": 3,
    "known": 1,
    "matched": 1,
    "review": 1,
    "pending": 0,
    "noted": 0,
}
ENTRY: dict[str, Any] = {
    "id": "be_8d1f0a7b4c3d5f2c9d1e6f1a",
    "state": "review",
    "statement_id": STATEMENT["id"],
    "iban": "DE89370400440532013000",
    "reference": "2026070200077",
    "amount": eur(9_999_000),
    "direction": "credit",
    "is_reversal": False,
    "booked_on": "2026-07-02",
    "end_to_end_id": INSTRUCTION["end_to_end_id"],
    "creditor_references": [INSTRUCTION["reference"]],
    "debtor_name": examples.DEBTOR["name"],
    "debtor_iban": "NO9386011117947",
    "remittance": "",
    "reason": "too-little",
    "detail": "EUR 100,000.00 were instructed, EUR 99,990.00 came in.",
    "expected": eur(10_000_000),
    "found": eur(9_999_000),
    "instruction_id": INSTRUCTION["id"],
    "lei": examples.DEBTOR["lei"],
    "decided_by": None,
    "decision": None,
    "decided_at": None,
    "transactions": [],
}


class StatementView(BaseModel):
    """What came of reading a message: of its movements so many were known already, matched with an instruction, left
    to the operator, announced only, or noted until the day's statement names them."""

    model_config = ConfigDict(json_schema_extra=shown(STATEMENT))

    id: str
    kind: str
    message_id: str
    ibans: list[str]
    received_at: datetime
    entries: int
    known: int
    matched: int
    review: int
    pending: int
    noted: int


class EntryView(BaseModel):
    """A movement on one of the operator's accounts."""

    model_config = ConfigDict(json_schema_extra=shown(ENTRY))

    id: str
    state: EntryState
    statement_id: str = Field(description="the first message that named it")
    iban: str
    reference: str = Field(description="the bank's")
    amount: Amount
    direction: Literal["credit", "debit"]
    is_reversal: bool
    booked_on: date
    end_to_end_id: str
    creditor_references: list[str]
    debtor_name: str
    debtor_iban: str
    remittance: str
    reason: str | None = Field(description="why it was not matched")
    detail: str | None
    expected: Amount | str | None
    found: Amount | str | None
    instruction_id: str | None
    lei: str | None = Field(description="whose cash it becomes")
    decided_by: str | None
    decision: str | None
    decided_at: datetime | None
    transactions: list[TransactionView]


class AssignmentRequest(BaseModel):
    """Whose money it is: an instruction's, or an organisation's as a plain deposit; and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {"instruction_id": INSTRUCTION["id"], "reason": "Their bank kept EUR 10 as its charge; they know of it."}
        ),
    )

    instruction_id: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    lei: Lei | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_two(self) -> "AssignmentRequest":
        if (self.instruction_id is None) is (self.lei is None):
            raise ValueError("name either instruction_id or lei")
        return self


class DismissalRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"reason": "Interest of our own account; no participant's money."})
    )

    reason: Reason
