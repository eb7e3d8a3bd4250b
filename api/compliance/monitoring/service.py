"""Running the rules over what the indexer has read, and opening cases for what they find."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from api.compliance.cases import service as cases
from api.compliance.cases.service import Finding
from api.compliance.monitoring import goods, repository, rules
from api.compliance.monitoring.repository import Measured
from api.compliance.monitoring.rules import Move, Price
from api.compliance.onboarding.repository import persons
from api.compliance.settings import MonitoringSettings
from api.db import Database
from api.indexer.models import THE_CURSOR, Cursor
from api.settings import Settings


@dataclass(frozen=True)
class Ran:
    """One run: how many movements were new, what was found, and which cases are new."""

    movements: int
    found: int
    opened: list[str]


class Related:
    """Who belongs together: the same group, or a beneficial owner in common."""

    def __init__(self, groups: dict[str, str], persons_: list[tuple[str, str]]) -> None:
        self._groups = groups
        self._persons: dict[str, set[str]] = defaultdict(set)
        for lei, person in persons_:
            self._persons[lei].add(person)

    def __call__(self, one: str, other: str) -> bool:
        group = self._groups.get(one)
        together = group is not None and group == self._groups.get(other)
        return together or not self._persons[one].isdisjoint(self._persons[other])


def run(session: Session, asked: MonitoringSettings, since: int, pools: Mapping[str, str]) -> Ran:
    """Looks at everything from block `since` on; `pools` are the network's, address to currency. Facts that have a case
    get no other, so running again is harmless."""
    count, _, _ = repository.newest(session, since)
    found = [*_findings(session, _moves(session, asked, since), asked, since)]
    found += rules.prices(goods.prices(session, since, pools), asked)
    return Ran(count, len(found), cases.open_new(session, found))


def _moves(session: Session, asked: MonitoringSettings, since: int) -> list[Move]:
    """What is new, with what the rules look back on. Nothing is read of the past while nothing is new."""
    new = repository.moves_since(session, since)
    if not new:
        return []
    longest = max(asked.velocity_window_seconds, asked.structuring_window_seconds, asked.round_trip_window_seconds)
    first = min(move.moved_at for move in new)
    return repository.moves_after(session, first - 2 * longest - 1, (move.asset for move in new))


def _findings(session: Session, moves: list[Move], asked: MonitoringSettings, since: int) -> Iterator[Finding]:
    cash = [move for move in moves if move.kind == "cash"]
    related = Related(repository.groups(session), persons(session))
    yield from rules.velocity(cash, asked, since)
    yield from rules.structuring(cash, asked, since)
    yield from rules.round_trips(moves, related, asked, since)
    yield from rules.prices(_receivable_prices(session, since), asked)


def _receivable_prices(session: Session, since: int) -> Iterator[Price]:
    """What an invoice asks for its goods, beside earlier invoices between the same two parties in the same currency."""
    new = repository.measured_receivables(session, since)
    if not new:
        return
    leis = repository.leis_by_number(session)
    earlier: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    wanted = {row.id for row in new}
    for row in repository.measured_between(session, ((row.supplier, row.debtor) for row in new)):
        known = earlier[row.supplier, row.debtor, row.currency]
        if row.id in wanted:
            yield Price(
                fact=row.id,
                lei=leis[row.supplier],
                what=f"Receivable {row.id[:12]}… is",
                currency=row.currency,
                price=_per_thousand(row),
                references=tuple(known[-goods.REFERENCES :]),
                source="median of earlier receivables between the same parties",
            )
        known.append(_per_thousand(row))


def _per_thousand(row: Measured) -> int:
    """Minor units for 1,000 of the invoice's unit, rounded down; the quantity is in thousandths."""
    return row.registered_value * 1_000_000 // row.quantity


class Monitor:
    """Looks at what is new, again and again. Blocks that could still be reorganised are looked at anew."""

    def __init__(self, database: Database, settings: Settings, pools: Mapping[str, str]) -> None:
        self._database, self._pools = database, pools
        self._asked = settings.compliance.monitoring
        self._window = settings.reorg_window_blocks
        self._seen: tuple[int, ...] | None = None

    def step(self) -> bool:
        """One pass; False, as nothing is left to do at once."""
        with self._database.session() as session:
            cursor = session.get(Cursor, THE_CURSOR)
            if cursor is None:
                return False
            until = repository.looked_until(session)
            since = max(0, min(until, cursor.block_number) - self._window)
            moved, receivables = repository.newest(session, since), repository.new_receivables(session, since)
            seen = (*moved, *receivables, *goods.newest(session, since))
        if seen != self._seen:
            self._database.run(lambda session: self._run(session, since, cursor.block_number))
            self._seen = seen
        elif cursor.block_number > until + self._window:
            # Nothing came: what is looked at anew begins further on, so that it stays short.
            self._database.run(lambda session: repository.remember(session, cursor.block_number))
        return False

    def _run(self, session: Session, since: int, until: int) -> None:
        run(session, self._asked, since, self._pools)
        repository.remember(session, until)
