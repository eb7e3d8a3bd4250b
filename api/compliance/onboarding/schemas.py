"""Applications as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from stdnum import lei as lei_number

from api import examples
from api.compliance.decisions import Reason
from api.examples import shown
from api.participants.schemas import AdmittedView, NewParticipant
from api.values import Lei, Moment

ApplicationState = Literal["submitted", "in-review", "approved", "rejected", "admitted"]
PaperKind = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}$")]


def _checked(lei: str) -> str:
    if not lei_number.is_valid(lei):
        raise ValueError(f"{lei} is no LEI: its last two digits do not fit the rest (ISO 17442)")
    return lei


CheckedLei = Annotated[Lei, AfterValidator(_checked)]
_OWNER = {"name": "Erika Mustermann", "birth_date": "1970-01-01", "country": "DE", "share_bps": 6000}


class OwnerTold(BaseModel):
    """A person who owns or controls the organisation. Kept sealed."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)]
    birth_date: date | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    share_bps: int = Field(ge=0, le=10_000, description="share of the organisation; 10000 = all, 0 = control only")


class NewApplication(NewParticipant):
    """An organisation that wants to take part, and who owns it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "name": "Acme Supplies GmbH",
                "jurisdiction": "DE",
                "roles": ["SUPPLIER"],
                "kyc_expires_at": "2027-05-04T00:00:00Z",
                "identifiers": [{"scheme": "VAT", "value": "DE999999903"}],
                "owners": [_OWNER],
            }
        ),
    )

    lei: CheckedLei
    group_lei: CheckedLei | None = None
    kyc_expires_at: Moment
    owners: list[OwnerTold] = Field(default=[], max_length=50)


class PaperView(BaseModel):
    kind: str
    document_cid: str
    expires_on: date | None
    replaced: bool = Field(description="whether a newer one of the kind counts")
    uploaded_by: str
    uploaded_at: datetime


class OwnerView(OwnerTold):
    id: str


_EXAMPLE: dict[str, Any] = {
    "id": "app_3f0c9a61d2b84e57a1c6",
    "state": "in-review",
    "lei": examples.SUPPLIER["lei"],
    "legal_name": "Acme Supplies GmbH",
    "jurisdiction": "DE",
    "group_lei": None,
    "roles": ["SUPPLIER"],
    "kyc_expires_at": "2027-05-04T00:00:00Z",
    "account": examples.ACCOUNT,
    "remote_signer": "acme-hsm",
    "owners": [{**_OWNER, "id": "own_3f0c9a61d2b84e57a1c6"}],
    "documents": [
        {
            "kind": "registration",
            "document_cid": examples.CID,
            "expires_on": "2027-01-31",
            "replaced": False,
            "uploaded_by": "client_3f0c9a61d2b84e57a1c6",
            "uploaded_at": examples.OPENED,
        }
    ],
    "open_hits": [],
    "missing_documents": ["ownership"],
    "on_chain": False,
    "submitted_by": "client_3f0c9a61d2b84e57a1c6",
    "submitted_at": examples.OPENED,
    "reviewed_by": "client_1cda2914091c2d075b95",
    "decided_by": None,
    "decided_at": None,
    "reason": None,
}


class ApplicationView(BaseModel):
    """An application, with what still stands against it."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: ApplicationState
    lei: str
    legal_name: str
    jurisdiction: str
    group_lei: str | None
    roles: list[str]
    kyc_expires_at: datetime
    account: str | None = Field(description="its own; null where the gateway is to make and keep its key")
    remote_signer: str | None = Field(description="where the key of `account` lies, as the gateway's settings name it")
    owners: list[OwnerView]
    documents: list[PaperView]
    open_hits: list[str] = Field(description="hits of screening that nobody has decided on")
    missing_documents: list[str] = Field(description="kinds that are required and not there, or have expired")
    on_chain: bool
    submitted_by: str
    submitted_at: datetime
    reviewed_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class ApplicationDecision(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"decision": "approved", "reason": "Papers complete, no hits."}}
    )

    decision: Literal["approved", "rejected"]
    reason: Reason


class ApplicantAdmitted(AdmittedView):
    """As POST /v1/participants answers."""

    application_id: str

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "application_id": _EXAMPLE["id"],
                "lei": examples.SUPPLIER["lei"],
                "account": examples.ACCOUNT,
                "client_id": "client_1cda2914091c2d075b95",
                "client_secret": "shown once, keep it",  # nosec B105 # an example
                "transactions": [examples.transaction("admit organisation")],
            }
        )
    )


class ExpiryView(BaseModel):
    """What ends, or has ended, by the chain's clock."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "lei": examples.SUPPLIER["lei"],
                "what": "registration",
                "expires_at": "2027-01-31T00:00:00Z",
                "document_cid": examples.CID,
                "expired": False,
            }
        )
    )

    lei: str
    what: str = Field(description="the document's kind, or `kyc`")
    expires_at: datetime
    document_cid: str | None
    expired: bool
