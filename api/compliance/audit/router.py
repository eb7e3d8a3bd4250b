"""/v1/audit: the trail of who did what, for operator and supervisor."""

from typing import Annotated

from fastapi import Depends

from api.compliance.audit import service
from api.compliance.audit.listing import ENTRIES
from api.compliance.audit.schemas import AuditEntryView, AuditHeadView
from api.deps import Principal, SessionDep, gateway_router, requires
from api.lists import Asked
from api.problems import READ_PROBLEMS
from api.values import Page

router = gateway_router("/v1/audit", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]


@router.lists("/entries", Page[AuditEntryView], ENTRIES, "List the audit trail, newest first")
def entries(
    principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(ENTRIES.asked)]
) -> Page[AuditEntryView]:
    return service.page(session, asked)


@router.get("/head", responses=READ_PROBLEMS, summary="Get the end of the audit trail, to note it elsewhere")
def head(principal: Reader, session: SessionDep) -> AuditHeadView:
    return service.head(session)
