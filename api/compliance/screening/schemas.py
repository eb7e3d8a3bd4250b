"""Lists and hits as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.compliance.decisions import Reason
from api.examples import shown

ListKind = Literal["sanctions", "watch"]
SubjectKind = Literal["organisation", "owner", "lei", "account"]
HitState = Literal["open", "cleared", "confirmed", "outdated"]


class ListVersionView(BaseModel):
    """A version of a list: the hash of the file, and what it changed against the version before."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "name": "eu-consolidated",
                "kind": "sanctions",
                "version": "7",
                "sha256": "c4" * 32,
                "entries": 2,
                "added": 1,
                "changed": 0,
                "removed": 0,
                "uploaded_by": "client_3f0c9a61d2b84e57a1c6",
                "uploaded_at": examples.OPENED,
            }
        )
    )

    name: str
    kind: ListKind
    version: str
    sha256: str
    entries: int
    added: int
    changed: int
    removed: int
    uploaded_by: str
    uploaded_at: datetime


class EntryView(BaseModel):
    list_name: str
    id: str
    kind: str
    names: list[str]
    country: str
    lei: str
    accounts: list[str]
    remark: str
    removed: bool = Field(description="whether the list's newest version no longer has it")


class HitView(BaseModel):
    """Something of ours that may be something of a list: for a person to decide."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": "hit_3f0c9a61d2b84e57a1c6",
                "state": "open",
                "lei": examples.SUPPLIER["lei"],
                "subject_kind": "organisation",
                "subject": examples.SUPPLIER["lei"],
                "subject_names": ["Acme Supplies"],
                "score": 96,
                "reasons": {"listed_name": "ACME Supply LLC", "scores": {"words in any order": 96}},
                "entry": {
                    "list_name": "eu-consolidated",
                    "id": "EU-1234",
                    "kind": "organisation",
                    "names": ["ACME Supply LLC"],
                    "country": "RU",
                    "lei": "",
                    "accounts": [],
                    "remark": "",
                    "removed": False,
                },
                "raised_at": examples.OPENED,
                "decided_by": None,
                "decided_at": None,
                "reason": None,
            }
        )
    )

    id: str
    state: HitState = Field(description="outdated: taken back undecided, as list or subject has changed")
    lei: str = Field(description="the organisation that it is about")
    subject_kind: SubjectKind
    subject: str
    subject_names: list[str]
    score: int = Field(description="percent; 100 for exact LEIs and accounts")
    reasons: dict[str, Any] = Field(description="what each scorer said, or what matched exactly")
    entry: EntryView
    raised_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class HitDecision(BaseModel):
    """Whether they are the same. Both can be decided anew later."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"decision": "cleared", "reason": "Another company: other country and LEI."}},
    )

    decision: Literal["cleared", "confirmed"]
    reason: Reason
