"""Queries over movements of cash and what they were for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import and_, false, func, literal, or_, union_all
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from api.banking.models import BankEntry
from api.cash.models import CashReason
from api.cash.reasons import Noted
from api.compliance.monitoring.models import CASH, Movement
from api.lists.kinds import units
from api.margin_calls.models import MarginCall
from api.transactions.models import Transaction

AT_ONCE: Final = 500


@dataclass(frozen=True)
class Span:
    """An account from one place of the chain to another, both (block, log) and not included; `last` None: until now."""

    account: str
    first: tuple[int, int]
    last: tuple[int, int] | None


def _within(side: Any, span: Span) -> Any:
    block, log = col(Movement.block_number), col(Movement.log_index)
    conditions = [side == span.account, or_(block > span.first[0], and_(block == span.first[0], log > span.first[1]))]
    if span.last is not None:
        conditions.append(or_(block < span.last[0], and_(block == span.last[0], log < span.last[1])))
    return and_(*conditions)


def _moved(side: Any, sign: int, currency: str, spans: Sequence[Span], after: int, until: int) -> Any:
    """On one side of transfers, in the blocks above `after` and up to `until`."""
    its = (Movement.transaction_hash, Movement.log_index, Movement.giver, Movement.taker, Movement.amount)
    chosen = sa_select(*(col(each) for each in its), col(Movement.block_number), col(Movement.moved_at), literal(sign))
    return chosen.where(
        col(Movement.kind) == CASH,
        col(Movement.asset) == currency,
        col(Movement.block_number) > after,
        col(Movement.block_number) <= until,
        or_(false(), *(_within(side, span) for span in spans)),
    )


def _both(currency: str, spans: Sequence[Span], after: int, until: int) -> Any:
    out = _moved(col(Movement.giver), -1, currency, spans, after, until)
    into = _moved(col(Movement.taker), 1, currency, spans, after, until)
    return union_all(out, into).subquery()


def count(session: Session, currency: str, spans: Sequence[Span], after: int, until: int) -> int:
    """How many sides of transfers there are in the blocks above `after` and up to `until`."""
    both = _both(currency, spans, after, until)
    return int(session.connection().execute(sa_select(func.count()).select_from(both)).scalar_one())


@dataclass(frozen=True)
class Side:
    """One side of a transfer, for the account of that side; `amount` below zero: out of it."""

    transaction_hash: str
    log_index: int
    account: str
    other: str
    amount: int
    block_number: int
    moved_at: int
    giver: str
    taker: str


def sides(session: Session, currency: str, spans: Sequence[Span], after: int, until: int) -> Iterator[list[Side]]:
    """In the order of the chain, some at a time: however many there are, they never are in memory together."""
    both = _both(currency, spans, after, until)
    place = (both.c.block_number, both.c.log_index, both.c[7])
    found = session.connection().execute(sa_select(both).order_by(*place), execution_options={"yield_per": AT_ONCE})
    for rows in found.partitions(AT_ONCE):
        yield [_side(*row) for row in rows]


def _side(transaction: str, log: int, giver: str, taker: str, amount: int, block: int, at: int, sign: int) -> Side:
    account, other = (giver, taker) if sign < 0 else (taker, giver)
    return Side(transaction, log, account, other, sign * amount, block, at, giver, taker)


def balance(session: Session, currency: str, account: str, place: tuple[int, int]) -> int:
    """Of one account up to a place in the chain, (block, log), included: all that came less all that went."""
    block, log = col(Movement.block_number), col(Movement.log_index)

    def moved(side: Any) -> int:
        chosen = sa_select(func.sum(units(col(Movement.amount)))).where(
            col(Movement.kind) == CASH,
            col(Movement.asset) == currency,
            side == account,
            or_(block < place[0], and_(block == place[0], log <= place[1])),
        )
        return int(session.connection().execute(chosen).scalar_one() or 0)

    return moved(col(Movement.taker)) - moved(col(Movement.giver))


_NOTED: Final = tuple(getattr(CashReason, each.name) for each in fields(Noted))


def reasons(session: Session, transactions: Iterable[str]) -> dict[str, list[Noted]]:
    """What was noted in transactions, by their hashes."""
    its = col(CashReason.transaction_hash)
    found: dict[str, list[Noted]] = {}
    for transaction, *noted in session.connection().execute(sa_select(its, *_NOTED).where(its.in_(set(transactions)))):
        found.setdefault(transaction, []).append(Noted(*noted))
    return found


def margin_calls(session: Session, financings: Iterable[int]) -> list[MarginCall]:
    return list(session.exec(select(MarginCall).where(col(MarginCall.financing).in_(set(financings)))))


def instructions(session: Session, transactions: Iterable[str]) -> dict[str, str]:
    """The payment instructions for which cash was issued, by the hash of the transaction that issued it."""
    wanted = (
        select(Transaction.hash, BankEntry.instruction_id)
        .join(BankEntry, col(BankEntry.transaction_id) == col(Transaction.id))
        .where(col(Transaction.hash).in_(set(transactions)), col(BankEntry.instruction_id).is_not(None))
    )
    return {str(hash_): str(instruction) for hash_, instruction in session.exec(wanted)}
