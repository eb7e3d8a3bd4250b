"""The invoices that were taken in, to their two parties."""

from collections.abc import Collection

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.invoices import repository
from api.invoices.models import InvoiceRow
from api.invoices.schemas import InvoiceView, ReferenceView
from api.invoices.similarity import service as similarity
from api.invoices.standing import state_of
from api.lists import Asked
from api.receivables import service as receivables
from api.transactions.schemas import TransactionView, transaction_views
from api.values import Page


def find(session: Session, principal: Principal, invoice_id: str) -> InvoiceRow:
    """The invoice; NotFound where there is none to which the caller is a party."""
    found = repository.by_id(session, invoice_id)
    if found is None or not principal.sees(found.supplier_lei, found.debtor_lei):
        detail = f"There is no invoice {invoice_id[:40]} to which you are a party."
        raise NotFound("invoice-absent", detail, id=invoice_id[:40])
    return found


def id_of_receivable(session: Session, receivable_id: str) -> str | None:
    """The invoice whose fingerprint this is; None where it was not taken in here."""
    found = repository.by_receivable(session, receivable_id)
    return found.id if found else None


def view(session: Session, invoice: InvoiceRow) -> InvoiceView:
    return _views(session, [invoice])[0]


def _views(session: Session, invoices: list[InvoiceRow]) -> list[InvoiceView]:
    states = receivables.states(session, [invoice.receivable_id for invoice in invoices])
    ids = [each for invoice in invoices for each in invoice.transaction_ids]
    sent = {transaction.id: transaction for transaction in transaction_views(session, ids)}
    return [
        _view(invoice, states.get(invoice.receivable_id), [sent[each] for each in invoice.transaction_ids])
        for invoice in invoices
    ]


def _view(invoice: InvoiceRow, on_chain: str | None, transactions: list[TransactionView]) -> InvoiceView:
    return InvoiceView(
        id=invoice.id,
        receivable_id=invoice.receivable_id,
        fingerprint=invoice.receivable_id,
        state=state_of(on_chain, transactions),
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


def view_with_similar(session: Session, principal: Principal, invoice: InvoiceRow) -> InvoiceView:
    """The invoice, and its near-duplicates as far as the caller may see them."""
    similar = similarity.shown(session, principal, invoice.receivable_id)
    return view(session, invoice).model_copy(update={"similar": similar})


def page(session: Session, principal: Principal, asked: Asked) -> Page[InvoiceView]:
    """What is asked for of the caller's invoices; of all for who sees all."""
    found = repository.page(session, asked, lei=None if principal.sees_all else principal.organisation())
    return Page(items=_views(session, found.rows), next=found.next)


def parties_of_subject(session: Session, subject: str) -> tuple[str, ...]:
    """LEIs of supplier and debtor of the invoice whose goods form the consignment; none where it is not known here."""
    invoice = repository.by_subject(session, subject)
    return (invoice.supplier_lei, invoice.debtor_lei) if invoice else ()


def receivables_of_subjects(session: Session, subjects: Collection[str]) -> dict[str, str]:
    """Ids of the receivables whose goods form the consignments; of those that are known here."""
    return repository.receivables_by_subject(session, subjects)
