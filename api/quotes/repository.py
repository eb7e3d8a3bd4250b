"""Queries over quotes."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.quotes.models import QuoteRow, QuoteStatus


def by_id(session: Session, quote_id: str) -> QuoteRow | None:
    return session.exec(select(QuoteRow).where(QuoteRow.id == quote_id)).first()


def page(session: Session, asked: Asked, *, lei: str | None) -> Slice[QuoteRow]:
    """What is asked for of those of a supplier, or of all where `lei` is None."""
    chosen = select(QuoteRow)
    return asked.page(session, chosen if lei is None else chosen.where(QuoteRow.supplier_lei == lei))


def end(session: Session, quote: QuoteRow, status: QuoteStatus, at: int, transaction_ids: Sequence[str]) -> bool:
    """Ends an open quote once, whoever else tries to; whether it was this caller."""
    session.flush()
    ended = (
        update(QuoteRow)
        .where(col(QuoteRow.sequence) == quote.sequence, col(QuoteRow.status) == QuoteStatus.OPEN.value)
        .values(status=status.value, ended_at=at, transaction_ids=list(transaction_ids))
    )
    done = session.connection().execute(ended).rowcount == 1
    session.refresh(quote)
    return done
