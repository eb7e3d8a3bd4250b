"""Cases as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.compliance.decisions import Reason
from api.examples import shown
from api.values import Lei

CaseState = Literal["open", "closed"]
CaseKind = Literal["velocity", "structuring", "round-trip", "price", "document-expiry", "kyc-expiry", "reported"]


class CaseNoteView(BaseModel):
    at: datetime
    client: str
    action: Literal["opened", "assigned", "commented", "closed", "reopened"]
    text: str


class CaseView(BaseModel):
    """Something to look at, with the figures that were compared and all that was done about it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": "case_3f0c9a61d2b84e57a1c6",
                "kind": "structuring",
                "lei": examples.SUPPLIER["lei"],
                "title": "3 payments of EUR just below 1000000 within 7 days",
                "figures": {"count": 3, "least_count": 3, "threshold_units": "1000000", "sum_units": "2910000"},
                "state": "open",
                "assignee": None,
                "opened_at": examples.SHIPPED,
                "closed_at": None,
                "notes": [{"at": examples.SHIPPED, "client": "gateway", "action": "opened", "text": ""}],
            }
        )
    )

    id: str
    kind: CaseKind
    lei: str = Field(description="the organisation that it is about")
    title: str
    figures: dict[str, Any] = Field(description="what was compared with what; amounts are text")
    state: CaseState
    assignee: str | None
    opened_at: datetime
    closed_at: datetime | None
    notes: list[CaseNoteView]


class ReportRequest(BaseModel):
    """What a person saw or was told of; no rule found it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "title": "Carrier says that container MSKU6874332 was empty",
                "reason": "Call of its duty officer, 2026-06-02 03:10 UTC; photographs follow.",
            }
        ),
    )

    lei: Lei
    title: Annotated[str, StringConstraints(min_length=3, max_length=200, strip_whitespace=True)]
    reason: Reason


class AssignmentRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"assignee": "j.holm"}})

    assignee: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class CommentRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "Asked the supplier for its contracts."}}
    )

    text: Reason


class ReasonRequest(BaseModel):
    """Why; it is kept with the case."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Rent, paid weekly by contract of 2024."}}
    )

    reason: Reason
