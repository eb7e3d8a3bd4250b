"""Queries over lots, announcements and titles."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from api.lists import Asked, Slice
from api.receipts.models import Announcement, Engagement, Lot, Step, Title


def lot(session: Session, lot_id: str) -> Lot | None:
    return session.get(Lot, lot_id)


def page(session: Session, asked: Asked, *, accounts: Sequence[str] | None, operator: int | None) -> Slice[Lot]:
    """What is asked for of those that one of `accounts` has owned or that `operator` keeps; of all where accounts is
    None."""
    chosen = select(Lot)
    return asked.page(session, chosen if accounts is None else chosen.where(_concerns(accounts, operator)))


def has_lot(session: Session, subject: str, accounts: Sequence[str], operator: int | None) -> bool:
    """Whether the consignment has a lot that one of `accounts` has owned or that `operator` keeps."""
    chosen = select(Lot.id).where(Lot.subject == subject, _concerns(accounts, operator))
    return session.exec(chosen.limit(1)).first() is not None


def _concerns(accounts: Sequence[str], operator: int | None) -> Any:
    owned = select(Title.lot_id).where(col(Title.owner).in_(accounts))
    return or_(col(Lot.id).in_(owned), col(Lot.operator) == operator)


def titles(session: Session, lot_ids: Collection[str]) -> list[Title]:
    """Whoever owns, or has owned, something of these lots, by account."""
    chosen = select(Title).where(col(Title.lot_id).in_(lot_ids)).order_by(col(Title.owner))
    return list(session.exec(chosen))


def title(session: Session, lot_id: str, owner: str) -> Title | None:
    return session.get(Title, (lot_id, owner))


def steps(session: Session, lot_ids: Collection[str]) -> list[Step]:
    order = (col(Step.block_number), col(Step.log_index))
    return list(session.exec(select(Step).where(col(Step.lot_id).in_(lot_ids)).order_by(*order)))


def announcement(session: Session, digest: str) -> Announcement | None:
    return session.get(Announcement, digest)


def announcements(session: Session, asked: Asked, *, accounts: Sequence[str] | None) -> Slice[Announcement]:
    """What is asked for of those by or for one of the accounts; of all where that is None."""
    chosen = select(Announcement)
    if accounts is not None:
        mine = or_(col(Announcement.operator).in_(accounts), col(Announcement.owner).in_(accounts))
        chosen = chosen.where(mine)
    return asked.page(session, chosen)


def entries_of(session: Session, subject: str, sequence: int) -> list[Announcement]:
    """Whatever was announced of one warehouse entry."""
    chosen = select(Announcement).where(Announcement.subject == subject, Announcement.sequence == sequence)
    return list(session.exec(chosen))


def is_engaged(session: Session, owner: int, operator: int) -> bool:
    found = session.get(Engagement, (owner, operator))
    return found is not None and found.engaged
