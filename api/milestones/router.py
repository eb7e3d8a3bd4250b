"""/v1/milestones: what independent organisations attested."""

from typing import Annotated

from fastapi import Depends, Query

from api.deps import Principal, SessionDep, gateway_router, requires
from api.lists import Asked
from api.milestones import service
from api.milestones.listing import FACTS
from api.milestones.schemas import MilestonesView
from api.milestones.service import Whose
from api.network_key import NetworkKeyDep

router = gateway_router("/v1/milestones", "milestones")


@router.lists("", MilestonesView, FACTS, "See the votes and facts about the goods of a receivable, order or receipt")
def milestones(
    principal: Annotated[Principal, Depends(requires("milestones:read"))],
    session: SessionDep,
    key: NetworkKeyDep,
    asked: Annotated[Asked, Depends(FACTS.asked)],
    subject: Annotated[str | None, Query(max_length=80, description="the consignment")] = None,
    receivable_id: Annotated[str | None, Query(max_length=80, description="the receivable whose goods it is")] = None,
    order_id: Annotated[str | None, Query(max_length=80, description="the order whose goods it is")] = None,
    receipt_id: Annotated[
        str | None, Query(max_length=80, description="the warehouse receipt whose goods it is")
    ] = None,
) -> MilestonesView:
    whole = service.asked(session, principal, key, Whose(subject, receivable_id, order_id, receipt_id))
    found = asked.among(whole.items)
    return whole.model_copy(update={"items": found.rows, "next": found.next})
