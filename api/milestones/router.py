"""/v1/milestones: what independent organisations attested."""

from typing import Annotated

from fastapi import Depends, Query

from api.deps import Principal, SessionDep, gateway_router, requires
from api.milestones import service
from api.milestones.schemas import MilestonesView
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS

router = gateway_router("/v1/milestones", "milestones")


@router.get("", responses=READ_PROBLEMS, summary="See the votes and facts about the goods of a receivable")
def milestones(
    principal: Annotated[Principal, Depends(requires("milestones:read"))],
    session: SessionDep,
    key: NetworkKeyDep,
    subject: Annotated[str | None, Query(max_length=80, description="the consignment")] = None,
    receivable_id: Annotated[str | None, Query(max_length=80, description="the receivable whose goods it is")] = None,
) -> MilestonesView:
    return service.asked(session, principal, key, subject, receivable_id)
