"""A database that an earlier version wrote gets what it lacks, and keeps what it has."""

import sqlite3

from oracle_fakes import epcis, epcis_event
from sqlmodel import select

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
