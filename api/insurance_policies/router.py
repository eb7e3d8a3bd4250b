"""/v1/insurance-policies: cover of financings, from the offer to the claim."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.insurance_policies import acts, service
from api.insurance_policies.acts import Desk
from api.insurance_policies.listing import POLICIES
from api.insurance_policies.schemas import (
    InsurerPositionsView,
    PolicyRequest,
    PolicyView,
    PolicyWritten,
    PositionRequest,
    PositionsWritten,
    PremiumRequest,
)
from api.lists import Asked
from api.participants import service as participants
from api.problems import READ_PROBLEMS
from api.values import Page

router = gateway_router("/v1/insurance-policies", "insurance policies")
Reader = Annotated[Principal, Depends(requires("insurance:read"))]
Writer = Annotated[Acting, Depends(writes("insurance:write"))]
CreditOfficer = Annotated[Acting, Depends(writes("insurance:write", "operator"))]


async def _desk(policy_id: str, acting: Writer) -> Desk:
    return Desk(acting, policy_id)


AtDesk = Annotated[Desk, Depends(_desk)]


# The insurer's money


@router.get("/positions", responses=READ_PROBLEMS, summary="See what one has put down as an insurer")
def positions(principal: Reader, session: SessionDep, chain: ChainDep) -> InsurerPositionsView:
    accounts = participants.accounts_of(session, principal.lei) if principal.lei else []
    return service.positions(session, chain, accounts)


@router.write("/deposits", PositionsWritten, "Put money down for policies (insurer)")
def fund(body: PositionRequest, insurer: Writer) -> Response:
    ids = acts.fund(insurer, body)
    return insurer.written(lambda session: acts.funded(session, insurer, ids))


@router.write("/withdrawals", PositionsWritten, "Take out money that no policy locks (insurer)")
def take_out(body: PositionRequest, insurer: Writer) -> Response:
    ids = acts.take_out(insurer, body)
    return insurer.written(lambda session: acts.funded(session, insurer, ids))


# Policies


@router.write("", PolicyWritten, "Offer to insure a financing (insurer)")
def offer(body: PolicyRequest, insurer: Writer) -> Response:
    ids = acts.offer(insurer, body)
    return insurer.written(lambda session: acts.offered(session, insurer, ids))


@router.lists("", Page[PolicyView], POLICIES, "List the policies that one has offered or is insured by")
def policies(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(POLICIES.asked)]
) -> Page[PolicyView]:
    return service.page(session, principal, chain, asked)


@router.get("/{policy_id}", responses=READ_PROBLEMS, summary="See one policy and what a claim would be paid")
def policy(policy_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> PolicyView:
    return service.views(session, [service.find(session, principal, policy_id)], chain)[0]


@router.write("/{policy_id}/withdrawal", PolicyWritten, "Take an offered policy back (insurer)")
def withdraw(desk: AtDesk) -> Response:
    return desk.answer(desk.withdraw())


@router.write("/{policy_id}/acceptance", PolicyWritten, "Accept a policy, whose premium is served first (supplier)")
def accept(desk: AtDesk) -> Response:
    return desk.answer(desk.accept())


@router.write("/{policy_id}/binding", PolicyWritten, "Bind an accepted policy for the lenders (credit officer)")
def bind(desk: AtDesk, officer: CreditOfficer) -> Response:
    return desk.answer(desk.bind())


@router.write("/{policy_id}/premiums", PolicyWritten, "Pay premium, so that the cover does not lapse")
def pay_premium(desk: AtDesk, body: PremiumRequest) -> Response:
    return desk.answer(desk.pay_premium(body))


@router.write("/{policy_id}/claims", PolicyWritten, "Have the insurer pay the lenders' loss")
def claim(desk: AtDesk) -> Response:
    return desk.answer(desk.claim())


@router.write("/{policy_id}/waiver", PolicyWritten, "Give up what has not come back of a claim (insurer)")
def waive(desk: AtDesk) -> Response:
    return desk.answer(desk.waive())


@router.write("/{policy_id}/closing", PolicyWritten, "Book the end of a policy that is over")
def close(desk: AtDesk) -> Response:
    return desk.answer(desk.close())
