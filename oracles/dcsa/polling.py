"""Asking carriers for events, each in a thread of its own: a page is in the inbox before the cursor moves on."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import SystemRandom

import structlog
from sqlalchemy.exc import DBAPIError

from oracles.checkpoints import Checkpoint, Point
from oracles.dcsa.asking import Asking, CarrierFailed, wait_seconds
from oracles.dcsa.pages import PageUnusable, first_moment, newest_event, next_page, question
from oracles.dcsa.secrets import SecretUnusable
from oracles.dcsa.settings import PollSettings
from oracles.dcsa.standing import is_silent, silent_since
from oracles.dcsa.taking import Taking
from oracles.errors import FLAWS
from oracles.lasting import Told, lasting, nobody
from oracles.metrics import Metrics
from oracles.store.database import Database
from oracles.store.mapping import utc_text
from oracles.store.polls import PollRow

log = structlog.get_logger("oracles")

JOIN_SECONDS = 2.0
_chance = SystemRandom().random


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Poller:
    """One carrier. What it knows between turns is in the database."""

    settings: PollSettings
    database: Database
    taking: Taking
    asking: Asking
    checkpoint: Checkpoint
    metrics: Metrics
    now: Callable[[], datetime] = utc_now
    chance: Callable[[], float] = _chance
    _failures: int = 0
    _is_silent: bool = False
    _complained: str = ""
    _pages: set[str] = field(default_factory=set)
    """What was said of the pages of this sweep: one that comes again leads in circles."""

    def run(self, stop: threading.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            wait = self.turn(stop.is_set)
            stop.wait(wait)

    def turn(self, stopping: Callable[[], bool]) -> float:
        """One sweep, or as much of it as the carrier lets; the seconds until the next."""
        try:
            self._sweep(stopping)
        except (CarrierFailed, PageUnusable, SecretUnusable, DBAPIError, OSError, *FLAWS) as error:
            return self._failed(error)
        self._failures, self._complained = 0, ""
        return self.settings.interval_seconds

    def _sweep(self, stopping: Callable[[], bool]) -> None:
        self._pages.clear()
        for _ in range(self.settings.most_pages):
            if stopping() or not self._page():
                return
        log.warning("carrier has more pages", source=self.settings.name, pages=self.settings.most_pages)

    def _page(self) -> bool:
        """Takes one page; whether there is another."""
        row = self._begun()
        sweep_from = datetime.fromisoformat(row.sweep_from)
        try:
            asked = question(self.settings, sweep_from, row.next_page)
        except PageUnusable as error:
            # It was kept before the carrier's address was changed: it would be refused for ever.
            self._forget_sweep()
            log.warning("sweep begun anew", source=self.settings.name, reason=error.why)
            return True
        try:
            answer = self.asking.ask(asked)
        except CarrierFailed as error:
            if error.page_is_over and row.next_page:
                self._forget_sweep()
            raise
        self.checkpoint(Point.POLL_ANSWERED)
        newest = newest_event(answer.body, self.asking.limit_bytes, sweep_from, self.now())
        following = next_page(self.settings, answer.headers, sweep_from)
        self._pages.add(row.next_page)
        if following and following in self._pages:
            self._forget_sweep()
            raise PageUnusable("its pages lead in circles")
        taken = self.taking.take(answer.body)
        self._keep(newest, following)
        self.checkpoint(Point.POLL_KEPT)
        if taken:
            log.info("page taken", source=self.settings.name, files=taken, bytes=len(answer.body))
        return bool(following)

    def _begun(self) -> PollRow:
        """The carrier's row, with a sweep under way."""
        now = self.now()
        with self.database.session() as session:
            row = session.get(PollRow, self.settings.name)
            if row is None:
                row = PollRow(name=self.settings.name, asked_since=utc_text(now))
            elif row.asked_for not in ("", self.settings.fingerprint):
                row.read_to = row.sweep_from = row.next_page = row.newest = ""
                log.info("carrier asked for something else", source=self.settings.name)
            row.asked_for = self.settings.fingerprint
            if not row.sweep_from:
                row.sweep_from, row.newest = utc_text(first_moment(self.settings, row.read_to, now)), row.read_to
            session.add(row)
        return row

    def _keep(self, newest: datetime | None, following: str) -> None:
        """The page is on disk: remembers how far that is."""
        with self.database.session() as session:
            row = session.get_one(PollRow, self.settings.name)
            row.newest = max(row.newest, utc_text(newest) if newest else "")
            row.next_page, row.answered_at, row.failure = following, utc_text(self.now()), ""
            if not following:
                row.read_to, row.sweep_from = row.newest, ""
        self.metrics.carrier_answered_at.labels(self.settings.name).set(self.now().timestamp())
        if self._is_silent:
            self._is_silent = False
            self.metrics.silent_carriers.dec()
            log.info("carrier answers again", source=self.settings.name)

    def _forget_sweep(self) -> None:
        """Begins the sweep anew: nothing of it is lost, for the last whole one is remembered."""
        with self.database.session() as session:
            row = session.get_one(PollRow, self.settings.name)
            row.sweep_from = row.next_page = ""

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        why = _why(error)
        urgent = error.for_operator if isinstance(error, CarrierFailed) else True
        if why != self._complained:
            self._complained = why
            tell = log.error if urgent else log.warning
            tell("carrier failed", source=self.settings.name, reason=why, operator_action_required=urgent)
        self.metrics.carrier_failures.labels(self.settings.name).inc()
        try:
            self._remember_failure(why)
        except DBAPIError as broken:
            log.warning("carrier failed", source=self.settings.name, reason=type(broken).__name__)
        asked_for = error.retry_after if isinstance(error, CarrierFailed) else None
        return wait_seconds(self.settings, self._failures, asked_for, self.chance)

    def _remember_failure(self, why: str) -> None:
        """For `status`; and tells the operator, once, of a carrier that has not answered for long."""
        now = self.now()
        with self.database.session() as session:
            row = session.get(PollRow, self.settings.name)
            if row is None:
                return
            row.failure = why
        if is_silent(row, self.settings, now) and not self._is_silent:
            self._is_silent = True
            self.metrics.silent_carriers.inc()
            log.error(
                "carrier silent",
                source=self.settings.name,
                since=utc_text(silent_since(row)),
                reason=why,
                operator_action_required=True,
            )


def _why(error: Exception) -> str:
    """For the operator; nothing of a page, a key or an address."""
    if isinstance(error, CarrierFailed | PageUnusable):
        return error.why
    if isinstance(error, SecretUnusable):
        return str(error)
    if isinstance(error, OSError):
        return f"the inbox does not take it: {error.strerror}"
    return f"this program failed on it ({type(error).__name__})"


@contextmanager
def polling(pollers: Sequence[Poller], told: Told = nobody) -> Iterator[None]:
    """Asks until the block ends. What is under way then is left: the next start asks for the same page again."""
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=contextvars.copy_context().run,
            args=(lasting(poller.run, stop.is_set, f"poll of {poller.settings.name}", told), stop),
            name=poller.settings.name,
            daemon=True,
        )
        for poller in pollers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(JOIN_SECONDS)
        for poller in pollers:
            poller.asking.close()
