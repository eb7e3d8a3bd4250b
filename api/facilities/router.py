"""/v1/facilities: the lines that the credit officer grants."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.facilities import opening, service
from api.facilities.schemas import FacilityRequest, FacilityView, FacilityWritten, Ladders, LineRequest
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Before, Limit, Page

router = gateway_router("/v1/facilities", "facilities")
Reader = Annotated[Principal, Depends(requires("facilities:read"))]
CreditOfficer = Annotated[Principal, Depends(requires("facilities:write"))]


@router.post(
    "",
    status_code=202,
    response_model=FacilityWritten,
    responses=WRITE_PROBLEMS,
    summary="Grant a supplier a line and set its ladders (credit officer)",
)
def grant(
    body: FacilityRequest,
    principal: CreditOfficer,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = opening.grant(session, transactions, chain, body)
    return Written(session, lambda session: opening.written(session, chain, ids))


@router.post(
    "/{facility_id}/ladders",
    status_code=202,
    response_model=FacilityWritten,
    responses=WRITE_PROBLEMS,
    summary="Set a facility's ladders anew, for financings still to be opened (credit officer)",
)
def set_ladders(
    facility_id: str,
    body: Ladders,
    principal: CreditOfficer,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = opening.set_ladders(session, transactions, chain, principal, facility_id, body)
    return Written(session, lambda session: opening.rewritten(session, principal, facility_id, chain, ids))


@router.post(
    "/{facility_id}/line",
    status_code=202,
    response_model=FacilityWritten,
    responses=WRITE_PROBLEMS,
    summary="Change a facility's limit or end (credit officer)",
)
def change_line(
    facility_id: str,
    body: LineRequest,
    principal: CreditOfficer,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = opening.change_line(session, transactions, chain, principal, facility_id, body)
    return Written(session, lambda session: opening.rewritten(session, principal, facility_id, chain, ids))


@router.get("", responses=READ_PROBLEMS, summary="List one's facilities")
def facilities(
    principal: Reader, session: SessionDep, chain: ChainDep, before: Before = None, limit: Limit = 50
) -> Page[FacilityView]:
    return service.page(session, principal, chain, before, limit)


@router.get("/{facility_id}", responses=READ_PROBLEMS, summary="See one facility")
def facility(facility_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> FacilityView:
    return service.view(session, service.find(session, principal, facility_id), chain)
