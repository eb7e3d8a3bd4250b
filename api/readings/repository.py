"""Queries over feeds, their values and grades."""

from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.readings.models import FeedPolicy, FeedValue, GradeStep, ReadingRefusal


def policies(session: Session) -> list[FeedPolicy]:
    return list(session.exec(select(FeedPolicy).order_by(col(FeedPolicy.kind), col(FeedPolicy.id))))


def policy(session: Session, policy_id: str) -> FeedPolicy | None:
    return session.get(FeedPolicy, policy_id)


def value(session: Session, transaction_hash: str, log_index: int) -> FeedValue | None:
    return session.get(FeedValue, (transaction_hash, log_index))


def page(session: Session, asked: Asked, *, subject: str | None) -> Slice[FeedValue]:
    """What is asked for of the consignment's conditions, or without one of prices and rates."""
    chosen = select(FeedValue)
    of_subject = FeedValue.subject == subject if subject is not None else col(FeedValue.subject).is_(None)
    return asked.page(session, chosen.where(of_subject))


def refusals(session: Session, transaction_hash: str, policy_id: str, subject: str | None) -> list[ReadingRefusal]:
    """Those of one report."""
    chosen = select(ReadingRefusal).where(
        ReadingRefusal.transaction_hash == transaction_hash, ReadingRefusal.policy == policy_id
    )
    return [its for its in session.exec(chosen.order_by(col(ReadingRefusal.log_index))) if its.subject == subject]


def grade_steps(session: Session, subject: str) -> list[GradeStep]:
    order = (col(GradeStep.block_number), col(GradeStep.log_index))
    return list(session.exec(select(GradeStep).where(GradeStep.subject == subject).order_by(*order)))
