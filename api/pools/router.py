"""/v1/pools: the lenders' money."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.pools import acts, service
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
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Currency

router = gateway_router("/v1/pools", "pools")
Reader = Annotated[Principal, Depends(requires("pools:read"))]
Lender = Annotated[Principal, Depends(requires("pools:write"))]


@router.get("", responses=READ_PROBLEMS, summary="See the books and share prices of all pools")
def pools(principal: Reader, session: SessionDep, chain: ChainDep) -> PoolsView:
    return service.pools(session, chain)


@router.get("/{currency}", responses=READ_PROBLEMS, summary="See the books and share prices of one pool")
def pool(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> PoolView:
    return service.pool(session, chain, currency)


@router.get("/{currency}/positions", responses=READ_PROBLEMS, summary="See one's own shares of a pool")
def positions(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> PositionsView:
    return service.positions(session, principal, chain, currency)


@router.post(
    "/{currency}/deposits",
    status_code=202,
    response_model=PositionWritten,
    responses=WRITE_PROBLEMS,
    summary="Deposit into a tranche of a pool as a lender",
)
def deposit(
    currency: Currency,
    body: DepositRequest,
    principal: Lender,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.deposit(session, transactions, chain, principal, currency, body)
    return Written(session, lambda session: acts.written(session, principal, chain, currency, body.tranche, ids))


@router.post(
    "/{currency}/redemption-requests",
    status_code=202,
    response_model=PositionWritten,
    responses=WRITE_PROBLEMS,
    summary="Hand shares in to be redeemed when an epoch is closed",
)
def request_redemption(
    currency: Currency,
    body: RedemptionRequest,
    principal: Lender,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.request_redemption(session, transactions, chain, principal, currency, body)
    return Written(session, lambda session: acts.written(session, principal, chain, currency, body.tranche, ids))


@router.post(
    "/{currency}/redemption-claims",
    status_code=202,
    response_model=PositionWritten,
    responses=WRITE_PROBLEMS,
    summary="Claim what was paid for shares handed in",
)
def claim(
    currency: Currency,
    body: ClaimRequest,
    principal: Lender,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.claim(session, transactions, chain, principal, currency, body)
    return Written(session, lambda session: acts.written(session, principal, chain, currency, body.tranche, ids))


@router.post(
    "/{currency}/epochs",
    status_code=202,
    response_model=PoolWritten,
    responses=WRITE_PROBLEMS,
    summary="Close a pool's epoch: pay redemption requests as far as cash allows",
)
def close_epoch(
    currency: Currency, principal: Lender, session: SessionDep, chain: ChainDep, transactions: TransactionsDep
) -> Response:
    ids = acts.close_epoch(session, transactions, chain, principal, currency)
    return Written(session, lambda session: acts.pool_written(session, chain, currency, ids))


@router.post(
    "/{currency}/reserve",
    status_code=202,
    response_model=PoolWritten,
    responses=WRITE_PROBLEMS,
    summary="Hand the first-loss reserve what draws have brought it",
)
def send_reserve(
    currency: Currency, principal: Lender, session: SessionDep, chain: ChainDep, transactions: TransactionsDep
) -> Response:
    ids = acts.send_reserve(session, transactions, chain, principal, currency)
    return Written(session, lambda session: acts.pool_written(session, chain, currency, ids))
