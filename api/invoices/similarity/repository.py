"""Queries over sketches and the pairs found."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, insert, or_, text
from sqlmodel import Session, col, select

from api.invoices.models import SimilarPair, SketchRow, SketchToken

MOST_CANDIDATES = 200
# No single agreement makes a near-duplicate.
_LEAST_AGREEMENTS = 2


def take_turn(session: Session, turn: int) -> None:
    """Until the session's transaction ends, nobody else with this turn looks or stores: of two near-duplicates that
    come at once, the later sees the earlier. SQLite has one writer at a time anyway."""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": turn})


def forget(session: Session, receivable_id: str) -> None:
    """Takes away all that was kept of an invoice whose registration failed."""
    either = or_(col(SimilarPair.receivable_id) == receivable_id, col(SimilarPair.earlier_id) == receivable_id)
    connection = session.connection()
    connection.execute(delete(SketchToken).where(col(SketchToken.receivable_id) == receivable_id))
    connection.execute(delete(SketchRow).where(col(SketchRow.receivable_id) == receivable_id))
    connection.execute(delete(SimilarPair).where(either))


def store(session: Session, row: SketchRow, tokens: Collection[bytes]) -> None:
    session.add(row)
    session.flush()
    values = [{"token": token, "receivable_id": row.receivable_id} for token in tokens]
    session.connection().execute(insert(SketchToken), values)


def candidates(session: Session, tokens: Collection[bytes]) -> dict[str, list[bytes]]:
    """The invoices that have two or more of the tokens, each with those it has; those with the most first."""
    chosen = col(SketchToken.token).in_(tokens)
    ranked = (
        select(SketchToken.receivable_id)
        .where(chosen)
        .group_by(col(SketchToken.receivable_id))
        .having(func.count() >= _LEAST_AGREEMENTS)
        .order_by(func.count().desc(), col(SketchToken.receivable_id))
        .limit(MOST_CANDIDATES)
    )
    ids = list(session.exec(ranked))
    agreeing: dict[str, list[bytes]] = defaultdict(list)
    for row in session.exec(select(SketchToken).where(chosen, col(SketchToken.receivable_id).in_(ids))):
        agreeing[row.receivable_id].append(row.token)
    return agreeing


def sketches(session: Session, receivable_ids: Sequence[str]) -> list[SketchRow]:
    return list(session.exec(select(SketchRow).where(col(SketchRow.receivable_id).in_(receivable_ids))))


def pairs_of(session: Session, receivable_id: str) -> list[SimilarPair]:
    """The pairs that an invoice is in, on either side; the likest first."""
    either = or_(col(SimilarPair.receivable_id) == receivable_id, col(SimilarPair.earlier_id) == receivable_id)
    order = (col(SimilarPair.score).desc(), col(SimilarPair.receivable_id), col(SimilarPair.earlier_id))
    return list(session.exec(select(SimilarPair).where(either).order_by(*order)))
