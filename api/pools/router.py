"""/v1/pools: the lenders' money."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import ChainDep, LinkDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.pools import service
from api.pools.schemas import DepositRequest, DepositWritten, PoolsView, PoolView, PositionsView
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Currency

router = gateway_router("/v1/pools", "pools")
Reader = Annotated[Principal, Depends(requires("pools:read"))]
Lender = Annotated[Principal, Depends(requires("pools:write"))]


@router.get("", responses=READ_PROBLEMS, summary="See the books and share prices of all pools")
def pools(principal: Reader, session: SessionDep, link: LinkDep) -> PoolsView:
    return service.pools(session, link.addresses)


@router.get("/{currency}", responses=READ_PROBLEMS, summary="See the books and share prices of one pool")
def pool(currency: Currency, principal: Reader, session: SessionDep, link: LinkDep) -> PoolView:
    return service.pool(session, link.addresses, currency)


@router.get("/{currency}/positions", responses=READ_PROBLEMS, summary="See one's own shares of a pool")
def positions(currency: Currency, principal: Reader, session: SessionDep, link: LinkDep) -> PositionsView:
    return service.positions(session, principal, link.addresses, currency)


@router.post(
    "/{currency}/deposits",
    status_code=202,
    response_model=DepositWritten,
    responses=WRITE_PROBLEMS,
    summary="Deposit into a pool as a lender",
)
def deposit(
    currency: Currency,
    body: DepositRequest,
    principal: Lender,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = service.deposit(session, transactions, chain, principal, currency, body)
    return Written(session, lambda session: service.written(session, principal, chain.addresses, currency, ids))
