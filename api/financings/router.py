"""/v1/financings: principal against a borrowing base."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.financings import acts, amendments, service
from api.financings.amendment_schemas import AmendmentRequest, AmendmentsView
from api.financings.listing import AMENDMENTS, FINANCINGS, REPAYMENTS
from api.financings.one_call import OneCallDep
from api.financings.paying import service as paying
from api.financings.paying.schemas import PayoffView, RepaymentDetailView
from api.financings.schemas import (
    DeliveryRequest,
    FinancingRequest,
    FinancingView,
    FinancingWritten,
    HandoverRequest,
    ImpairmentRequest,
    PurposeRequest,
    RepaymentRequest,
    RepaymentView,
)
from api.financings.workouts import Desk
from api.lists import Asked
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS
from api.values import Day, Hex32, Page

router = gateway_router("/v1/financings", "financings")
Reader = Annotated[Principal, Depends(requires("financings:read"))]
Supplier = Annotated[Acting, Depends(writes("financings:write"))]
CreditOfficer = Annotated[Acting, Depends(writes("financings:write", "operator"))]


async def _desk(financing_id: str, acting: Supplier) -> Desk:
    return Desk(acting, financing_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.write("", FinancingWritten, "From an invoice or order to cash: have a quote, accept it, or open without one")
def open_financing(body: FinancingRequest, one_call: OneCallDep) -> Response:
    return one_call.answer(body)


@router.write("/{financing_id}/poke", FinancingWritten, "Draw what the state now allows")
def poke(desk: AtDesk) -> Response:
    return desk.answer(desk.poke())


@router.write("/{financing_id}/forward", FinancingWritten, "Hand on what came in on a financing's item")
def forward(desk: AtDesk) -> Response:
    return desk.answer(desk.forward())


@router.write("/{financing_id}/mark-overdue", FinancingWritten, "Take the loss that the schedule says by now")
def mark_overdue(desk: AtDesk) -> Response:
    return desk.answer(desk.mark_overdue())


@router.write("/{financing_id}/default", FinancingWritten, "Put a financing in default once its grace is over")
def declare_default(desk: AtDesk) -> Response:
    return desk.answer(desk.declare_default())


@router.write(
    "/{financing_id}/recourse",
    FinancingWritten,
    "Hold the supplier to a financing that its collateral no longer covers",
)
def call_recourse(desk: AtDesk) -> Response:
    return desk.answer(desk.call_recourse())


@router.write(
    "/{financing_id}/recourse/closing", FinancingWritten, "Let the supplier go once the collateral is good again"
)
def close_recourse(desk: AtDesk) -> Response:
    return desk.answer(desk.close_recourse())


@router.write("/{financing_id}/release", FinancingWritten, "Take the collateral of a repaid financing back")
def release(desk: AtDesk) -> Response:
    return desk.answer(desk.release())


@router.write(
    "/{financing_id}/handover", FinancingWritten, "Hand a financing over to the next paper: goods, or their invoice"
)
def hand_over(desk: AtDesk, body: HandoverRequest, key: NetworkKeyDep) -> Response:
    return desk.answer(desk.hand_over(key, body))


@router.write(
    "/{financing_id}/delivery", FinancingWritten, "Take the goods of a financed order against the money in escrow"
)
def take_delivery(desk: AtDesk, body: DeliveryRequest) -> Response:
    return desk.answer(desk.take_delivery(body))


@router.write("/{financing_id}/purpose", FinancingWritten, "Say what the draws of an earmarked financing are for")
def set_purpose(desk: AtDesk, body: PurposeRequest) -> Response:
    return desk.answer(desk.set_purpose(body))


@router.write(
    "/{financing_id}/amendments",
    FinancingWritten,
    "Agree to a later maturity or another facility, as supplier or credit officer",
)
def amend(desk: AtDesk, body: AmendmentRequest) -> Response:
    return desk.answer(desk.amend(body))


@router.lists(
    "/{financing_id}/amendments",
    AmendmentsView,
    AMENDMENTS,
    "See the changes that were asked for, and who has agreed to them until when",
)
def amendments_of(
    financing_id: str,
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    asked: Annotated[Asked, Depends(AMENDMENTS.asked)],
) -> AmendmentsView:
    found = asked.among(amendments.of_financing(session, principal, chain, financing_id).items)
    return AmendmentsView(items=found.rows, next=found.next)


@router.write(
    "/{financing_id}/amendments/{amendment}/withdrawal",
    FinancingWritten,
    "Take one's agreement to an amendment back, as supplier or credit officer",
)
def withdraw_amendment(desk: AtDesk, amendment: Hex32) -> Response:
    return desk.answer(desk.withdraw(amendment))


@router.write("/{financing_id}/impairment", FinancingWritten, "Book an expected loss (credit officer)")
def impair(desk: AtDesk, body: ImpairmentRequest, officer: CreditOfficer) -> Response:
    return desk.answer(desk.impair(body))


@router.write("/{financing_id}/repayments", FinancingWritten, "Repay a financing out of one's own cash")
def repay(desk: AtDesk, body: RepaymentRequest) -> Response:
    return desk.answer(acts.repay(desk.acting, desk.thing_id, body))


@router.lists("/{financing_id}/repayments", Page[RepaymentView], REPAYMENTS, "List what has been paid on a financing")
def repayments(
    financing_id: str,
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    asked: Annotated[Asked, Depends(REPAYMENTS.asked)],
) -> Page[RepaymentView]:
    found = asked.among(paying.repayments(session, principal, chain, financing_id))
    return Page(items=found.rows, next=found.next)


@router.get(
    "/{financing_id}/repayments/{repayment_id}",
    responses=READ_PROBLEMS,
    summary="See one repayment, and where each part of it went",
)
def repayment(
    financing_id: str, repayment_id: str, principal: Reader, session: SessionDep, chain: ChainDep
) -> RepaymentDetailView:
    return paying.repayment(session, principal, chain, financing_id, repayment_id)


@router.get("/{financing_id}/payoff", responses=READ_PROBLEMS, summary="See what pays a financing off on a day")
def payoff_on(
    financing_id: str,
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    on: Annotated[Day | None, Query(description="today, on the chain's clock, where none is named")] = None,
) -> PayoffView:
    return paying.payoff(session, principal, chain, financing_id, on)


@router.lists("", Page[FinancingView], FINANCINGS, "List one's financings")
def financings(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(FINANCINGS.asked)]
) -> Page[FinancingView]:
    return service.page(session, principal, chain, asked)


@router.get("/{financing_id}", responses=READ_PROBLEMS, summary="See what a financing owes, supports and has drawn")
def financing(financing_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> FinancingView:
    return service.view(session, service.find(session, principal, financing_id), chain)
