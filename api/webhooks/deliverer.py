"""Brings deliveries to their receivers: claim, commit; call; record, commit.

A process that is killed after the call and before the record leaves a claim that ends by itself, and the delivery is
made again: at least once, never less. Receivers are called by threads, each with one delivery at a time; what a slow or
failing receiver may take of them is limited, so that it holds its own queue only.
"""

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import structlog

from api.db import Database, utc_now
from api.failures import describe
from api.metrics import Metrics
from api.outgoing import Outgoing, TargetRefused, TargetUnavailable
from api.vault import Vault
from api.webhooks import queue
from api.webhooks.letters import Letter, letter_of
from api.webhooks.models import DeliveryStatus
from api.webhooks.queue import Claim
from api.webhooks.settings import WebhookSettings

log = structlog.get_logger()
_FORGET_INTERVAL_SECONDS = 3_600.0
_LARGEST_ANSWER_BYTES = 65_536


@dataclass(frozen=True)
class _Result:
    """What came of a call. `status` is None where there was no answer; then `problem` says why."""

    status: int | None
    problem: str | None
    milliseconds: int

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Deliverer:
    """One pass queues what is new and hands what is due to the threads. `wake` is called when one of them is free."""

    def __init__(
        self, database: Database, vault: Vault, outgoing: Outgoing, settings: WebhookSettings, metrics: Metrics
    ) -> None:
        self._database, self._vault, self._outgoing = database, vault, outgoing
        self._settings, self._metrics = settings, metrics
        self._threads = ThreadPoolExecutor(settings.workers, thread_name_prefix="webhook")
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self._next_forgetting = 0.0
        self.wake: Callable[[], None] = lambda: None

    def step(self) -> bool:
        """Whether there is more to do at once."""
        self._forget()
        more = self._fill()
        return self._hand_out() or more

    def close(self) -> None:
        """Lets what is under way end."""
        self._threads.shutdown(wait=True)

    def _fill(self) -> bool:
        with self._database.engine.connect() as connection:
            waiting = queue.waiting_for_events(connection)
        more = False
        for webhook_id in waiting:
            with self._database.transaction() as session:
                more |= queue.fill(session, webhook_id)
        return more

    def _hand_out(self) -> bool:
        with self._lock:
            busy = {webhook_id: count for webhook_id, count in self._busy.items() if count}
        room = self._settings.workers - sum(busy.values())
        if room <= 0:
            return False
        # Twice what a call may take, and a second to record it.
        until = utc_now() + timedelta(seconds=2 * self._settings.timeout_seconds + 1)
        with self._database.engine.begin() as connection:
            claimed = queue.claim(
                connection,
                secrets.token_hex(8),
                until,
                most=room,
                busy=busy,
                at_once=self._settings.at_once_per_webhook,
            )
        for each in claimed:
            with self._lock:
                self._busy[each.webhook_id] += 1
            self._threads.submit(self._work, each)
        return bool(claimed)

    def _work(self, claimed: Claim) -> None:
        try:
            self.attempt(claimed)
        except Exception as error:  # noqa: BLE001 - the claim ends by itself, and the delivery is made again
            log.error("webhook.failed", webhook=claimed.webhook_id, delivery=claimed.number, error=describe(error))
        finally:
            with self._lock:
                self._busy[claimed.webhook_id] -= 1
            self.wake()

    def attempt(self, claimed: Claim) -> None:
        """Calls the receiver once and records what came of it."""
        with self._database.session() as session:
            letter = letter_of(session, self._vault, claimed)
        if letter is None:
            with self._database.engine.begin() as connection:
                queue.release(connection, claimed)
            return
        self._record(claimed, letter, self._call(letter))

    def _call(self, letter: Letter) -> _Result:
        started = time.monotonic()
        status, problem = None, None
        try:
            status = self._outgoing.request(
                "POST",
                letter.url,
                headers=letter.headers(int(time.time())),
                content=letter.body,
                timeout_seconds=self._settings.timeout_seconds,
                largest_answer_bytes=_LARGEST_ANSWER_BYTES,
            ).status
        except TargetRefused as refused:
            problem = refused.detail
        except TargetUnavailable as away:
            problem = str(away)
        return _Result(status, problem, int((time.monotonic() - started) * 1000))

    def _record(self, claimed: Claim, letter: Letter, result: _Result) -> None:
        status, due_at = DeliveryStatus.DELIVERED, None
        if not result.arrived:
            status = DeliveryStatus.PENDING if letter.attempt < self._settings.most_attempts else DeliveryStatus.DEAD
        if status is DeliveryStatus.PENDING:
            due_at = utc_now() + timedelta(seconds=pause_seconds(self._settings, letter.attempt))
        told = {"milliseconds": result.milliseconds, "status": result.status, "problem": result.problem}
        with self._database.engine.begin() as connection:
            recorded = queue.record(connection, claimed, status, told, due_at)
        if recorded:
            self._metrics.deliveries.labels("delivered" if result.arrived else "failed").inc()
        if recorded and status is DeliveryStatus.DEAD:
            self._metrics.deliveries.labels("dead").inc()
            log.warning("webhook.dead-letter", webhook=claimed.webhook_id, delivery=claimed.number)

    def _forget(self) -> None:
        now = time.monotonic()
        if now >= self._next_forgetting:
            self._next_forgetting = now + _FORGET_INTERVAL_SECONDS
            with self._database.engine.begin() as connection:
                queue.forget_before(connection, utc_now() - timedelta(days=self._settings.kept_days))


def pause_seconds(settings: WebhookSettings, attempt: int) -> float:
    """How long to wait after an attempt that failed: twice as long each time, a random half to the whole of it."""
    whole = min(settings.first_retry_seconds * 2.0 ** min(attempt - 1, 40), settings.longest_retry_seconds)
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the load, keeps nothing secret  # nosec B311
