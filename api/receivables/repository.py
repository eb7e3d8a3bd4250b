"""Queries over receivables, their holders and payments."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.receivables.models import Approval, Holding, Objection, Payment, Receivable


def receivable(session: Session, receivable_id: str) -> Receivable | None:
    return session.get(Receivable, receivable_id)


def page(session: Session, asked: Asked, *, party: int | None, accounts: Sequence[str]) -> Slice[Receivable]:
    """With `party`, of those that it owes, is owed, or holds units of by one of `accounts`."""
    chosen = select(Receivable)
    if party is not None:
        held = select(Holding.receivable_id).where(col(Holding.holder).in_(accounts), col(Holding.units) != 0)
        involved = or_(col(Receivable.supplier) == party, col(Receivable.debtor) == party, col(Receivable.id).in_(held))
        chosen = chosen.where(involved)
    return asked.page(session, chosen)


def currencies(session: Session, receivable_ids: Collection[str]) -> dict[str, str]:
    chosen = select(Receivable.id, Receivable.currency).where(col(Receivable.id).in_(receivable_ids))
    return dict(session.exec(chosen).all())


def states(session: Session, receivable_ids: Collection[str]) -> dict[str, str]:
    chosen = select(Receivable.id, Receivable.state).where(col(Receivable.id).in_(receivable_ids))
    return dict(session.exec(chosen).all())


def parties_dealing_with(session: Session, party: int) -> set[int]:
    chosen = select(Receivable.supplier, Receivable.debtor).where(
        or_(col(Receivable.supplier) == party, col(Receivable.debtor) == party)
    )
    return {number for pair in session.exec(chosen.distinct()) for number in pair} - {party}


def holdings(session: Session, receivable_ids: Sequence[str]) -> list[Holding]:
    """The present holders, by account."""
    chosen = select(Holding).where(col(Holding.receivable_id).in_(receivable_ids)).order_by(col(Holding.holder))
    return [holding for holding in session.exec(chosen) if holding.units]


def holding(session: Session, receivable_id: str, holder: str) -> Holding | None:
    return session.get(Holding, (receivable_id, holder))


def payments(session: Session, receivable_ids: Sequence[str]) -> list[Payment]:
    """In the order in which they were made."""
    order = (col(Payment.block_number), col(Payment.log_index))
    return list(session.exec(select(Payment).where(col(Payment.receivable_id).in_(receivable_ids)).order_by(*order)))


def objections(session: Session, receivable_ids: Sequence[str]) -> list[Objection]:
    """In the order in which they were made."""
    order = (col(Objection.block_number), col(Objection.log_index))
    chosen = select(Objection).where(col(Objection.receivable_id).in_(receivable_ids))
    return list(session.exec(chosen.order_by(*order)))


def is_approved(session: Session, owner: str, operator: str) -> bool:
    approval = session.get(Approval, (owner, operator))
    return approval is not None and approval.approved
