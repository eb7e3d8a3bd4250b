"""Which trace a transaction belongs to, for those who know it by its hash."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from api.transactions.models import Transaction


def traces_of(session: Session, hashes: Collection[str]) -> dict[str, str]:
    """Of the gateway's own transactions, by hash; those of others are left out."""
    if not hashes:
        return {}
    mine = select(Transaction.hash, Transaction.trace_id).where(col(Transaction.hash).in_(hashes))
    return {hash_: trace for hash_, trace in session.exec(mine) if hash_ is not None and trace is not None}
