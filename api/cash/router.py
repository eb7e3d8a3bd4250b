"""/v1/cash: issue and balances."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.cash import service
from api.cash.schemas import BalancesView, CashIssueRequest, CashIssueView, ParkedClaimRequest, ParkedClaimWritten
from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
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


@router.write("/parked-claims", ParkedClaimWritten, "Take what could not be paid to one when it fell due")
def claim_parked(body: ParkedClaimRequest, payee: Annotated[Acting, Depends(writes("financings:write"))]) -> Response:
    ids = service.claim_parked(payee, body.currency)
    return payee.written(lambda session: service.parked_claimed(session, payee, ids))


@router.get("/balances", responses=READ_PROBLEMS, summary="See what an organisation holds; its own by default")
def balances(
    principal: Annotated[Principal, Depends(requires("cash:read"))],
    session: SessionDep,
    chain: ChainDep,
    lei: Annotated[Lei | None, Query(description="another organisation: operator and supervisor only")] = None,
) -> BalancesView:
    return service.balances(session, chain, principal, lei)
