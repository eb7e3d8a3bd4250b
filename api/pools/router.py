"""/v1/pools: the lenders' money."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
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
from api.problems import READ_PROBLEMS
from api.values import Currency

router = gateway_router("/v1/pools", "pools")
Reader = Annotated[Principal, Depends(requires("pools:read"))]
Lender = Annotated[Acting, Depends(writes("pools:write"))]


@router.get("", responses=READ_PROBLEMS, summary="See the books and share prices of all pools")
def pools(principal: Reader, session: SessionDep, chain: ChainDep) -> PoolsView:
    return service.pools(session, chain)


@router.get("/{currency}", responses=READ_PROBLEMS, summary="See the books and share prices of one pool")
def pool(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> PoolView:
    return service.pool(session, chain, currency)


@router.get("/{currency}/positions", responses=READ_PROBLEMS, summary="See one's own shares of a pool")
def positions(currency: Currency, principal: Reader, session: SessionDep, chain: ChainDep) -> PositionsView:
    return service.positions(session, principal, chain, currency)


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
