"""Freezes as JSON."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.compliance.decisions import Reason
from api.examples import shown
from api.participants.schemas import AccountView, Address
from api.transactions.schemas import TransactionView

_RECORD = {
    "at": examples.OPENED,
    "frozen": True,
    "client": "client_3f0c9a61d2b84e57a1c6",
    "reason": "Confirmed on the EU's consolidated list.",
    "hit_id": "hit_3f0c9a61d2b84e57a1c6",
    "accounts": [examples.ACCOUNT],
}
_EXAMPLE = {
    "lei": examples.SUPPLIER["lei"],
    "accounts": [{"address": examples.ACCOUNT, "frozen": True}],
    "records": [_RECORD],
}


class FreezeRequest(BaseModel):
    """Which accounts (all, where none is named) and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"reason": _RECORD["reason"], "hit_id": _RECORD["hit_id"]}),
    )

    reason: Reason
    account: Address | None = None
    hit_id: str | None = Field(default=None, max_length=40, description="a confirmed hit on this organisation")


class UnfreezeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "Delisted on 2026-06-01."}})

    reason: Reason
    account: Address | None = None


class FreezeRecordView(BaseModel):
    at: datetime
    frozen: bool
    client: str
    reason: str
    hit_id: str | None
    accounts: list[str]


class FreezesView(BaseModel):
    """An organisation's accounts as the chain has them, and what was done to them, the newest first."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    lei: str
    accounts: list[AccountView]
    records: list[FreezeRecordView]


class FreezesWritten(FreezesView):
    model_config = ConfigDict(
        json_schema_extra=shown({**_EXAMPLE, "transactions": [examples.transaction("freeze account")]})
    )

    transactions: list[TransactionView]
