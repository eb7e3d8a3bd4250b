"""Writes of several requests in one database transaction: each as it would be in one of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from api.committing import Committer, Write
from api.compliance.audit.models import AuditEntry
from api.compliance.audit.trail import Act
from api.db import Database, defer, taken_over, utc_now
from api.idempotency import StoredAnswer
from api.transactions import outbox
from api.transactions.models import Transaction, intended

ANSWERS = SQLModel.metadata.tables[str(StoredAnswer.__tablename__)]
ENTRIES = SQLModel.metadata.tables[str(AuditEntry.__tablename__)]
PATIENCE_SECONDS = 120.0


@pytest.fixture
def committer(database: Database) -> Iterator[Committer]:
    made = Committer(database, outbox.store_intents)
    yield made
    made.close()


def intent(purpose: str, **changes: Any) -> Transaction:
    fields = {"signer": "org:X", "sender": "0x1", "owner_lei": None, "purpose": purpose, "to_address": "0x2"}
    return intended(**{**fields, "data": b"\1", "function": "f", "gas": 1, **changes})


def write(key: str, *purposes: str, told: Callable[[], None] | None = None, **changes: Any) -> Write:
    answer = {"key_hash": key, "request_hash": "r", "status": 202, "media_type": "application/json", "body": b"{}"}
    intents = [intent(purpose, **changes) for purpose in purposes or (key,)]
    return Write({**answer, "created_at": utc_now()}, intents, Act(key, None, "POST /x", "/x", 202), told)


@contextmanager
def together(committer: Committer) -> Iterator[None]:
    """What is committed within the block is taken in one piece."""
    held, busy = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert held.wait(PATIENCE_SECONDS)

    gate = committer.commit(write("gate", told=hold))
    assert busy.wait(PATIENCE_SECONDS)
    yield
    held.set()
    assert gate.result(PATIENCE_SECONDS)


def purposes(database: Database) -> list[str]:
    """In the order of sending."""
    with database.engine.connect() as connection:
        return list(connection.execute(select(outbox.T.c.purpose).order_by(outbox.T.c.sequence)).scalars())


def count(database: Database, table: Any) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


# Refusals


def test_key_that_was_used_before_stores_nothing(database: Database, committer: Committer) -> None:
    assert committer.commit(write("one")).result(PATIENCE_SECONDS)
    told: list[int] = []

    again = committer.commit(write("one", "another", told=lambda: told.append(1)))

    assert again.result(PATIENCE_SECONDS) is False
    assert purposes(database) == ["one"]
    assert (count(database, ANSWERS), count(database, ENTRIES), told) == (1, 1, [])


def test_of_two_with_one_key_at_once_one_is_stored(database: Database, committer: Committer) -> None:
    with together(committer):
        both = [committer.commit(write("one", purpose)) for purpose in ("a", "b")]

    assert sorted(each.result(PATIENCE_SECONDS) for each in both) == [False, True]
    assert len(purposes(database)) == 2
    assert count(database, ENTRIES) == 2


def test_write_that_cannot_be_stored_fails_alone(database: Database, committer: Committer) -> None:
    with together(committer):
        good, bad, last = (
            committer.commit(write("good")),
            committer.commit(write("bad", function=None)),
            committer.commit(write("last")),
        )

    assert good.result(PATIENCE_SECONDS)
    assert last.result(PATIENCE_SECONDS)
    with pytest.raises(IntegrityError):
        bad.result(PATIENCE_SECONDS)
    assert purposes(database) == ["gate", "good", "last"]
    assert count(database, ANSWERS) == count(database, ENTRIES) == 3


def test_commit_that_only_seemed_to_fail_stores_nothing_twice(
    database: Database, committer: Committer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, failures = Committer._store, iter([ConnectionError("the server went away after its commit")])

    def store_and_fail(self: Committer, writes: Any) -> Any:
        stored = plain(self, writes)
        if len(writes) > 1 and (failure := next(failures, None)):
            raise failure
        return stored

    monkeypatch.setattr(Committer, "_store", store_and_fail)
    with together(committer):
        left = [committer.commit(write(key)) for key in ("a", "b")]

    # Whoever asked reads the answer under its key, as after any other race.
    assert [each.result(PATIENCE_SECONDS) for each in left] == [False, False]
    assert purposes(database) == ["gate", "a", "b"]


def test_listener_that_fails_stops_nobody(database: Database, committer: Committer) -> None:
    def fail() -> None:
        raise RuntimeError

    assert committer.commit(write("one", told=fail)).result(PATIENCE_SECONDS)
    assert committer.commit(write("two")).result(PATIENCE_SECONDS)
    assert purposes(database) == ["one", "two"]


# What is stored


def test_writes_together_are_sent_in_the_order_in_which_they_came(database: Database, committer: Committer) -> None:
    with together(committer):
        left = [committer.commit(write(key, f"{key}1", f"{key}2")) for key in ("c", "a", "b")]

    assert all(each.result(PATIENCE_SECONDS) for each in left)
    assert purposes(database) == ["gate", "c1", "c2", "a1", "a2", "b1", "b2"]


def test_write_is_told_when_others_can_see_it(database: Database, committer: Committer) -> None:
    seen: list[int] = []

    committer.commit(write("one", told=lambda: seen.append(count(database, outbox.T)))).result(PATIENCE_SECONDS)

    assert seen == [1]


def test_write_cannot_be_called_off(database: Database, committer: Committer) -> None:
    with together(committer):
        left = committer.commit(write("one"))
        assert not left.cancel()

    assert left.result(PATIENCE_SECONDS)


def test_close_stores_what_has_come(database: Database) -> None:
    committer = Committer(database, outbox.store_intents)
    left = [committer.commit(write(str(number))) for number in range(20)]

    committer.close()

    assert all(each.done() and each.result() for each in left)
    assert len(purposes(database)) == 20


# What is put off within a transaction


def put_off(connection: Connection) -> list[str]:
    """What happens to it is noted in the list."""
    done: list[str] = []
    assert defer(connection, lambda its: done.append("stored"))
    return done


@pytest.mark.parametrize("statement", ["DELETE FROM audit_head", "SELECT number FROM audit_head", "SAVEPOINT here"])
def test_what_was_put_off_is_done_before_the_next_statement(database: Database, statement: str) -> None:
    with database.session() as session:
        done = put_off(session.connection())

        session.connection().execute(text(statement))

        assert done == ["stored"]
        assert not taken_over(session.connection())


def test_what_nothing_followed_is_taken_over_once(database: Database) -> None:
    with database.session() as session:
        done = put_off(session.connection())

        assert taken_over(session.connection())
        assert not taken_over(session.connection())
        session.connection().execute(select(ANSWERS))
        assert done == []


def test_transaction_that_has_written_puts_nothing_off(database: Database) -> None:
    with database.session() as session:
        session.connection().execute(insert(ANSWERS).values(write("one").answer))

        assert not defer(session.connection(), lambda _: None)


def test_lock_is_kept_by_putting_nothing_off(database: Database) -> None:
    with database.session() as session:
        session.connection().execute(select(outbox.T.c.id).with_for_update())

        assert defer(session.connection(), lambda _: None) is database.is_sqlite


def test_what_was_put_off_ends_with_its_transaction(database: Database) -> None:
    for _ in range(3):
        with database.session() as session:
            done = put_off(session.connection())
            session.rollback()

            session.connection().execute(text("DELETE FROM audit_head"))

            assert done == []


def test_all_that_a_commit_has_served_are_told_on_their_loop(database: Database, committer: Committer) -> None:
    async def wait() -> list[bool | BaseException]:
        with together(committer):
            writes = [write(f"key {number}") for number in range(20)]
            for each in writes:
                committer.commit(each)
            waiting = [asyncio.ensure_future(committer.stored(each)) for each in writes]
            await asyncio.sleep(0)
            waiting[3].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    told = asyncio.run(wait())

    assert [each for each in told if each is True] == [True] * 19
    assert isinstance(told[3], asyncio.CancelledError)


def test_each_loop_hears_of_its_own(database: Database, committer: Committer) -> None:
    async def wait(key: str) -> bool:
        made = write(key)
        committer.commit(made)
        return await committer.stored(made)

    assert asyncio.run(wait("a"))
    assert asyncio.run(wait("b"))
    assert not asyncio.run(wait("b"))


def test_waiting_request_hears_why_its_write_failed(database: Database, committer: Committer) -> None:
    async def wait() -> None:
        failing = write("bad", function=None)
        committer.commit(failing)
        await committer.stored(failing)

    with pytest.raises(IntegrityError):
        asyncio.run(wait())
