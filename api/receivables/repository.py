"""Queries over receivables, their holders and payments."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, tuple_
from sqlmodel import Session, col, select

from api.receivables.models import Approval, Holding, Objection, Payment, Receivable


def receivable(session: Session, receivable_id: str) -> Receivable | None:
    return session.get(Receivable, receivable_id)


def page(
    session: Session,
    *,
    party: int | None,
    accounts: Sequence[str],
    state: str | None,
    before: tuple[int, str] | None,
    limit: int,
) -> list[Receivable]:
    """The newest first. With `party` those that it owes, is owed, or holds units of by one of `accounts`."""
    chosen = select(Receivable).order_by(col(Receivable.block_number).desc(), col(Receivable.id).desc()).limit(limit)
    if party is not None:
        held = select(Holding.receivable_id).where(col(Holding.holder).in_(accounts), col(Holding.units) != 0)
        involved = or_(col(Receivable.supplier) == party, col(Receivable.debtor) == party, col(Receivable.id).in_(held))
        chosen = chosen.where(involved)
    if state is not None:
        chosen = chosen.where(Receivable.state == state)
    if before is not None:
        chosen = chosen.where(tuple_(col(Receivable.block_number), col(Receivable.id)) < before)
    return list(session.exec(chosen))


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
