"""/v1/cash: issue and balances."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.cash import service
from api.cash.schemas import BalancesView, CashIssueRequest, CashIssueView
from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Lei

router = gateway_router("/v1/cash", "cash")


@router.post(
    "/issues",
    status_code=202,
    response_model=CashIssueView,
    responses=WRITE_PROBLEMS,
    summary="Issue cash against a bank payment (operator)",
)
def issue(
    body: CashIssueRequest,
    principal: Annotated[Principal, Depends(requires("cash:write"))],
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
    key: NetworkKeyDep,
) -> Response:
    issued = service.issue(session, transactions, chain, key, body)
    return Written(session, lambda session: service.issue_view(session, body, issued))


@router.get("/balances", responses=READ_PROBLEMS, summary="See what an organisation holds; its own by default")
def balances(
    principal: Annotated[Principal, Depends(requires("cash:read"))],
    session: SessionDep,
    lei: Annotated[Lei | None, Query(description="another organisation: operator and supervisor only")] = None,
) -> BalancesView:
    return service.balances(session, principal, lei)
