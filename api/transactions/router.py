"""/v1/transactions: what a caller's writes came to; and what it signed itself, taken back."""

from typing import Annotated

from fastapi import Body, Depends, Response

from api.deps import (
    ChainDep,
    Principal,
    SessionDep,
    TransactionsDep,
    Written,
    gateway_router,
    requires,
    transaction_views,
)
from api.errors import NotFound
from api.lists import Asked
from api.problems import READ_PROBLEMS
from api.transactions import repository
from api.transactions.listing import TRANSACTIONS
from api.transactions.schemas import HANDED_IN, SignedMessage, SignedTransaction, TransactionPage, TransactionView
from api.transactions.submission import Submission

router = gateway_router("/v1/transactions", "transactions")
ReaderDep = Annotated[Principal, Depends(requires("transactions:read"))]


@router.lists("", TransactionPage, TRANSACTIONS, "List the transactions that one has caused")
def list_transactions(
    principal: ReaderDep, session: SessionDep, asked: Annotated[Asked, Depends(TRANSACTIONS.asked)]
) -> TransactionPage:
    owner_lei = None if principal.sees_all else principal.organisation()
    found = repository.page(session, asked, owner_lei=owner_lei)
    return TransactionPage(items=[TransactionView.of(row) for row in found.rows], next=found.next)


@router.write("", TransactionView, "Hand in a transaction, or a message, that one has signed oneself")
def hand_in(
    body: Annotated[SignedTransaction | SignedMessage, Body(json_schema_extra={"example": HANDED_IN})],
    principal: Annotated[Principal, Depends(requires("transactions:write"))],
    session: SessionDep,
    transactions: TransactionsDep,
    chain: ChainDep,
) -> Response:
    transaction_id = Submission(chain, transactions).take(session, principal, body)
    return Written(session, lambda session: transaction_views(session, [transaction_id])[0])


@router.get("/{transaction_id}", responses=READ_PROBLEMS, summary="One transaction")
def show_transaction(transaction_id: str, principal: ReaderDep, session: SessionDep) -> TransactionView:
    row = repository.by_id(session, transaction_id)
    if row is None or not principal.sees(row.owner_lei):
        raise NotFound("transaction-unknown", f"There is no transaction {transaction_id}.", id=transaction_id)
    return TransactionView.of(row)
