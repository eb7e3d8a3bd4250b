"""/v1/facilities: the lines that the credit officer grants."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.facilities import opening, service
from api.facilities.listing import FACILITIES
from api.facilities.schemas import (
    CommitmentFeeRequest,
    FacilityRequest,
    FacilityView,
    FacilityWritten,
    Ladders,
    LineRequest,
)
from api.lists import Asked
from api.problems import READ_PROBLEMS
from api.values import Page

router = gateway_router("/v1/facilities", "facilities")
Reader = Annotated[Principal, Depends(requires("facilities:read"))]
CreditOfficer = Annotated[Acting, Depends(writes("facilities:write"))]
Payer = Annotated[Acting, Depends(writes("financings:write"))]


@router.write("", FacilityWritten, "Grant a supplier a line and set its ladders (credit officer)")
def grant(body: FacilityRequest, officer: CreditOfficer) -> Response:
    ids = opening.grant(officer, body)
    return officer.written(lambda session: opening.written(session, officer.chain, ids))


@router.write(
    "/{facility_id}/ladders",
    FacilityWritten,
    "Set a facility's ladders anew, for financings still to be opened (credit officer)",
)
def set_ladders(facility_id: str, body: Ladders, officer: CreditOfficer) -> Response:
    return _rewritten(officer, facility_id, opening.set_ladders(officer, facility_id, body))


@router.write("/{facility_id}/line", FacilityWritten, "Change a facility's limit or end (credit officer)")
def change_line(facility_id: str, body: LineRequest, officer: CreditOfficer) -> Response:
    return _rewritten(officer, facility_id, opening.change_line(officer, facility_id, body))


@router.write("/{facility_id}/commitment-fee", FacilityWritten, "Pay a facility's committed fee due so far")
def pay_commitment_fee(facility_id: str, body: CommitmentFeeRequest, payer: Payer) -> Response:
    return _rewritten(payer, facility_id, opening.pay_commitment_fee(payer, facility_id, body))


def _rewritten(acting: Acting, facility_id: str, ids: list[str]) -> Response:
    return acting.written(lambda session: opening.rewritten(session, acting, facility_id, ids))


@router.lists("", Page[FacilityView], FACILITIES, "List one's facilities")
def facilities(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(FACILITIES.asked)]
) -> Page[FacilityView]:
    return service.page(session, principal, chain, asked)


@router.get("/{facility_id}", responses=READ_PROBLEMS, summary="See one facility")
def facility(facility_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> FacilityView:
    return service.view(session, service.find(session, principal, facility_id), chain)
