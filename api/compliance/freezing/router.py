"""/v1/participants/{lei}/freezes: stop an organisation's accounts, and let them go again."""

from typing import Annotated

from fastapi import Depends, Response

from api.compliance.freezing import service
from api.compliance.freezing.schemas import FreezeRequest, FreezesView, FreezesWritten, UnfreezeRequest
from api.deps import Acting, Principal, SessionDep, gateway_router, requires, writes
from api.problems import READ_PROBLEMS
from api.values import Lei

router = gateway_router("/v1/participants", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Acting, Depends(writes("compliance:write"))]


@router.get("/{lei}/freezes", responses=READ_PROBLEMS, summary="See which accounts are frozen, and why")
def freezes(lei: Lei, principal: Reader, session: SessionDep) -> FreezesView:
    return service.freezes(session, lei)


@router.write("/{lei}/freezes", FreezesWritten, "Freeze an organisation's accounts, with the reason")
def freeze(lei: Lei, body: FreezeRequest, acting: Officer) -> Response:
    return acting.written(service.freeze(acting, lei, body).view)


@router.write("/{lei}/freezes/lifting", FreezesWritten, "Let frozen accounts go, with the reason")
def unfreeze(lei: Lei, body: UnfreezeRequest, acting: Officer) -> Response:
    return acting.written(service.unfreeze(acting, lei, body).view)
