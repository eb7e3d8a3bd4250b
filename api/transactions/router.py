"""GET /v1/transactions: what a caller's writes came to."""

from typing import Annotated

from fastapi import Depends

from api.deps import Principal, SessionDep, gateway_router, requires
from api.errors import NotFound
from api.problems import READ_PROBLEMS
from api.transactions import repository
from api.transactions.schemas import TransactionPage, TransactionView
from api.values import Before, Limit, page_number

router = gateway_router("/v1/transactions", "transactions")
ReaderDep = Annotated[Principal, Depends(requires("transactions:read"))]


@router.get("", responses=READ_PROBLEMS, summary="Transactions, newest first")
def list_transactions(
    principal: ReaderDep,
    session: SessionDep,
    status: str | None = None,
    subject_id: str | None = None,
    before: Before = None,
    limit: Limit = 50,
) -> TransactionPage:
    owner_lei = None if principal.sees_all else principal.organisation()
    rows = repository.page(
        session, owner_lei=owner_lei, status=status, subject_id=subject_id, before=page_number(before), limit=limit
    )
    following = str(rows[-1].sequence) if len(rows) == limit else None
    return TransactionPage(items=[TransactionView.of(row) for row in rows], next=following)


@router.get("/{transaction_id}", responses=READ_PROBLEMS, summary="One transaction")
def show_transaction(transaction_id: str, principal: ReaderDep, session: SessionDep) -> TransactionView:
    row = repository.by_id(session, transaction_id)
    if row is None or not principal.sees(row.owner_lei):
        raise NotFound("transaction-unknown", f"There is no transaction {transaction_id}.", id=transaction_id)
    return TransactionView.of(row)
