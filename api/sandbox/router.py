"""/v1/sandbox: facts that nobody has seen, on networks made for trying things out."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, gateway_router, writes
from api.sandbox import service
from api.sandbox.deps import SandboxDep
from api.sandbox.schemas import SimulationRequest, SimulationWritten

router = gateway_router("/v1/sandbox", "sandbox")


@router.write("/milestones", SimulationWritten, "Simulate what witnesses would attest about goods (sandbox)")
def simulate(
    body: SimulationRequest, acting: Annotated[Acting, Depends(writes("financings:write"))], sandbox: SandboxDep
) -> Response:
    sent, witnesses = sandbox.answer(acting, body)
    return acting.written(lambda session: service.written(session, body, sent, witnesses))
