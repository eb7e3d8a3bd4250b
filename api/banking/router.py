"""/v1/bank-statements and /v1/bank-entries: what the bank says came in, for the operator."""

from typing import Annotated

from fastapi import Depends

from api.banking import intake, service
from api.banking.listing import ENTRIES, STATEMENTS
from api.banking.schemas import AssignmentRequest, DismissalRequest, EntryView, StatementView
from api.deps import Acting, Principal, RawBodyDep, SessionDep, SettingsDep, gateway_router, requires, writes
from api.lists import Asked
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS, problems
from api.values import Page

router = gateway_router("/v1", "banking")
Reader = Annotated[Principal, Depends(requires("banking:read"))]
Clerk = Annotated[Principal, Depends(requires("banking:write"))]
Assigning = Annotated[Acting, Depends(writes("banking:write"))]
_CAMT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/xml": {
                "schema": {"type": "string"},
                "example": '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">...</Document>',
            }
        },
    }
}


@router.post(
    "/bank-statements",
    responses=problems(404, 409, 413, 422),
    summary="Read a camt.053 or camt.054: match what came in with what was instructed",
    openapi_extra=_CAMT,
)
def take(principal: Clerk, session: SessionDep, settings: SettingsDep, body: RawBodyDep) -> StatementView:
    return service.statement_view(intake.take(session, settings.banking, body))


@router.lists("/bank-statements", Page[StatementView], STATEMENTS, "List the bank statements that were read")
def statements(
    principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(STATEMENTS.asked)]
) -> Page[StatementView]:
    return service.statements(session, asked)


@router.lists("/bank-entries", Page[EntryView], ENTRIES, "List the movements that the bank has named")
def entries(principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(ENTRIES.asked)]) -> Page[EntryView]:
    return service.entries(session, asked)


@router.get("/bank-entries/{entry_id}", responses=READ_PROBLEMS, summary="See a movement and what became of it")
def entry(entry_id: str, principal: Reader, session: SessionDep) -> EntryView:
    return service.view(session, service.find(session, entry_id))


@router.post(
    "/bank-entries/{entry_id}/assignment",
    responses=WRITE_PROBLEMS,
    summary="Say whose money a movement is that was not matched, and why",
)
def assign(entry_id: str, body: AssignmentRequest, clerk: Assigning) -> EntryView:
    return service.view(clerk.session, service.assign(clerk, service.find(clerk.session, entry_id), body))


@router.post(
    "/bank-entries/{entry_id}/dismissal",
    responses=WRITE_PROBLEMS,
    summary="Say that nothing is to be issued for a movement, and why",
)
def dismiss(entry_id: str, body: DismissalRequest, principal: Clerk, session: SessionDep) -> EntryView:
    return service.view(session, service.dismiss(session, principal, service.find(session, entry_id), body.reason))
