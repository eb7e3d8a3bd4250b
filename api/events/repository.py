"""Queries over the log of events."""

from collections.abc import Collection

from sqlmodel import Session, col, func, select

from api.events.models import EventRow
from api.events.sight import Sight


def event(session: Session, sight: Sight, sequence: int) -> EventRow | None:
    chosen = sight.narrow(select(EventRow)).where(EventRow.sequence == sequence)
    return session.exec(chosen).first()


def by_sequence(session: Session, sequences: Collection[int]) -> dict[int, EventRow]:
    chosen = select(EventRow).where(col(EventRow.sequence).in_(sequences))
    return {row.sequence: row for row in session.exec(chosen)}


def newest(session: Session, sight: Sight, before: int | None, limit: int) -> list[EventRow]:
    """The newest first."""
    chosen = sight.narrow(select(EventRow)).order_by(col(EventRow.sequence).desc()).limit(limit)
    return list(session.exec(chosen if before is None else chosen.where(EventRow.sequence < before)))


def following(session: Session, sight: Sight, after: int, limit: int, through: int | None = None) -> list[EventRow]:
    """The oldest first."""
    chosen = sight.narrow(select(EventRow)).where(EventRow.sequence > after)
    if through is not None:
        chosen = chosen.where(EventRow.sequence <= through)
    return list(session.exec(chosen.order_by(col(EventRow.sequence)).limit(limit)))


def last(session: Session, through: int | None = None) -> int:
    """The number of the newest event, whomever it concerns, up to a number where one is named; 0 before the first."""
    chosen = select(func.max(EventRow.sequence))
    return session.exec(chosen if through is None else chosen.where(EventRow.sequence <= through)).one() or 0
