"""/v1/financings: principal against a borrowing base."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.financings import acts, service
from api.financings.schemas import (
    AmendmentRequest,
    FinancingRequest,
    FinancingView,
    FinancingWritten,
    ImpairmentRequest,
    RepaymentRequest,
)
from api.financings.workouts import Desk
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Before, Hex32, Limit, Page

router = gateway_router("/v1/financings", "financings")
Reader = Annotated[Principal, Depends(requires("financings:read"))]
Supplier = Annotated[Principal, Depends(requires("financings:write"))]
CreditOfficer = Annotated[Principal, Depends(requires("financings:write", "operator"))]


async def _desk(
    financing_id: str, principal: Supplier, session: SessionDep, chain: ChainDep, transactions: TransactionsDep
) -> Desk:
    return Desk(session, transactions, chain, principal, financing_id)


AtDesk = Annotated[Desk, Depends(_desk)]


def _written(desk: Desk, ids: list[str]) -> Response:
    return Written(
        desk.session,
        lambda session: acts.written(session, desk.principal, desk.financing_id, desk.chain, ids),
    )


@router.post(
    "",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Open a financing on an accepted receivable",
)
def open_financing(
    body: FinancingRequest,
    principal: Supplier,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
    key: NetworkKeyDep,
) -> Response:
    ids = acts.open_financing(session, transactions, chain, key, principal, body)
    return Written(session, lambda session: acts.opened(session, chain, ids))


@router.post(
    "/{financing_id}/poke",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Draw what the state now allows",
)
def poke(desk: AtDesk) -> Response:
    return _written(desk, desk.poke())


@router.post(
    "/{financing_id}/forward",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Hand on what came in on a financing's item",
)
def forward(desk: AtDesk) -> Response:
    return _written(desk, desk.forward())


@router.post(
    "/{financing_id}/mark-overdue",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Take the loss that the schedule says by now",
)
def mark_overdue(desk: AtDesk) -> Response:
    return _written(desk, desk.mark_overdue())


@router.post(
    "/{financing_id}/default",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Put a financing in default once its grace is over",
)
def declare_default(desk: AtDesk) -> Response:
    return _written(desk, desk.declare_default())


@router.post(
    "/{financing_id}/recourse",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Hold the supplier to a financing that its collateral no longer covers",
)
def call_recourse(desk: AtDesk) -> Response:
    return _written(desk, desk.call_recourse())


@router.post(
    "/{financing_id}/release",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Take the collateral of a repaid financing back",
)
def release(desk: AtDesk) -> Response:
    return _written(desk, desk.release())


@router.post(
    "/{financing_id}/amendments",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Agree to a later maturity or another facility, as supplier or credit officer",
)
def amend(desk: AtDesk, body: AmendmentRequest) -> Response:
    return _written(desk, desk.amend(body))


@router.post(
    "/{financing_id}/impairment",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Book an expected loss (credit officer)",
)
def impair(desk: AtDesk, body: ImpairmentRequest, principal: CreditOfficer) -> Response:
    return _written(desk, desk.impair(body))


@router.post(
    "/{financing_id}/repayments",
    status_code=202,
    response_model=FinancingWritten,
    responses=WRITE_PROBLEMS,
    summary="Repay a financing out of one's own cash",
)
def repay(
    financing_id: str,
    body: RepaymentRequest,
    principal: Supplier,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.repay(session, transactions, chain, principal, financing_id, body)
    return Written(session, lambda session: acts.written(session, principal, financing_id, chain, ids))


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
