"""The invoices that were taken in, to their two parties."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed, NotFound
from api.invoices import repository
from api.invoices.models import InvoiceRow
from api.invoices.schemas import InvoiceView, ReferenceView
from api.receivables import service as receivables
from api.transactions.models import Status
from api.transactions.schemas import TransactionView, transaction_views
from api.values import Page

_DEAD = (Status.REVERTED, Status.FAILED)


def find(session: Session, principal: Principal, invoice_id: str) -> InvoiceRow:
    """The invoice; NotFound where there is none to which the caller is a party."""
    found = repository.by_id(session, invoice_id)
    if found is None or not principal.sees(found.supplier_lei, found.debtor_lei):
        detail = f"There is no invoice {invoice_id[:40]} to which you are a party."
        raise NotFound("invoice-absent", detail, id=invoice_id[:40])
    return found


def view(session: Session, invoice: InvoiceRow) -> InvoiceView:
    transactions = transaction_views(session, invoice.transaction_ids)
    return InvoiceView(
        id=invoice.id,
        receivable_id=invoice.receivable_id,
        fingerprint=invoice.receivable_id,
        state=_state(session, invoice, transactions),
        number=invoice.number,
        syntax=invoice.syntax,
        supplier_lei=invoice.supplier_lei,
        debtor_lei=invoice.debtor_lei,
        terms=invoice.terms,
        subject=invoice.subject,
        references=[ReferenceView.model_validate(reference) for reference in invoice.references],
        document_cid=invoice.document_cid,
        created_at=invoice.created_at,
        transactions=transactions,
    )


def page(session: Session, principal: Principal, before: str | None, limit: int) -> Page[InvoiceView]:
    """The caller's invoices, the newest first; all for who sees all."""
    if before is not None and not before.isdecimal():
        raise Malformed("page-unknown", "`before` is not a `next` that an earlier answer gave.")
    lei = None if principal.sees_all else principal.organisation()
    found = repository.page(session, lei=lei, before=int(before) if before else None, limit=limit)
    following = str(found[-1].sequence) if len(found) == limit else None
    return Page(items=[view(session, invoice) for invoice in found], next=following)


def parties_of_subject(session: Session, subject: str) -> tuple[str, ...]:
    """LEIs of supplier and debtor of the invoice whose goods form the consignment; none where it is not known here."""
    invoice = repository.by_subject(session, subject)
    return (invoice.supplier_lei, invoice.debtor_lei) if invoice else ()


def standing(session: Session, receivable_id: str) -> str | None:
    """What has become of an invoice with this fingerprint; None where there is none, or its registration failed."""
    receivable = receivables.find_any(session, receivable_id)
    if receivable is not None:
        return receivable.state
    invoice = repository.by_receivable(session, receivable_id)
    if invoice is None or _failed(transaction_views(session, invoice.transaction_ids)):
        return None
    return "submitted"


def _state(session: Session, invoice: InvoiceRow, transactions: list[TransactionView]) -> str:
    receivable = receivables.find_any(session, invoice.receivable_id)
    if receivable is not None:
        return receivable.state
    return "failed" if _failed(transactions) else "submitted"


def _failed(transactions: list[TransactionView]) -> bool:
    return bool(transactions) and transactions[0].status in _DEAD
