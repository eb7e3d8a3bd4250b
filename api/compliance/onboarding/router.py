"""/v1/applications: from wanting to take part to being admitted; /v1/expiries: what ends."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Header, Query, Response

from api.compliance.deps import PersonalDep
from api.compliance.onboarding import expiry
from api.compliance.onboarding.listing import APPLICATIONS
from api.compliance.onboarding.schemas import (
    ApplicantAdmitted,
    ApplicationDecision,
    ApplicationView,
    ExpiryView,
    NewApplication,
    PaperKind,
)
from api.compliance.onboarding.service import Onboarding
from api.deps import (
    ChainDep,
    LinkDep,
    Principal,
    RawBodyDep,
    SessionDep,
    SettingsDep,
    SignersDep,
    TransactionsDep,
    Written,
    gateway_router,
    requires,
)
from api.documents.deps import DocumentsDep, ReaderKeysDep
from api.documents.service import Content
from api.lists import Asked
from api.participants.admission import Admissions
from api.participants.keyholding import KeyHolding
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS, problems
from api.values import Page

router = gateway_router("/v1", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Principal, Depends(requires("compliance:write"))]
Admitter = Annotated[Principal, Depends(requires("compliance:write", "participants:write"))]
_PAPER = {
    "requestBody": {
        "required": True,
        "content": {
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}, "example": "the picture"},
        },
    }
}


async def _reading(principal: Reader, session: SessionDep, personal: PersonalDep, settings: SettingsDep) -> Onboarding:
    return Onboarding(session, principal, personal, settings.compliance)


async def _working(principal: Officer, session: SessionDep, personal: PersonalDep, settings: SettingsDep) -> Onboarding:
    return Onboarding(session, principal, personal, settings.compliance)


async def _admissions(
    chain: ChainDep, transactions: TransactionsDep, signers: SignersDep, reader_keys: ReaderKeysDep
) -> Admissions:
    return Admissions(chain, transactions, signers, reader_keys)


Read = Annotated[Onboarding, Depends(_reading)]
Work = Annotated[Onboarding, Depends(_working)]


@router.post("/applications", responses=WRITE_PROBLEMS, summary="File an organisation's application to take part")
def submit(body: NewApplication, onboarding: Work, link: LinkDep, signers: SignersDep) -> ApplicationView:
    return onboarding.submit(body, lambda: KeyHolding(link.chain(), signers))


@router.lists("/applications", Page[ApplicationView], APPLICATIONS, "List applications, newest first")
def applications(onboarding: Read, asked: Annotated[Asked, Depends(APPLICATIONS.asked)]) -> Page[ApplicationView]:
    return onboarding.page(asked)


@router.get("/applications/{application_id}", responses=READ_PROBLEMS, summary="See one application")
def application(application_id: str, onboarding: Read) -> ApplicationView:
    return onboarding.view(onboarding.find(application_id))


@router.post(
    "/applications/{application_id}/documents",
    responses=problems(404, 409, 413, 422),
    summary="File a document of an application, with its kind and end",
    openapi_extra=_PAPER,
)
def file(
    application_id: str,
    onboarding: Work,
    documents: DocumentsDep,
    body: RawBodyDep,
    kind: Annotated[PaperKind, Query(description="registration, ownership, licence, ...")],
    expires_on: Annotated[date | None, Query(description="its last day is the day before")] = None,
    content_type: Annotated[str, Header(max_length=200)] = "application/octet-stream",
) -> ApplicationView:
    content = Content(body, content_type.partition(";")[0].strip().lower())
    return onboarding.file(application_id, documents, content, kind, expires_on)


@router.post("/applications/{application_id}/review", responses=WRITE_PROBLEMS, summary="Take an application in hand")
def review(application_id: str, onboarding: Work) -> ApplicationView:
    return onboarding.review(application_id)


@router.post(
    "/applications/{application_id}/decision",
    responses=WRITE_PROBLEMS,
    summary="Approve or reject an application, with the reason",
)
def decide(application_id: str, body: ApplicationDecision, onboarding: Work) -> ApplicationView:
    return onboarding.decide(application_id, body)


@router.write(
    "/applications/{application_id}/admission", ApplicantAdmitted, "Admit an approved applicant to the network"
)
def admit(
    application_id: str,
    principal: Admitter,
    onboarding: Work,
    admissions: Annotated[Admissions, Depends(_admissions)],
) -> Response:
    return Written(onboarding.session, onboarding.admit(application_id, admissions).view)


@router.get("/expiries", responses=READ_PROBLEMS, summary="List documents and KYC that end soon, or have ended")
def expiries(
    principal: Reader,
    session: SessionDep,
    within_days: Annotated[int, Query(ge=0, le=3_650)] = 30,
) -> list[ExpiryView]:
    return expiry.expiries(session, within_days)
