"""/v1/receivables: the invoices on chain, their acceptance and payment."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.gateway import Gateway
from api.lists import Asked
from api.receivables import acts, service, showing
from api.receivables.listing import RECEIVABLES
from api.receivables.schemas import (
    AcceptanceRequest,
    ConsentRequest,
    ObjectionRequest,
    PaymentRequest,
    ReceivableView,
    ReceivableWritten,
    ReservationRequest,
    ResolutionRequest,
    TerminationRequest,
    TransferRequest,
)
from api.receivables.workouts import Desk
from api.straight import straight
from api.values import Page

router = gateway_router("/v1/receivables", "receivables")
Reader = Annotated[Principal, Depends(requires("receivables:read"))]
Writer = Annotated[Acting, Depends(writes("receivables:write"))]
Operator = Annotated[Acting, Depends(writes("receivables:write", "operator"))]


async def _desk(receivable_id: str, acting: Writer) -> Desk:
    return Desk(acting, receivable_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.lists("", Page[ReceivableView], RECEIVABLES, "List the receivables that one owes, is owed or holds")
def receivables(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(RECEIVABLES.asked)]
) -> Page[ReceivableView]:
    return service.page(session, principal, chain, asked)


@straight(router, "/{receivable_id}", ReceivableView, "See one receivable", "receivables:read")
async def receivable(gateway: Gateway, principal: Principal, receivable_id: str) -> bytes:
    return await showing.shown_soon(gateway.database, gateway.link, principal, receivable_id)


@router.write("/{receivable_id}/acceptance", ReceivableWritten, "Accept an invoice as its debtor")
def accept(desk: AtDesk, body: AcceptanceRequest) -> Response:
    return desk.answer(acts.accept(desk.acting, desk.thing_id, body.waive_set_off))


@router.write("/{receivable_id}/payments", ReceivableWritten, "Pay on an invoice as its debtor")
def pay(desk: AtDesk, body: PaymentRequest) -> Response:
    return desk.answer(acts.pay(desk.acting, desk.thing_id, body))


@router.write("/{receivable_id}/transfers", ReceivableWritten, "Hand units of a receivable on to another participant")
def transfer(desk: AtDesk, body: TransferRequest) -> Response:
    return desk.answer(desk.transfer(body))


@router.write("/{receivable_id}/claims", ReceivableWritten, "Claim one's share of what was paid on a receivable")
def claim(desk: AtDesk) -> Response:
    return desk.answer(desk.claim())


@router.write("/{receivable_id}/reservations", ReceivableWritten, "Keep one's units of a receivable for one facility")
def reserve(desk: AtDesk, body: ReservationRequest) -> Response:
    return desk.answer(desk.reserve(body))


@router.write(
    "/{receivable_id}/reservations/termination", ReceivableWritten, "End a reservation early (credit officer)"
)
def end_reservation(desk: AtDesk, body: TerminationRequest, operator: Operator) -> Response:
    return desk.answer(desk.end_reservation(body))


@router.write("/{receivable_id}/credit-notes", ReceivableWritten, "Lower what is owed on an invoice, as its supplier")
def credit(desk: AtDesk, body: ObjectionRequest) -> Response:
    return desk.answer(desk.credit(body))


@router.write("/{receivable_id}/disputes", ReceivableWritten, "Object to a part of an invoice, as its debtor")
def dispute(desk: AtDesk, body: ObjectionRequest) -> Response:
    return desk.answer(desk.dispute(body))


@router.write("/{receivable_id}/disputes/withdrawal", ReceivableWritten, "Withdraw one's objection to an invoice")
def withdraw_dispute(desk: AtDesk) -> Response:
    return desk.answer(desk.withdraw_dispute())


@router.write(
    "/{receivable_id}/disputes/concession", ReceivableWritten, "Concede to the debtor's objection, as the supplier"
)
def concede(desk: AtDesk, body: ObjectionRequest) -> Response:
    return desk.answer(desk.concede(body))


@router.write("/{receivable_id}/disputes/resolution", ReceivableWritten, "Decide a dispute (arbiter)")
def resolve(desk: AtDesk, body: ResolutionRequest, arbiter: Operator) -> Response:
    return desk.answer(desk.resolve(body))


@router.write(
    "/{receivable_id}/cancellation/consent", ReceivableWritten, "Agree to an invoice's cancellation, as its debtor"
)
def consent(desk: AtDesk, body: ConsentRequest) -> Response:
    return desk.answer(desk.consent(body))


@router.write("/{receivable_id}/cancellation", ReceivableWritten, "Cancel an invoice, as its supplier")
def cancel(desk: AtDesk) -> Response:
    return desk.answer(desk.cancel())


@router.write("/{receivable_id}/default", ReceivableWritten, "Put an unpaid invoice in default once its grace is over")
def mark_defaulted(desk: AtDesk) -> Response:
    return desk.answer(desk.mark_defaulted())
