"""Queries over facilities and ladders."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from api.facilities.models import Facility, Ladder
from api.lists import Asked, Slice
from api.transactions.models import OPEN, Transaction

_NUMBERING_LOCK = 0x706F7274


def facility(session: Session, number: int) -> Facility | None:
    return session.get(Facility, number)


def facilities(session: Session, numbers: Iterable[int]) -> list[Facility]:
    return list(session.exec(select(Facility).where(col(Facility.number).in_(set(numbers)))))


def by_transaction(session: Session, transaction_hash: str) -> Facility | None:
    return session.exec(select(Facility).where(Facility.transaction_hash == transaction_hash)).first()


def page(session: Session, asked: Asked, *, accounts: Sequence[str] | None) -> Slice[Facility]:
    """What is asked for of those of the supplier accounts, or of all where `accounts` is None."""
    chosen = select(Facility)
    return asked.page(session, chosen if accounts is None else chosen.where(col(Facility.supplier).in_(accounts)))


def sources(session: Session) -> list[str]:
    """The addresses of all that fund a facility."""
    return list(session.exec(select(Facility.pool).distinct()))


def newest_of(session: Session, account: str, limit: int) -> list[Facility]:
    """Those of a supplier's account, the newest first."""
    chosen = select(Facility).where(Facility.supplier == account).order_by(col(Facility.number).desc())
    return list(session.exec(chosen.limit(limit)))


def ladder(session: Session, number: int, collateral: str) -> Ladder | None:
    return session.get(Ladder, (number, collateral))


def ladders(session: Session, numbers: Iterable[int]) -> list[Ladder]:
    return list(session.exec(select(Ladder).where(col(Ladder.facility).in_(list(numbers)))))


def last_number(session: Session) -> int:
    """The greatest number on chain so far; 0 before the first."""
    return session.exec(select(func.max(Facility.number))).one() or 0


def openings_before(session: Session, opening: Transaction) -> int:
    """How many openings of the same signer are still under way ahead of this one."""
    ahead = select(func.count()).where(
        col(Transaction.signer) == opening.signer,
        col(Transaction.function) == opening.function,
        col(Transaction.status).in_(OPEN),
        col(Transaction.sequence) < opening.sequence,
    )
    return session.exec(ahead).one()


def lock_numbering(session: Session) -> None:
    """Lets one request at a time foresee the next number, until its transaction ends. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _NUMBERING_LOCK})
