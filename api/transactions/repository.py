"""Reading transactions."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from api.transactions.models import FINAL, OPEN, Transaction


def by_id(session: Session, transaction_id: str) -> Transaction | None:
    return session.exec(select(Transaction).where(col(Transaction.id) == transaction_id)).first()


def by_ids(session: Session, ids: Sequence[str]) -> list[Transaction]:
    """In the order in which they were submitted."""
    chosen = select(Transaction).where(col(Transaction.id).in_(ids)).order_by(col(Transaction.sequence))
    return list(session.exec(chosen))


def final_among(session: Session, ids: Sequence[str]) -> list[str]:
    """Those of the transactions that are final."""
    return list(
        session.exec(select(Transaction.id).where(col(Transaction.id).in_(ids), col(Transaction.status).in_(FINAL)))
    )


def page(
    session: Session,
    *,
    owner_lei: str | None,
    status: str | None,
    subject_id: str | None,
    before: int | None,
    limit: int,
) -> list[Transaction]:
    """The newest first; all owners' where `owner_lei` is None."""
    chosen = select(Transaction).order_by(col(Transaction.sequence).desc()).limit(limit)
    if owner_lei is not None:
        chosen = chosen.where(col(Transaction.owner_lei) == owner_lei)
    if status is not None:
        chosen = chosen.where(col(Transaction.status) == status)
    if subject_id is not None:
        chosen = chosen.where(col(Transaction.subject_id) == subject_id)
    if before is not None:
        chosen = chosen.where(col(Transaction.sequence) < before)
    return list(session.exec(chosen))


def count_open(session: Session) -> int:
    """How many are not final."""
    return session.exec(select(func.count()).where(col(Transaction.status).in_(OPEN))).one()
