"""A real node, backed up while it runs, killed, lost, and brought back from a backup older than its last vote."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from oracle_fakes import epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, NodeProcess, Trade, until
from typer.testing import CliRunner

from chain_node.client import Role
from oracles.cli import oracle_app

pytestmark = [pytest.mark.node, pytest.mark.slow]


def command(*arguments: object):
    return CliRunner().invoke(oracle_app, [str(argument) for argument in arguments])


def test_node_brought_back_from_an_older_backup_votes_once_for_each_fact(anvil_network, tmp_path):
    trade = Trade(anvil_network, tmp_path)
    orders = ("PO-BEFORE", "PO-AFTER")
    subjects = [trade.open(order) for order in orders]
    papers = [epcis(epcis_event(at=trade.moment(), order=order)) for order in orders]
    home = trade.node("restored", Role.WAREHOUSE)
    backup = tmp_path / "backup.tar.gz"

    process = NodeProcess(home)
    try:
        process.wait_for("network")
        home.drop("before.json", papers[0])
        process.wait_for("vote counted")
        made = command("backup", "--config", home.config, backup)
        refused = command("restore", "--config", home.config, backup)
        home.drop("after.json", papers[1])
        process.wait_for("vote counted", 2)
        assert process.signal(signal.SIGKILL) == DIED_BY_KILL
    finally:
        process.end()
    lose(home.folder)
    restored = command("restore", "--config", home.config, backup)
    with home.running() as again:
        again.wait_for("network")
        home.drop("after.json", papers[1])
        until(lambda: (home.folder / "archive" / "after.json").exists())
        again.wait_for("decision")
    audited = command("verify", "--config", home.config)

    assert (made.exit_code, refused.exit_code, restored.exit_code) == (0, 1, 0), made.output + restored.output
    assert "another process of this node is at work" in refused.stderr
    assert [len(trade.votes(subject)) for subject in subjects] == [1, 1]
    assert again.lines("vote signed") == []
    assert audited.exit_code == 0, audited.output


def lose(folder: Path) -> None:
    """Everything but the key and the settings."""
    for name in ("inbox", "archive", "quarantine"):
        shutil.rmtree(folder / name)
    for path in [*folder.glob("node.db*"), *folder.glob("protection.db*")]:
        path.unlink()
