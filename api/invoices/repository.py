"""Queries over the invoices that were taken in."""

from collections.abc import Collection

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.invoices.models import InvoiceRow
from api.lists import Asked, Slice


def by_id(session: Session, invoice_id: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.id == invoice_id)).first()


def by_receivable(session: Session, receivable_id: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.receivable_id == receivable_id)).first()


def lock_by_receivable(session: Session, receivable_id: str) -> InvoiceRow | None:
    """The row, which nobody else changes until the session's transaction ends."""
    return session.exec(select(InvoiceRow).where(InvoiceRow.receivable_id == receivable_id).with_for_update()).first()


def by_subject(session: Session, subject: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.subject == subject)).first()


def receivables_by_subject(session: Session, subjects: Collection[str]) -> dict[str, str]:
    chosen = select(InvoiceRow.subject, InvoiceRow.receivable_id).where(col(InvoiceRow.subject).in_(subjects))
    return dict(session.exec(chosen).all())


def page(session: Session, asked: Asked, *, lei: str | None) -> Slice[InvoiceRow]:
    """What is asked for of those that an organisation sent or owes, or of all where `lei` is None."""
    chosen = select(InvoiceRow)
    if lei is not None:
        chosen = chosen.where(or_(col(InvoiceRow.supplier_lei) == lei, col(InvoiceRow.debtor_lei) == lei))
    return asked.page(session, chosen)
