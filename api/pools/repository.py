"""Queries over pools, positions and redemptions."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from api.pools.models import Pool, Position, Redemption


def pool(session: Session, address: str) -> Pool | None:
    return session.get(Pool, address)


def positions(session: Session, currency: str, accounts: Iterable[str] | None) -> list[Position]:
    """Those of the accounts, or all where `accounts` is None; senior ones last."""
    order = (col(Position.account), col(Position.tranche))
    chosen = select(Position).where(Position.currency == currency).order_by(*order)
    if accounts is not None:
        chosen = chosen.where(col(Position.account).in_(set(accounts)))
    return list(session.exec(chosen))


def position(session: Session, currency: str, tranche: str, account: str) -> Position | None:
    return session.get(Position, (currency, tranche, account))


def redemptions(session: Session, currency: str, accounts: Iterable[str]) -> list[Redemption]:
    """By epoch."""
    chosen = select(Redemption).where(Redemption.currency == currency, col(Redemption.account).in_(set(accounts)))
    return list(session.exec(chosen.order_by(col(Redemption.epoch))))
