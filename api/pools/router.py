"""/v1/pools: the lenders' money."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.pools import acts, service
from api.pools.listing import POOLS, POSITIONS
from api.pools.reports import portfolio, statement
from api.pools.reports.schemas import ConcentrationView, MaturitiesView, PoolStatementView
from api.pools.schemas import (
    ClaimRequest,
    DepositRequest,
    PoolsView,
    PoolView,
    PoolWritten,
    PositionsView,
    PositionWritten,
    RedemptionRequest,
)
from api.problems import READ_PROBLEMS
from api.values import Currency, Day

router = gateway_router("/v1/pools", "pools")
Reader = Annotated[Principal, Depends(requires("pools:read"))]
Lender = Annotated[Acting, Depends(writes("pools:write"))]


@router.lists("", PoolsView, POOLS, "See the books and share prices of all pools")
def pools(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(POOLS.asked)]
) -> PoolsView:
    found = asked.among(service.pools(session, chain).items)
    return PoolsView(items=found.rows, next=found.next)


@router.get("/{currency}", responses=READ_PROBLEMS, summary="See the books and share prices of one pool")
def pool(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> PoolView:
    return service.pool(session, chain, currency)


@router.lists("/{currency}/positions", PositionsView, POSITIONS, "See one's own shares of a pool")
def positions(
    currency: Currency,
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    asked: Annotated[Asked, Depends(POSITIONS.asked)],
) -> PositionsView:
    found = asked.among(service.positions(session, principal, chain, currency).items)
    return PositionsView(items=found.rows, next=found.next)


@router.get(
    "/{currency}/statement",
    responses=READ_PROBLEMS,
    summary="See a pool over a period: opening, movements, closing, and one's own shares",
)
def pool_statement(
    currency: Currency,
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    since: Annotated[Day | None, Query(description="first day; by default the first of the last day's month")] = None,
    until: Annotated[Day | None, Query(description="last day, included; by default today")] = None,
) -> PoolStatementView:
    return statement.statement(session, principal, chain, currency, since, until)


@router.get(
    "/{currency}/concentration",
    responses=READ_PROBLEMS,
    summary="See whose risk a pool's money is, against its caps, as one of its lenders",
)
def concentration(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> ConcentrationView:
    return portfolio.concentration(session, principal, chain, currency)


@router.get("/{currency}/maturities", responses=READ_PROBLEMS, summary="See when a pool's money falls due")
def maturities(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> MaturitiesView:
    return portfolio.maturities(session, chain, currency)


@router.write("/{currency}/deposits", PositionWritten, "Deposit into a tranche of a pool as a lender")
def deposit(currency: Currency, body: DepositRequest, lender: Lender) -> Response:
    return _position(lender, currency, body.tranche, acts.deposit(lender, currency, body))


@router.write(
    "/{currency}/redemption-requests", PositionWritten, "Hand shares in to be redeemed when an epoch is closed"
)
def request_redemption(currency: Currency, body: RedemptionRequest, lender: Lender) -> Response:
    return _position(lender, currency, body.tranche, acts.request_redemption(lender, currency, body))


@router.write("/{currency}/redemption-claims", PositionWritten, "Claim what was paid for shares handed in")
def claim(currency: Currency, body: ClaimRequest, lender: Lender) -> Response:
    return _position(lender, currency, body.tranche, acts.claim(lender, currency, body))


@router.write("/{currency}/epochs", PoolWritten, "Close a pool's epoch: pay redemption requests as far as cash allows")
def close_epoch(currency: Currency, anyone: Lender) -> Response:
    return _pool(anyone, currency, acts.close_epoch(anyone, currency))


@router.write("/{currency}/reserve", PoolWritten, "Hand the first-loss reserve what draws have brought it")
def send_reserve(currency: Currency, anyone: Lender) -> Response:
    return _pool(anyone, currency, acts.send_reserve(anyone, currency))


def _position(lender: Acting, currency: str, tranche: str, ids: list[str]) -> Response:
    return lender.written(lambda session: acts.written(session, lender, currency, tranche, ids))


def _pool(anyone: Acting, currency: str, ids: list[str]) -> Response:
    return anyone.written(lambda session: acts.pool_written(session, anyone.chain, currency, ids))
