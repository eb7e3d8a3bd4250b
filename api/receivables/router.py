"""/v1/receivables: the invoices on chain, their acceptance and payment."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.invoices.similarity import service as similarity
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.receivables import acts, service
from api.receivables.schemas import (
    AcceptanceRequest,
    ConsentRequest,
    ObjectionRequest,
    PaymentRequest,
    ReceivableView,
    ReceivableWritten,
    ReservationRequest,
    ResolutionRequest,
    StateName,
    TransferRequest,
)
from api.receivables.workouts import Desk
from api.values import Before, Limit, Page

router = gateway_router("/v1/receivables", "receivables")
Reader = Annotated[Principal, Depends(requires("receivables:read"))]
Writer = Annotated[Principal, Depends(requires("receivables:write"))]
Arbiter = Annotated[Principal, Depends(requires("receivables:write", "operator"))]


async def _desk(
    receivable_id: str, principal: Writer, session: SessionDep, chain: ChainDep, transactions: TransactionsDep
) -> Desk:
    return Desk(session, transactions, chain, principal, receivable_id)


AtDesk = Annotated[Desk, Depends(_desk)]


def _written(desk: Desk, ids: list[str]) -> Response:
    return Written(
        desk.session,
        lambda session: acts.written(session, desk.principal, desk.receivable_id, desk.chain, ids),
    )


@router.get("", responses=READ_PROBLEMS, summary="List the receivables that one owes, is owed or holds")
def receivables(
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    state: Annotated[StateName | None, Query()] = None,
    before: Before = None,
    limit: Limit = 50,
) -> Page[ReceivableView]:
    return service.page(session, principal, chain, state=state, before=before, limit=limit)


@router.get("/{receivable_id}", responses=READ_PROBLEMS, summary="See one receivable")
def receivable(receivable_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> ReceivableView:
    seen = service.view(session, service.find(session, principal, receivable_id), chain)
    return seen.model_copy(update={"similar": similarity.shown(session, principal, receivable_id)})


@router.post(
    "/{receivable_id}/acceptance",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Accept an invoice as its debtor",
)
def accept(
    receivable_id: str,
    body: AcceptanceRequest,
    principal: Writer,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.accept(session, transactions, chain, principal, receivable_id, body.waive_set_off)
    return Written(session, lambda session: acts.written(session, principal, receivable_id, chain, ids))


@router.post(
    "/{receivable_id}/payments",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Pay on an invoice as its debtor",
)
def pay(
    receivable_id: str,
    body: PaymentRequest,
    principal: Writer,
    session: SessionDep,
    chain: ChainDep,
    transactions: TransactionsDep,
) -> Response:
    ids = acts.pay(session, transactions, chain, principal, receivable_id, body)
    return Written(session, lambda session: acts.written(session, principal, receivable_id, chain, ids))


@router.post(
    "/{receivable_id}/transfers",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Hand units of a receivable on to another participant",
)
def transfer(desk: AtDesk, body: TransferRequest) -> Response:
    return _written(desk, desk.transfer(body))


@router.post(
    "/{receivable_id}/claims",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Claim one's share of what was paid on a receivable",
)
def claim(desk: AtDesk) -> Response:
    return _written(desk, desk.claim())


@router.post(
    "/{receivable_id}/reservations",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Keep one's units of a receivable for one facility",
)
def reserve(desk: AtDesk, body: ReservationRequest) -> Response:
    return _written(desk, desk.reserve(body))


@router.post(
    "/{receivable_id}/credit-notes",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Lower what is owed on an invoice, as its supplier",
)
def credit(desk: AtDesk, body: ObjectionRequest) -> Response:
    return _written(desk, desk.credit(body))


@router.post(
    "/{receivable_id}/disputes",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Object to a part of an invoice, as its debtor",
)
def dispute(desk: AtDesk, body: ObjectionRequest) -> Response:
    return _written(desk, desk.dispute(body))


@router.post(
    "/{receivable_id}/disputes/withdrawal",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Withdraw one's objection to an invoice",
)
def withdraw_dispute(desk: AtDesk) -> Response:
    return _written(desk, desk.withdraw_dispute())


@router.post(
    "/{receivable_id}/disputes/concession",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Concede to the debtor's objection, as the supplier",
)
def concede(desk: AtDesk, body: ObjectionRequest) -> Response:
    return _written(desk, desk.concede(body))


@router.post(
    "/{receivable_id}/disputes/resolution",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Decide a dispute (arbiter)",
)
def resolve(desk: AtDesk, body: ResolutionRequest, principal: Arbiter) -> Response:
    return _written(desk, desk.resolve(body))


@router.post(
    "/{receivable_id}/cancellation/consent",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Agree to an invoice's cancellation, as its debtor",
)
def consent(desk: AtDesk, body: ConsentRequest) -> Response:
    return _written(desk, desk.consent(body))


@router.post(
    "/{receivable_id}/cancellation",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Cancel an invoice, as its supplier",
)
def cancel(desk: AtDesk) -> Response:
    return _written(desk, desk.cancel())


@router.post(
    "/{receivable_id}/default",
    status_code=202,
    response_model=ReceivableWritten,
    responses=WRITE_PROBLEMS,
    summary="Put an unpaid invoice in default once its grace is over",
)
def mark_defaulted(desk: AtDesk) -> Response:
    return _written(desk, desk.mark_defaulted())
