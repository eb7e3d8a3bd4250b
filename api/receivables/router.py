"""/v1/receivables: the invoices on chain, their acceptance and payment."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import ChainDep, Principal, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.invoices.similarity import service as similarity
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.receivables import acts, service
from api.receivables.schemas import AcceptanceRequest, PaymentRequest, ReceivableView, ReceivableWritten, StateName
from api.values import Before, Limit, Page

router = gateway_router("/v1/receivables", "receivables")
Reader = Annotated[Principal, Depends(requires("receivables:read"))]
Writer = Annotated[Principal, Depends(requires("receivables:write"))]


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
