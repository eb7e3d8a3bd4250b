"""Queries over pledged goods and offers of them."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.pledges.models import GoodsOffer, PledgeStep


def steps(session: Session, financings: Sequence[int]) -> list[PledgeStep]:
    order = (col(PledgeStep.block_number), col(PledgeStep.log_index))
    return list(session.exec(select(PledgeStep).where(col(PledgeStep.financing).in_(financings)).order_by(*order)))


def sales(session: Session, financing: int, blocks: tuple[int, int | None]) -> list[PledgeStep]:
    """Goods of a financing that were sold from one block to another (both included; None: to now)."""
    first, last = blocks
    chosen = select(PledgeStep).where(
        PledgeStep.financing == financing, PledgeStep.kind == "sold", col(PledgeStep.block_number) >= first
    )
    if last is not None:
        chosen = chosen.where(col(PledgeStep.block_number) <= last)
    return list(session.exec(chosen.order_by(col(PledgeStep.block_number), col(PledgeStep.log_index))))


def offer(session: Session, digest: str) -> GoodsOffer | None:
    return session.get(GoodsOffer, digest)


def offers_of(session: Session, financings: Sequence[int]) -> list[GoodsOffer]:
    order = (col(GoodsOffer.block_number), col(GoodsOffer.digest))
    return list(session.exec(select(GoodsOffer).where(col(GoodsOffer.financing).in_(financings)).order_by(*order)))


def offers_to(
    session: Session, asked: Asked, *, accounts: Sequence[str] | None, financings: Sequence[int], now: int
) -> Slice[GoodsOffer]:
    """What is asked for of those not past their time: to any buyer, to one of the accounts, or of the given financings;
    of all of them where `accounts` is None."""
    chosen = select(GoodsOffer).where(col(GoodsOffer.until) >= now)
    if accounts is not None:
        mine = or_(
            col(GoodsOffer.buyer).is_(None),
            col(GoodsOffer.buyer).in_(accounts),
            col(GoodsOffer.financing).in_(financings),
        )
        chosen = chosen.where(mine)
    return asked.page(session, chosen)
