"""Feeds, readings with their evidence, and grades as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import shown
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView

KindName = Literal["PRICE", "FX", "TEMPERATURE", "HUMIDITY", "SHOCK", "DOOR"]
StatusName = Literal["missing", "stale", "usable"]

_FEED: dict[str, Any] = {
    "id": examples.HASH,
    "kind": "PRICE",
    "base": "KGM",
    "quote": "EUR",
    "decimals": 4,
    "unit": "EUR for one KGM, times 10^4",
    "least": "10000",
    "greatest": "500000",
    "haircut_bps": 0,
    "threshold": 3,
    "organisations": 4,
    "required_roles": [],
    "stale_after_seconds": 86_400,
    "heartbeat_seconds": 14_400,
    "version": 1,
    "closed_at": None,
    "status": "usable",
    "value": "120000",
    "observed_at": examples.OPENED,
    "stale_from": "2026-05-05T09:00:05Z",
    "due_at": "2026-05-04T13:00:05Z",
    "round": 1,
}


class FeedView(BaseModel):
    """A series of values: of a price or a rate, or with a consignment of one of its conditions."""

    id: str
    kind: KindName
    base: str | None
    quote: str | None
    decimals: int
    unit: str = Field(description="what the whole numbers of its values mean")
    least: str = Field(description="the band outside of which nothing is taken")
    greatest: str
    haircut_bps: int = Field(description="taken off whatever is converted at this rate")
    threshold: int = Field(description="independent organisations that make a value")
    organisations: int
    required_roles: list[str]
    stale_after_seconds: int
    heartbeat_seconds: int
    version: int
    closed_at: datetime | None = Field(description="since when the guardian has stopped it")
    status: StatusName
    value: str | None = Field(description="the last one, whether it may be relied on or not")
    observed_at: datetime | None
    stale_from: datetime | None = Field(description="from then on it may no longer be relied on")
    due_at: datetime | None = Field(description="when the next report is due")
    round: int


class FeedsView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [_FEED]}))

    items: list[FeedView]


_READING: dict[str, Any] = {
    "id": f"{examples.HASH}.3",
    "feed_id": examples.HASH,
    "kind": "PRICE",
    "subject": None,
    "round": 1,
    "value": "120000",
    "unit": "EUR for one KGM, times 10^4",
    "observed_at": examples.OPENED,
    "past": False,
    "organisations": [examples.WAREHOUSE],
    "evidence": None,
    "refused": [],
    **examples.IN_BLOCK,
    "at": examples.OPENED,
}


class EvidenceView(BaseModel):
    """What one organisation has signed (EIP-712), as it was sent to the chain; `signature` is r and vs (ERC-2098)."""

    signer: str
    organisation: PartyView | None
    value: str
    observed_at: datetime
    signature: str


class RefusalView(BaseModel):
    """A reading, or without a signer the whole report, that did not count."""

    signer: str | None
    reason: str


class ReadingView(BaseModel):
    """The median of what a quorum has signed. `evidence` is shown with one reading: null in lists, and where it did not
    come to the oracle in a transaction of its own."""

    model_config = ConfigDict(json_schema_extra=shown(_READING))

    id: str
    feed_id: str
    kind: KindName
    subject: str | None
    round: int
    value: str
    unit: str
    observed_at: datetime
    past: bool = Field(description="read out late: it counts among what was, and the last value stays")
    organisations: list[PartyView]
    evidence: list[EvidenceView] | None
    refused: list[RefusalView]
    transaction_hash: str
    block_number: int
    at: datetime


class GradeRuleView(BaseModel):
    kind: KindName
    low: str
    high: str
    deeper_than: str
    long_seconds: int
    steps: int


class ConditionView(BaseModel):
    """One condition in the present period: how far and how long it was out of its range."""

    kind: KindName
    status: StatusName
    value: str | None
    unit: str
    observed_at: datetime | None
    low: str
    high: str
    deepest: str
    longest_seconds: int
    outside_since: datetime | None
    last_outside_at: datetime | None


class GradeStepView(BaseModel):
    kind: str
    before: int | None
    after: int | None
    inspector: PartyView | None
    sequence: int | None
    transaction_hash: str
    block_number: int
    at: datetime


_GRADE: dict[str, Any] = {
    "subject": examples.SUBJECT,
    "grade": 2,
    "known": True,
    "set_grade": 0,
    "noted_grade": 0,
    "rules_version": 1,
    "rules": [
        {"kind": "TEMPERATURE", "low": "12000", "high": "20000", "deeper_than": "4000", "long_seconds": 0, "steps": 2}
    ],
    "conditions": [
        {
            "kind": "TEMPERATURE",
            "status": "usable",
            "value": "26000",
            "unit": "thousandths of a degree Celsius",
            "observed_at": examples.SHIPPED,
            "low": "12000",
            "high": "20000",
            "deepest": "6000",
            "longest_seconds": 0,
            "outside_since": examples.SHIPPED,
            "last_outside_at": examples.SHIPPED,
        }
    ],
    "steps": [],
    "possible": [{"act": "assessment", "by": "anyone", "detail": "the grade is 2 by its readings, 0 is noted"}],
}


class GradeView(BaseModel):
    """The condition of a consignment's goods: 0 as it should be, 5 lends nothing."""

    model_config = ConfigDict(json_schema_extra=shown(_GRADE))

    subject: str
    grade: int
    known: bool = Field(description="whether every condition that its rules ask for may be relied on")
    set_grade: int = Field(description="by the last inspection")
    noted_grade: int = Field(description="the worst noted since")
    rules_version: int = Field(description="0: not graded")
    rules: list[GradeRuleView]
    conditions: list[ConditionView]
    steps: list[GradeStepView]
    possible: list[Possible]


class GradeWritten(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown({"grade": _GRADE, "transactions": [examples.transaction("note grade")]})
    )

    grade: GradeView
    transactions: list[TransactionView]


class InspectionRequest(BaseModel):
    """The grade that an inspection found, by an INSPECTED fact of that number. Listed inspectors only."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"sequence": 1, "grade": 1}})

    sequence: Annotated[int, Field(ge=1, le=2**32 - 1)]
    grade: Annotated[int, Field(ge=0, le=5)]
