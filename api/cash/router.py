"""/v1/cash: issue and balances."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.cash import service
from api.cash.schemas import BalancesView, CashIssueRequest, CashIssueView
from api.deps import Acting, Principal, SessionDep, gateway_router, requires, writes
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS
from api.values import Lei

router = gateway_router("/v1/cash", "cash")


@router.write("/issues", CashIssueView, "Issue cash against a bank payment (operator)")
def issue(
    body: CashIssueRequest, operator: Annotated[Acting, Depends(writes("cash:write"))], key: NetworkKeyDep
) -> Response:
    issued = service.issue(operator, key, body)
    return operator.written(lambda session: service.issue_view(session, body, issued))


@router.get("/balances", responses=READ_PROBLEMS, summary="See what an organisation holds; its own by default")
def balances(
    principal: Annotated[Principal, Depends(requires("cash:read"))],
    session: SessionDep,
    lei: Annotated[Lei | None, Query(description="another organisation: operator and supervisor only")] = None,
) -> BalancesView:
    return service.balances(session, principal, lei)
