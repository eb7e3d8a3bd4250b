"""/v1/cases: what compliance has to look at."""

from typing import Annotated

from fastapi import Depends

from api.compliance.cases import service
from api.compliance.cases.listing import CASES
from api.compliance.cases.schemas import (
    AssignmentRequest,
    CaseView,
    CommentRequest,
    ReasonRequest,
    ReportRequest,
)
from api.deps import Principal, SessionDep, gateway_router, requires
from api.lists import Asked
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Page

router = gateway_router("/v1/cases", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Principal, Depends(requires("compliance:write"))]


@router.lists("", Page[CaseView], CASES, "List the cases of compliance, newest first")
def cases(principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(CASES.asked)]) -> Page[CaseView]:
    return service.page(session, asked)


@router.post("", status_code=201, responses=WRITE_PROBLEMS, summary="Open a case on what a person saw or was told of")
def report(body: ReportRequest, principal: Officer, session: SessionDep) -> CaseView:
    return service.report(session, principal, body)


@router.get("/{case_id}", responses=READ_PROBLEMS, summary="See one case")
def case(case_id: str, principal: Reader, session: SessionDep) -> CaseView:
    return service.view(session, service.find(session, case_id))


@router.post("/{case_id}/assignment", responses=WRITE_PROBLEMS, summary="Say who works on a case")
def assign(case_id: str, body: AssignmentRequest, principal: Officer, session: SessionDep) -> CaseView:
    return service.assign(session, principal, case_id, body.assignee)


@router.post("/{case_id}/comments", responses=WRITE_PROBLEMS, summary="Write into a case")
def comment(case_id: str, body: CommentRequest, principal: Officer, session: SessionDep) -> CaseView:
    return service.comment(session, principal, case_id, body.text)


@router.post("/{case_id}/closing", responses=WRITE_PROBLEMS, summary="Close a case, with the reason")
def close(case_id: str, body: ReasonRequest, principal: Officer, session: SessionDep) -> CaseView:
    return service.close(session, principal, case_id, body.reason)


@router.post("/{case_id}/reopening", responses=WRITE_PROBLEMS, summary="Open a closed case again, with the reason")
def reopen(case_id: str, body: ReasonRequest, principal: Officer, session: SessionDep) -> CaseView:
    return service.reopen(session, principal, case_id, body.reason)
