"""/v1/financings: principal against a borrowing base."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.financings import acts, amendments, service
from api.financings.schemas import (
    AmendmentRequest,
    AmendmentsView,
    FinancingRequest,
    FinancingView,
    FinancingWritten,
    ImpairmentRequest,
    RepaymentRequest,
)
from api.financings.workouts import Desk
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS
from api.values import Before, Hex32, Limit, Page

router = gateway_router("/v1/financings", "financings")
Reader = Annotated[Principal, Depends(requires("financings:read"))]
Supplier = Annotated[Acting, Depends(writes("financings:write"))]
CreditOfficer = Annotated[Acting, Depends(writes("financings:write", "operator"))]


async def _desk(financing_id: str, acting: Supplier) -> Desk:
    return Desk(acting, financing_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.write("", FinancingWritten, "Open a financing on an accepted receivable")
def open_financing(body: FinancingRequest, supplier: Supplier, key: NetworkKeyDep) -> Response:
    ids = acts.open_financing(supplier, key, body)
    return supplier.written(lambda session: acts.opened(session, supplier.chain, ids))


@router.write("/{financing_id}/poke", FinancingWritten, "Draw what the state now allows")
def poke(desk: AtDesk) -> Response:
    return desk.answer(desk.poke())


@router.write("/{financing_id}/forward", FinancingWritten, "Hand on what came in on a financing's item")
def forward(desk: AtDesk) -> Response:
    return desk.answer(desk.forward())


@router.write("/{financing_id}/mark-overdue", FinancingWritten, "Take the loss that the schedule says by now")
def mark_overdue(desk: AtDesk) -> Response:
    return desk.answer(desk.mark_overdue())


@router.write("/{financing_id}/default", FinancingWritten, "Put a financing in default once its grace is over")
def declare_default(desk: AtDesk) -> Response:
    return desk.answer(desk.declare_default())


@router.write(
    "/{financing_id}/recourse",
    FinancingWritten,
    "Hold the supplier to a financing that its collateral no longer covers",
)
def call_recourse(desk: AtDesk) -> Response:
    return desk.answer(desk.call_recourse())


@router.write(
    "/{financing_id}/recourse/closing", FinancingWritten, "Let the supplier go once the collateral is good again"
)
def close_recourse(desk: AtDesk) -> Response:
    return desk.answer(desk.close_recourse())


@router.write("/{financing_id}/release", FinancingWritten, "Take the collateral of a repaid financing back")
def release(desk: AtDesk) -> Response:
    return desk.answer(desk.release())


@router.write(
    "/{financing_id}/amendments",
    FinancingWritten,
    "Agree to a later maturity or another facility, as supplier or credit officer",
)
def amend(desk: AtDesk, body: AmendmentRequest) -> Response:
    return desk.answer(desk.amend(body))


@router.get(
    "/{financing_id}/amendments",
    responses=READ_PROBLEMS,
    summary="See the changes that were asked for, and who has agreed to them until when",
)
def amendments_of(financing_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> AmendmentsView:
    return amendments.of_financing(session, principal, chain, financing_id)


@router.write(
    "/{financing_id}/amendments/{amendment}/withdrawal",
    FinancingWritten,
    "Take one's agreement to an amendment back, as supplier or credit officer",
)
def withdraw_amendment(desk: AtDesk, amendment: Hex32) -> Response:
    return desk.answer(desk.withdraw(amendment))


@router.write("/{financing_id}/impairment", FinancingWritten, "Book an expected loss (credit officer)")
def impair(desk: AtDesk, body: ImpairmentRequest, officer: CreditOfficer) -> Response:
    return desk.answer(desk.impair(body))


@router.write("/{financing_id}/repayments", FinancingWritten, "Repay a financing out of one's own cash")
def repay(desk: AtDesk, body: RepaymentRequest) -> Response:
    return desk.answer(acts.repay(desk.acting, desk.thing_id, body))


@router.get("", responses=READ_PROBLEMS, summary="List one's financings")
def financings(
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    receivable_id: Annotated[Hex32 | None, Query(description="those of one receivable")] = None,
    before: Before = None,
    limit: Limit = 50,
) -> Page[FinancingView]:
    return service.page(session, principal, chain, receivable_id=receivable_id, before=before, limit=limit)


@router.get("/{financing_id}", responses=READ_PROBLEMS, summary="See what a financing owes, supports and has drawn")
def financing(financing_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> FinancingView:
    return service.view(session, service.find(session, principal, financing_id), chain)
