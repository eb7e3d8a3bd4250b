"""Reading transactions."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.transactions.models import FINAL, Transaction


def by_id(session: Session, transaction_id: str) -> Transaction | None:
    return session.exec(select(Transaction).where(col(Transaction.id) == transaction_id)).first()


def by_hash(session: Session, transaction_hash: str) -> Transaction | None:
    return session.exec(select(Transaction).where(Transaction.hash == transaction_hash)).first()


def by_ids(session: Session, ids: Sequence[str]) -> list[Transaction]:
    """In the order in which they were submitted."""
    chosen = select(Transaction).where(col(Transaction.id).in_(ids)).order_by(col(Transaction.sequence))
    return list(session.exec(chosen))


def final_among(session: Session, ids: Sequence[str]) -> list[str]:
    """Those of the transactions that are final."""
    return list(
        session.exec(select(Transaction.id).where(col(Transaction.id).in_(ids), col(Transaction.status).in_(FINAL)))
    )


def page(session: Session, asked: Asked, *, owner_lei: str | None) -> Slice[Transaction]:
    """What is asked for of an owner's; of all owners' where `owner_lei` is None."""
    chosen = select(Transaction)
    return asked.page(session, chosen if owner_lei is None else chosen.where(col(Transaction.owner_lei) == owner_lei))
