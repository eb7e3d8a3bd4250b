"""Queries over pools and positions."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from api.pools.models import Pool, Position


def pool(session: Session, currency: str) -> Pool:
    """The books of a pool; empty ones where nothing has happened in it yet."""
    return session.get(Pool, currency) or Pool(currency=currency)


def positions(session: Session, currency: str, accounts: Iterable[str] | None) -> list[Position]:
    """Those of the accounts, or all where `accounts` is None."""
    chosen = select(Position).where(Position.currency == currency).order_by(col(Position.account))
    if accounts is not None:
        chosen = chosen.where(col(Position.account).in_(set(accounts)))
    return list(session.exec(chosen))
