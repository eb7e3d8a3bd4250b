"""What a debtor does with a receivable: accept it, pay on it."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.cash import service as cash
from api.errors import Conflict, Forbidden, Malformed
from api.participants import service as participants
from api.receivables import service
from api.receivables.models import Receivable, ReceivableState
from api.receivables.schemas import PaymentRequest, ReceivableWritten
from api.transactions.schemas import transaction_views
from api.transactions.service import Transactions
from chain_node.client import Chain

PAYABLE = (ReceivableState.ACCEPTED, ReceivableState.DISPUTED, ReceivableState.DEFAULTED)


def accept(
    session: Session, transactions: Transactions, chain: Chain, principal: Principal, receivable_id: str, waive: bool
) -> list[str]:
    """Accepts as the debtor, repeating the registered terms; the transaction's id."""
    receivable = _owed_by(session, principal, receivable_id)
    call = chain.receivables.accept(
        id=int(receivable.id, 16),
        face_value=receivable.face_value,
        quantity=receivable.quantity,
        due_date=receivable.due_date,
        waive_set_off=waive,
    )
    signer = participants.signer_of(session, principal.organisation())
    accepted = transactions.submit(
        session, signer=signer, call=call, owner_lei=principal.lei, purpose="accept invoice", subject_id=receivable.id
    )
    return [accepted.id]


def pay(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    receivable_id: str,
    asked: PaymentRequest,
) -> list[str]:
    """Pays as the debtor: allows the token to take the cash, then pays, in one nonce lane; the transactions' ids."""
    receivable = _owed_by(session, principal, receivable_id)
    _require_payable(receivable, asked)
    lei = principal.organisation()
    signer, account = participants.signer_of(session, lei), participants.acting_account(session, lei)
    cash.require_funds(session, account, asked.amount)

    token = chain.addresses.address("ReceivableToken")
    allowed = transactions.submit(
        session,
        signer=signer,
        call=chain.cash(receivable.currency).approve(token, asked.amount.units),
        owner_lei=lei,
        purpose="allow payment",
        subject_id=receivable.id,
    )
    paid = transactions.submit(
        session,
        signer=signer,
        call=chain.receivables.pay(int(receivable.id, 16), asked.amount.units),
        owner_lei=lei,
        purpose="pay invoice",
        subject_id=receivable.id,
        after=allowed,
    )
    return [allowed.id, paid.id]


def written(
    session: Session, principal: Principal, receivable_id: str, chain: Chain, transaction_ids: list[str]
) -> ReceivableWritten:
    """The receivable as the database has it now, with the transactions that change it."""
    seen = service.view(session, service.find(session, principal, receivable_id), chain)
    return ReceivableWritten(**seen.model_dump(), transactions=transaction_views(session, transaction_ids))


def _owed_by(session: Session, principal: Principal, receivable_id: str) -> Receivable:
    receivable = service.find(session, principal, receivable_id)
    number = participants.number_of(session, principal.organisation())
    if number != receivable.debtor:
        detail = f"Only the debtor of receivable {receivable.id} can do this."
        raise Forbidden("not-debtor-of", detail, id=receivable.id)
    return receivable


def _require_payable(receivable: Receivable, asked: PaymentRequest) -> None:
    """What the contract would refuse, said before anything is sent: the payment follows an allowance, so that it
    cannot be tried on its own."""
    if asked.amount.currency != receivable.currency:
        detail = f"The receivable is in {receivable.currency}, the payment in {asked.amount.currency}."
        raise Malformed("currency-differs", detail, id=receivable.id)
    if receivable.state not in PAYABLE:
        detail = f"The receivable is {receivable.state}; only an accepted one can be paid."
        raise Conflict("receivable-state-wrong", detail, id=receivable.id, state=receivable.state)
    outstanding = receivable.face_value - receivable.paid
    if asked.amount.units > outstanding:
        detail = f"The payment of {asked.amount.units} exceeds the {outstanding} outstanding."
        raise Conflict("payment-exceeds-outstanding", detail, id=receivable.id, outstanding=outstanding)
