"""A node that has not signed yet has a store all the same: without it an older copy of its database does not start."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from oracle_bench import Bench
from oracle_fakes import epcis, epcis_event

from oracles.protection.errors import ProtectionMissing
from oracles.store.models import ObservationStatus


def lose(bench: Bench, pattern: str) -> None:
    bench.database.close()
    for path in bench.folder.glob(pattern):
        path.unlink()


def test_database_of_before_the_first_signature_does_not_start_without_the_store(bench):
    with (
        closing(sqlite3.connect(bench.settings.database)) as source,
        closing(sqlite3.connect(bench.folder / "older.db")) as target,
    ):
        source.backup(target)
    bench.drop("first.json", epcis(epcis_event()))
    bench.turn()
    assert [row.status for row in bench.observations()] == [ObservationStatus.SIGNED]
    bench.chain.pool.clear()
    lose(bench, "node.db*")
    lose(bench, "protection.db*")
    shutil.copy(bench.folder / "older.db", bench.settings.database)

    with pytest.raises(ProtectionMissing, match="beside which one was made"):
        bench.restart()

    assert not bench.settings.protection_file.exists()


def test_new_node_makes_its_store(bench):
    lose(bench, "node.db*")
    lose(bench, "protection.db*")

    bench.restart()

    assert bench.settings.protection_file.is_file()


def test_process_that_died_before_it_told_the_database_of_its_store_starts(bench):
    with closing(sqlite3.connect(bench.settings.database)) as connection, connection:
        connection.execute("DELETE FROM protection_mark")

    bench.restart()
    bench.drop("first.json", epcis(epcis_event()))
    bench.settle()

    assert len(bench.chain.counted) == 1
