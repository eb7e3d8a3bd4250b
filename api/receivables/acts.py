"""What a debtor does with a receivable: accept it, pay on it."""

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.errors import Conflict, Forbidden, Malformed
from api.participants import service as participants
from api.receivables import service
from api.receivables.models import Receivable, ReceivableState
from api.receivables.schemas import PaymentRequest, ReceivableWritten
from api.transactions.schemas import transaction_views
from api.values import Amount

PAYABLE = (ReceivableState.ACCEPTED, ReceivableState.DISPUTED, ReceivableState.DEFAULTED)


def accept(acting: Acting, receivable_id: str, waive: bool) -> list[str]:
    """Accepts as the debtor, repeating the registered terms; the transaction's id."""
    receivable = _owed_by(acting, receivable_id)
    call = acting.chain.receivables.accept(
        id=int(receivable.id, 16),
        face_value=receivable.face_value,
        quantity=receivable.quantity,
        due_date=receivable.due_date,
        waive_set_off=waive,
    )
    return [acting.by_itself(call, "accept invoice", receivable.id).id]


def pay(acting: Acting, receivable_id: str, asked: PaymentRequest) -> list[str]:
    """Pays as the debtor: allows the token to take the cash, then pays, in one nonce lane; the transactions' ids."""
    receivable = payable(acting, receivable_id, asked.amount)
    token = acting.chain.addresses.address("ReceivableToken")
    paying = acting.chain.receivables.pay(int(receivable.id, 16), asked.amount.units)
    return cash.pay(acting, asked.amount, token, paying, "payment", "pay invoice", receivable.id)


def written(session: Session, acting: Acting, receivable_id: str, transaction_ids: list[str]) -> ReceivableWritten:
    """The receivable as the database has it now, with the transactions that change it. Who has just acted on it is told
    what came of that, even where it gave away the last units that made it a party."""
    seen = service.view(session, acting.principal, service.known(session, receivable_id), acting.chain)
    return ReceivableWritten(**seen.model_dump(), transactions=transaction_views(session, transaction_ids))


def _owed_by(acting: Acting, receivable_id: str) -> Receivable:
    receivable = service.find(acting.session, acting.principal, receivable_id)
    if participants.number_of(acting.session, acting.lei) != receivable.debtor:
        detail = f"Only the debtor of receivable {receivable.id} can do this."
        raise Forbidden("not-debtor-of", detail, id=receivable.id)
    return receivable


def payable(acting: Acting, receivable_id: str, amount: Amount) -> Receivable:
    """The receivable, where the caller is its debtor and may pay so much on it; its cash is not looked at."""
    receivable = _owed_by(acting, receivable_id)
    _require_payable(receivable, amount)
    return receivable


def _require_payable(receivable: Receivable, amount: Amount) -> None:
    """What the contract would refuse, said before anything is sent: the payment follows an allowance, so that it
    cannot be tried on its own."""
    if amount.currency != receivable.currency:
        detail = f"The receivable is in {receivable.currency}, the payment in {amount.currency}."
        raise Malformed("currency-differs", detail, id=receivable.id)
    if receivable.state not in PAYABLE:
        detail = f"The receivable is {receivable.state}; only an accepted one can be paid."
        raise Conflict("receivable-state-wrong", detail, id=receivable.id, state=receivable.state)
    outstanding = receivable.face_value - receivable.paid
    if amount.units > outstanding:
        left = Amount.of(outstanding, receivable.currency)
        detail = f"The payment of {amount.said} exceeds the {left.said} outstanding."
        raise Conflict("payment-exceeds-outstanding", detail, id=receivable.id, amount=amount, outstanding=left)
