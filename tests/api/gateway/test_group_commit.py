"""SQLite's commits are durable when they return, and share the wait for the disk."""

import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from api.db import Database

THREADS, COMMITS_EACH = 8, 10


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    with database.transaction() as session:
        session.execute(text("CREATE TABLE notes (word TEXT)"))
    return database


def write_in(session: Session) -> None:
    session.execute(text("INSERT INTO notes VALUES ('x')"))


def write(database: Database) -> None:
    database.run(write_in)


def test_commit_returns_only_after_a_sync_that_began_after_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def sync(_: int) -> None:
        with database.session() as session:
            seen.append(int(session.execute(text("SELECT count(*) FROM notes")).scalar_one()))

    monkeypatch.setattr(os, "fdatasync", sync)
    for number in range(1, 4):
        write(database)

        assert seen[-1] == number


def test_commits_at_once_share_syncs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    answered: list[int] = []
    at_work = [True] * THREADS

    def slow(_: int) -> None:
        """As slow as it takes for everybody at work to have committed something that no sync has covered."""
        syncs.append(len(answered))
        until = time.monotonic() + 30
        while count(database) - len(answered) < len(at_work) and time.monotonic() < until:
            time.sleep(0.01)

    def work() -> None:
        for number in range(COMMITS_EACH):
            write(database)
            if number == COMMITS_EACH - 1:
                at_work.pop()
            answered.append(number)

    monkeypatch.setattr(os, "fdatasync", slow)
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count(database) == THREADS * COMMITS_EACH
    assert COMMITS_EACH <= len(syncs) < THREADS * COMMITS_EACH / 2


def count(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())


def test_reading_syncs_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fdatasync", syncs.append)

    with database.transaction() as session:
        session.execute(text("SELECT count(*) FROM notes"))

    assert not syncs


def test_rolled_back_work_syncs_nothing_and_gives_up_its_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fdatasync", syncs.append)

    with pytest.raises(OperationalError):
        database.run(lambda session: (write_in(session), session.execute(text("INSERT INTO nowhere VALUES (1)"))))

    assert not syncs
    write(database)
    assert len(syncs) == 1
