"""What has become of an invoice: as the chain says, or on its way there."""

from sqlmodel import Session

from api.invoices import repository
from api.receivables import service as receivables
from api.transactions.models import Status
from api.transactions.schemas import TransactionView, transaction_views

_DEAD = (Status.REVERTED, Status.FAILED)


def standing(session: Session, receivable_id: str) -> str | None:
    """The state of the invoice with this fingerprint; None where there is none, or its registration failed."""
    receivable = receivables.find_any(session, receivable_id)
    if receivable is not None:
        return receivable.state
    invoice = repository.by_receivable(session, receivable_id)
    if invoice is None or _failed(transaction_views(session, invoice.transaction_ids)):
        return None
    return "submitted"


def state_of(on_chain: str | None, transactions: list[TransactionView]) -> str:
    """The state of an invoice whose transactions are known; `failed` where the chain refused it."""
    return on_chain or ("failed" if _failed(transactions) else "submitted")


def _failed(transactions: list[TransactionView]) -> bool:
    return bool(transactions) and transactions[0].status in _DEAD
