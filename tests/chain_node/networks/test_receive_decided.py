"""What `receive` does to the files of a network's folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import Consortium, found
from typer.testing import CliRunner

from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.changes import Removal
from chain_node.networks.cli import network_app
from chain_node.networks.documents import write_whole
from chain_node.networks.entries import Answer, Propose

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AWAY = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="it leaves")
runner = CliRunner()


@pytest.fixture
def made(tmp_path: Path) -> Consortium:
    return found(tmp_path)


def run(made: Consortium, *words: Any) -> tuple[int, str]:
    said = [str(word) for word in (*words, "--root", made.folder.parent)]
    result = runner.invoke(network_app, said, env={"COLUMNS": "300"})
    return result.exit_code, result.output


def sent(made: Consortium, where: Path, *approving: int) -> Path:
    ceremony: Ceremony = load_ceremony(made.folder).signed(AWAY, made.key(0), NOW)
    for of in approving:
        ceremony = ceremony.signed(Answer(kind="approve", proposal=1), made.key(of), NOW)
    write_whole(where / "sent.json", ceremony.log().file())
    return where / "sent.json"


def test_receive_leaves_the_files_alone_where_nothing_is_decided(made: Consortium, tmp_path: Path) -> None:
    (made.folder / "genesis.json").write_text("{}")

    code, said = run(made, "receive", "harbour", sent(made, tmp_path, 1))

    assert code == 0
    assert "brought up to date" not in said
    assert (made.folder / "genesis.json").read_text() == "{}"
    assert run(made, "check", "harbour")[0] == 1


def test_check_holds_once_a_decision_was_received(made: Consortium, tmp_path: Path) -> None:
    code, said = run(made, "receive", "harbour", sent(made, tmp_path, 1, 2))

    assert code == 0
    assert "permissions/static-nodes.json: brought up to date" in said
    assert not (made.folder / "nodes" / "validator-d").exists()
    code, said = run(made, "check", "harbour")
    assert code == 0, said
