"""A database that an earlier version wrote gets what it lacks, and keeps what it has."""

import os
import sqlite3

from oracle_fakes import epcis, epcis_event
from sqlmodel import select

from oracles.store.database import Database
from oracles.store.models import EventRow


def test_column_that_an_earlier_version_lacked_is_added(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.node.cycle()
    bench.database.close()
    with sqlite3.connect(bench.settings.database) as older:
        older.execute("ALTER TABLE event DROP COLUMN decided_block")
        older.execute("PRAGMA user_version = 2")
    bench.restart()
    with bench.database.session() as session:
        row = session.exec(select(EventRow)).one()
    assert (row.activity, row.decided_block) == ("receiving", None)


def test_nobody_else_reads_a_new_database(tmp_path):
    before = os.umask(0o022)
    try:
        database = Database(tmp_path / "node.db")
        database.prepare()
        with database.session() as session:
            session.exec(select(EventRow)).all()
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)

    assert modes == {"node.db": 0o600, "node.db-wal": 0o600, "node.db-shm": 0o600}
