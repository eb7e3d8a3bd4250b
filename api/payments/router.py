"""/v1/payment-instructions: money that will come in by bank, and what for."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, Principal, SessionDep, SettingsDep, gateway_router, requires, writes
from api.lists import Asked
from api.payments import service
from api.payments.listing import INSTRUCTIONS
from api.payments.schemas import InstructionRequest, InstructionView
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS, problems
from api.values import Day, Page

router = gateway_router("/v1/payment-instructions", "payments")
Reader = Annotated[Principal, Depends(requires("payments:read"))]
Payer = Annotated[Acting, Depends(writes("payments:write"))]
_PAIN: dict[int | str, dict[str, object]] = {
    200: {"description": "pain.001.001.09", "content": {"application/xml": {"schema": {"type": "string"}}}}
}


@router.post("", responses=WRITE_PROBLEMS, summary="Say what money one will pay in by bank, and what for")
def instruct(body: InstructionRequest, payer: Payer, settings: SettingsDep) -> InstructionView:
    said = service.instruct(payer, settings.banking, body)
    return service.view(payer.session, settings.banking, said)


@router.lists("", Page[InstructionView], INSTRUCTIONS, "List one's payment instructions")
def instructions(
    principal: Reader,
    session: SessionDep,
    settings: SettingsDep,
    asked: Annotated[Asked, Depends(INSTRUCTIONS.asked)],
) -> Page[InstructionView]:
    return service.page(session, settings.banking, principal, asked)


@router.get("/{instruction_id}", responses=READ_PROBLEMS, summary="See a payment instruction and what became of it")
def instruction(instruction_id: str, principal: Reader, session: SessionDep, settings: SettingsDep) -> InstructionView:
    return service.view(session, settings.banking, service.find(session, principal, instruction_id))


@router.get(
    "/{instruction_id}/pain001",
    response_class=Response,
    responses={**problems(404, 409, 422), **_PAIN},
    summary="The instruction as pain.001, for the payer's own bank",
)
def pain001(
    instruction_id: str,
    principal: Reader,
    session: SessionDep,
    settings: SettingsDep,
    debtor_iban: Annotated[str, Query(min_length=5, max_length=50, description="the payer's account")],
    debtor_name: Annotated[str, Query(min_length=1, max_length=140, description="its holder")],
    execute_on: Annotated[Day | None, Query(description="the day of the instruction by default")] = None,
) -> Response:
    found = service.find(session, principal, instruction_id)
    written = service.pain001(session, settings.banking, found, debtor_name, debtor_iban, execute_on)
    return Response(written, media_type="application/xml")


@router.post(
    "/{instruction_id}/cancellation", responses=WRITE_PROBLEMS, summary="Take a payment instruction back that is open"
)
def cancel(instruction_id: str, payer: Payer, settings: SettingsDep) -> InstructionView:
    found = service.find(payer.session, payer.principal, instruction_id)
    return service.view(payer.session, settings.banking, service.cancel(payer.session, found))
