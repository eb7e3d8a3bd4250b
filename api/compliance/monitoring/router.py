"""/v1/monitoring: the rules in force, and looking again."""

from typing import Annotated

from fastapi import Depends

from api.compliance.monitoring import service
from api.compliance.monitoring.schemas import RulesView, RunRequest, RunView
from api.deps import LinkDep, Principal, SessionDep, SettingsDep, gateway_router, requires
from api.pools.syndicates import pool_ids
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS

router = gateway_router("/v1/monitoring", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Principal, Depends(requires("compliance:write"))]


@router.get("/rules", responses=READ_PROBLEMS, summary="See the thresholds of transaction monitoring")
def rules(principal: Reader, settings: SettingsDep) -> RulesView:
    return RulesView(**settings.compliance.monitoring.model_dump())


@router.post("/runs", responses=WRITE_PROBLEMS, summary="Run the rules of monitoring again over what is on chain")
def run(body: RunRequest, principal: Officer, session: SessionDep, settings: SettingsDep, link: LinkDep) -> RunView:
    ran = service.run(session, settings.compliance.monitoring, body.from_block, pool_ids(link.addresses))
    return RunView(movements=ran.movements, found=ran.found, opened=ran.opened)
