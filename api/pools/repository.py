"""Queries over pools, positions and redemptions."""

from collections.abc import Collection, Iterable

from sqlmodel import Session, col, func, select

from api.pools.models import LenderEntry, Pool, PoolEntry, Position, Redemption, Risk, SyndicateMember


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


def entry_sums(session: Session, currency: str, *, since: int, until: int) -> list[tuple[str, int, int]]:
    """Sum and number of a pool's entries from `since` on and before `until` (Unix seconds), by kind."""
    chosen = (
        select(PoolEntry.kind, func.sum(PoolEntry.amount), func.count())
        .where(PoolEntry.currency == currency, PoolEntry.booked_at >= since, PoolEntry.booked_at < until)
        .group_by(PoolEntry.kind)
        .order_by(PoolEntry.kind)
    )
    return [(kind, int(total), count) for kind, total, count in session.exec(chosen)]


def lender_entries(
    session: Session, currency: str, accounts: Collection[str] | None, *, until: int
) -> list[LenderEntry]:
    """In the order of the chain; of the accounts, or all where `accounts` is None."""
    chosen = select(LenderEntry).where(LenderEntry.currency == currency, LenderEntry.booked_at < until)
    if accounts is not None:
        chosen = chosen.where(col(LenderEntry.account).in_(accounts))
    return list(session.exec(chosen.order_by(col(LenderEntry.block_number), col(LenderEntry.log_index))))


def lender_entries_by_block(
    session: Session, currency: str, accounts: Collection[str], *, until: int
) -> list[LenderEntry]:
    """Of the accounts up to a block, in the order of the chain."""
    chosen = select(LenderEntry).where(
        LenderEntry.currency == currency,
        col(LenderEntry.account).in_(accounts),
        col(LenderEntry.block_number) <= until,
    )
    return list(session.exec(chosen.order_by(col(LenderEntry.block_number), col(LenderEntry.log_index))))


def risks(session: Session, source: str) -> list[Risk]:
    """Of the financings that a source of money (by address) was given."""
    return list(session.exec(select(Risk).where(Risk.source == source).order_by(col(Risk.financing))))


def syndicates_of(session: Session, pools: Collection[str]) -> list[SyndicateMember]:
    """Those that may draw on the pools (by address), the oldest first."""
    order = (col(SyndicateMember.block_number), col(SyndicateMember.syndicate), col(SyndicateMember.pool))
    return list(session.exec(select(SyndicateMember).where(col(SyndicateMember.pool).in_(pools)).order_by(*order)))


def members_of(session: Session, syndicates: Collection[str]) -> list[SyndicateMember]:
    """The pools that let these syndicates draw on them."""
    return list(session.exec(select(SyndicateMember).where(col(SyndicateMember.syndicate).in_(syndicates))))
