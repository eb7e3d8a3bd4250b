"""Queries over margin calls and sales."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.margin_calls.models import MarginCall, PutUp, SaleRound


def call(session: Session, financing: int, number: int) -> MarginCall | None:
    return session.get(MarginCall, (financing, number))


def latest(session: Session, financing: int) -> MarginCall | None:
    """The financing's last call, open or not."""
    chosen = select(MarginCall).where(MarginCall.financing == financing).order_by(col(MarginCall.number).desc())
    return session.exec(chosen.limit(1)).first()


def by_transaction(session: Session, transaction_hash: str) -> MarginCall | None:
    return session.exec(select(MarginCall).where(MarginCall.transaction_hash == transaction_hash)).first()


def page(
    session: Session, asked: Asked, *, financings: Collection[int] | None, open_only: bool, on_sale_at: int | None
) -> Slice[MarginCall]:
    """What is asked for of these financings, or where goods are up for sale at that moment; of all where neither is
    asked for."""
    chosen = select(MarginCall)
    sold = select(SaleRound.financing).where(col(SaleRound.until) > (on_sale_at or 0))
    is_sold = col(MarginCall.financing).in_(sold) & col(MarginCall.ended_at).is_(None)
    if financings is not None:
        of_these = col(MarginCall.financing).in_(financings)
        chosen = chosen.where(or_(of_these, is_sold) if on_sale_at is not None else of_these)
    if open_only:
        chosen = chosen.where(col(MarginCall.ended_at).is_(None))
    return asked.page(session, chosen)


def rounds(session: Session, financings: Sequence[int]) -> list[SaleRound]:
    order = (col(SaleRound.financing), col(SaleRound.call), col(SaleRound.number))
    return list(session.exec(select(SaleRound).where(col(SaleRound.financing).in_(financings)).order_by(*order)))


def put_up(session: Session, financings: Sequence[int]) -> list[PutUp]:
    order = (col(PutUp.financing), col(PutUp.lot_id))
    return list(session.exec(select(PutUp).where(col(PutUp.financing).in_(financings)).order_by(*order)))
