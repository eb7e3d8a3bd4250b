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

THREADS = 20


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
    everybody_committed = threading.Event()

    def slow(_: int) -> None:
        syncs.append(count(database))
        assert everybody_committed.wait(120)

    monkeypatch.setattr(os, "fdatasync", slow)
    threads = [threading.Thread(target=write, args=(database,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    while count(database) < THREADS:
        time.sleep(0.01)
    everybody_committed.set()
    for thread in threads:
        thread.join()

    # one for the first, one for all who came meanwhile; somebody who has just committed may still be on the way there
    assert 2 <= len(syncs) <= THREADS / 2


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
