"""GET /v1/usage: what an organisation has asked of the gateway."""

from typing import Annotated

from fastapi import Depends, Query

from api.deps import Principal, SessionDep, gateway_router, requires
from api.problems import READ_PROBLEMS
from api.usage import service
from api.usage.schemas import UsageView
from api.values import Day, Lei

router = gateway_router("/v1/usage", "usage")


@router.get("", responses=READ_PROBLEMS, summary="Requests, transactions, gas and documents by day, newest first")
def show_usage(
    principal: Annotated[Principal, Depends(requires("usage:read"))],
    session: SessionDep,
    lei: Annotated[Lei | None, Query(description="of one organisation (operator)")] = None,
    first: Annotated[Day | None, Query(alias="from", description="UTC day; thirty days by default")] = None,
    last: Annotated[Day | None, Query(alias="to", description="UTC day; today by default")] = None,
) -> UsageView:
    return service.usage(session, principal, lei, first, last)
