"""Archived tables: replayed, backed up with what their columns mean; and what a replay must not open again."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from operating_desk import config_of
from oracle_bench import Bench
from oracle_fakes import NOON, declared_error, epcis, epcis_event
from test_oracles_tables import BAD, MAPPING, RECEIVED, STORED, table
from typer.testing import CliRunner

from oracles.cli import oracle_app
from oracles.store.models import EventStatus


@pytest.fixture
def worked(bench: Bench) -> Bench:
    """A node that has taken a table without its bad row."""
    (bench.folder / "mappings").mkdir()
    mapping = bench.folder / "mappings" / "wms.toml"
    mapping.write_text(MAPPING)
    bench.settings_changes = {"csv": [{"files": "wms-*.csv", "mapping": mapping, "bad_rows": "set aside"}]}
    bench.restart()
    bench.drop("wms-1.csv", table(RECEIVED, BAD, STORED))
    bench.settle()
    assert len(bench.chain.counted) == 2
    return bench


def run(bench: Bench, *arguments: object) -> tuple[int, str]:
    """A command with settings that refuse bad rows meanwhile: what was taken stays readable."""
    kept, bench.settings_changes = bench.settings_changes, {}
    config = config_of(bench)
    bench.settings_changes = kept
    with config.open("a") as file:
        file.write('[[csv]]\nfiles = "wms-*.csv"\nmapping = "mappings/wms.toml"\n')
    name, *rest = map(str, arguments)
    result = CliRunner().invoke(oracle_app, [name, "--config", str(config), *rest])
    return result.exit_code, result.stdout


def test_lost_database_is_filled_from_archived_tables(worked):
    worked.database.close()
    for path in worked.folder.glob("node.db*"):
        path.unlink()

    code, output = run(worked, "replay", "--json")
    worked.restart()
    worked.settle()

    assert (code, [change["file"] for change in json.loads(output)["changes"]]) == (0, ["wms-1.csv"] * 2)
    assert [(event.activity, event.line) for event in worked.events()] == [("receiving", 2), ("storing", 4)]
    assert len(worked.chain.counted) == 2


def test_replay_of_a_known_table_changes_nothing(worked):
    assert json.loads(run(worked, "replay", "--json")[1])["changes"] == []


def test_backup_brings_the_mappings_back(worked):
    assert run(worked, "backup", worked.folder / "b")[0] == 0
    other = worked.folder / "other" / "node.toml"

    restored = CliRunner().invoke(oracle_app, ["restore", "--config", str(other), str(worked.folder / "b")])

    assert (other.parent / "mappings" / "wms.toml").read_text() == MAPPING, restored.output


def test_backup_restored_over_a_changed_mapping_leaves_it_alone(worked):
    assert run(worked, "backup", worked.folder / "b")[0] == 0
    other = worked.folder / "other"
    shutil.copytree(worked.folder / "mappings", other / "mappings")
    (other / "mappings" / "wms.toml").write_text("# mine\n")

    CliRunner().invoke(oracle_app, ["restore", "--config", str(other / "node.toml"), str(worked.folder / "b")])

    assert Path(other / "mappings" / "wms.toml").read_text() == "# mine\n"


def test_replay_does_not_open_what_was_corrected_and_stated_again(worked):
    event = epcis_event(order="PO-AGAIN")
    worked.drop("error.json", epcis(declared_error(event)))
    worked.settle()
    worked.drop("again.json", epcis(event | {"recordTime": (NOON + timedelta(hours=2)).isoformat()}))
    worked.settle()
    assert worked.events()[-1].status == EventStatus.HELD

    assert json.loads(run(worked, "replay", "--json")[1])["changes"] == []
    assert worked.events()[-1].status == EventStatus.HELD
