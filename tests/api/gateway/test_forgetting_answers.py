"""Answers under idempotency keys are kept for thirty days, and forgotten while the gateway runs."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlmodel import select

from api.building import build_gateway
from api.db import Database, utc_now
from api.idempotency import FORGOTTEN_AT_ONCE, StoredAnswer, forget_old
from api.settings import Settings

PATIENCE_SECONDS = 60.0


def answered(database: Database, days_ago: float, count: int = 1) -> set[str]:
    """Stored answers of that age; their keys."""
    moment = utc_now() - timedelta(days=days_ago)
    keys = {f"{days_ago} days ago, {number}" for number in range(count)}
    with database.transaction() as session:
        for key in keys:
            row = StoredAnswer(
                key_hash=key, request_hash="r", status=202, media_type="application/json", body=b"{}", created_at=moment
            )
            session.add(row)
    return keys


def kept(database: Database) -> set[str]:
    with database.session() as session:
        return set(session.exec(select(StoredAnswer.key_hash)))


def test_answers_of_thirty_days_are_not_forgotten(database: Database) -> None:
    young = answered(database, 0) | answered(database, 29.9)

    assert database.run(forget_old) is False

    assert kept(database) == young


def test_old_answers_are_forgotten_in_portions(database: Database) -> None:
    young, old = answered(database, 29.9), answered(database, 31, FORGOTTEN_AT_ONCE)
    oldest = answered(database, 40, 3)

    assert database.run(forget_old) is True

    left = kept(database)
    assert len(left & old) == 3
    assert not left & oldest
    assert database.run(forget_old) is False
    assert kept(database) == young


def test_gateways_that_forget_at_once_do_not_hinder_each_other(database: Database) -> None:
    young = answered(database, 1)
    answered(database, 31, 3 * FORGOTTEN_AT_ONCE)
    ready = threading.Barrier(4)

    def forget() -> None:
        ready.wait(PATIENCE_SECONDS)
        while database.run(forget_old):
            pass

    with ThreadPoolExecutor(4) as threads:
        for forgotten in [threads.submit(forget) for _ in range(4)]:
            forgotten.result(PATIENCE_SECONDS)

    assert kept(database) == young


def test_gateway_that_runs_forgets_what_has_become_old(
    database: Database, database_url: str, settings_for: Callable[..., Settings]
) -> None:
    gateway = build_gateway(settings_for(database_url=database_url))
    (loop,) = [loop for loop in gateway.loops if loop.name == "answers"]
    answered(database, 31, FORGOTTEN_AT_ONCE + 1)
    young = answered(database, 1)
    try:
        loop.start()
        until_kept(database, young)

        old = answered(database, 32)
        assert kept(database) == old | young
        loop.wake()
        until_kept(database, young)
    finally:
        loop.stop()
        gateway.close()


def until_kept(database: Database, expected: set[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while kept(database) != expected:
        assert time.monotonic() < deadline, "old answers are not forgotten"
        time.sleep(0.01)
