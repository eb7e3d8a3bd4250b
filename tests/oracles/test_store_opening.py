"""A node's database while several programs open it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import inspect
from sqlmodel import create_engine, text

from oracles.errors import DatabaseTooNew
from oracles.store.database import SCHEMA_VERSION, TABLES, Database

PROGRAMS = 6


def test_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite3"
    Database(path).prepare()
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION + 1}"))
    with pytest.raises(DatabaseTooNew):
        Database(path).prepare()


@pytest.mark.parametrize("attempt", range(8))
def test_programs_that_find_it_new_at_once_all_open_it(tmp_path: Path, attempt: int) -> None:
    path, start = tmp_path / f"node-{attempt}.sqlite3", Barrier(PROGRAMS)

    def opens(_: int) -> None:
        database = Database(path)
        start.wait()
        database.prepare()
        database.close()

    with ThreadPoolExecutor(PROGRAMS) as programs:
        list(programs.map(opens, range(PROGRAMS)))
    wanted = {its.__tablename__ for its in TABLES[1:]}
    assert wanted <= set(inspect(create_engine(f"sqlite:///{path}")).get_table_names())


def test_what_an_earlier_version_lacks_is_added(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite3"
    Database(path).prepare()
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(text("DROP TABLE protection_mark"))
    Database(path).prepare()
    assert "protection_mark" in inspect(create_engine(f"sqlite:///{path}")).get_table_names()
