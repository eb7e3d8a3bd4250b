"""Queries over the invoices that were taken in."""

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.invoices.models import InvoiceRow


def by_id(session: Session, invoice_id: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.id == invoice_id)).first()


def by_receivable(session: Session, receivable_id: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.receivable_id == receivable_id)).first()


def lock_by_receivable(session: Session, receivable_id: str) -> InvoiceRow | None:
    """The row, which nobody else changes until the session's transaction ends."""
    return session.exec(select(InvoiceRow).where(InvoiceRow.receivable_id == receivable_id).with_for_update()).first()


def by_subject(session: Session, subject: str) -> InvoiceRow | None:
    return session.exec(select(InvoiceRow).where(InvoiceRow.subject == subject)).first()


def page(session: Session, *, lei: str | None, before: int | None, limit: int) -> list[InvoiceRow]:
    """The newest first; those that an organisation sent or owes, or all where `lei` is None."""
    chosen = select(InvoiceRow).order_by(col(InvoiceRow.sequence).desc()).limit(limit)
    if lei is not None:
        chosen = chosen.where(or_(col(InvoiceRow.supplier_lei) == lei, col(InvoiceRow.debtor_lei) == lei))
    if before is not None:
        chosen = chosen.where(col(InvoiceRow.sequence) < before)
    return list(session.exec(chosen))
