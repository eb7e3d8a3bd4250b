"""An auditor's check of a real node against a real chain: what is on chain, and what its papers say."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from oracle_fakes import epcis, epcis_event
from oracle_nodes import NodeHome, Trade, until
from typer.testing import CliRunner

from chain_node.client import Observation, Role, Vote
from oracles.cli import oracle_app

pytestmark = pytest.mark.node

ORDERS = ("PO-AUDIT-1", "PO-AUDIT-2", "PO-AUDIT-3")
RETRACTED = "PO-AUDIT-OTHER"


@pytest.fixture(scope="module")
def audited(anvil_network, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trade, NodeHome]:
    """A node that signed three facts at once and another one, which it has retracted."""
    trade = Trade(anvil_network, tmp_path_factory.mktemp("audited"))
    for order in (*ORDERS, RETRACTED):
        trade.open(order)
    home = trade.node("warehouse", Role.WAREHOUSE)
    for number, order in enumerate(ORDERS):
        home.drop(f"{number}.json", epcis(epcis_event(at=trade.moment(60 + number), order=order)))
    with home.running() as process:
        process.wait_for("vote counted", len(ORDERS))
        home.drop("other.json", epcis(epcis_event(at=trade.moment(), order=RETRACTED)))
        process.wait_for("vote counted", len(ORDERS) + 1)
        until(lambda: set(home.transactions()) == {"settled"})
    assert set(home.transactions()) == {"settled"}
    retract(trade, home)
    return trade, home


def retract(trade: Trade, home: NodeHome) -> None:
    """The last vote, by the organisation's own account."""
    with closing(sqlite3.connect(home.folder / "node.db")) as database:
        submission = database.execute("SELECT id, signer, mask, evidence, signature FROM submission ORDER BY id DESC")
        number, signer, mask, evidence, signature = submission.fetchone()
        sql = "SELECT subject, milestone, sequence, occurred_at, quantity FROM observation WHERE submission_id = ?"
        rows = database.execute(sql, [number]).fetchall()
    observations = [Observation(bytes.fromhex(subject), *rest) for subject, *rest in rows]
    vote = Vote(signer, int(mask, 16), bytes.fromhex(evidence), bytes.fromhex(signature))
    trade.network.send(home.account, trade.network.chain.milestones.retract(observations, 0, vote, bytes(31) + b"\1"))


@pytest.fixture
def copy(audited, tmp_path: Path) -> Path:
    """The node's folder, to do with as the test likes."""
    return shutil.copytree(audited[1].folder, tmp_path / "node")


def verify(folder: Path, *options: str):
    return CliRunner().invoke(oracle_app, ["verify", "--config", str(folder / "node.toml"), *options])


def found(folder: Path, code: int) -> dict:
    result = verify(folder, "--json")
    assert result.exit_code == code, result.output
    answer = json.loads(result.stdout)
    assert answer["holds"] == (code == 0)
    return answer


def proofs(answer: dict) -> list[str]:
    return [entry["proof"] for entry in answer["findings"]]


def test_paper_that_is_gone_is_told(copy):
    (copy / "archive" / "1.json").unlink()

    answer = found(copy, 1)

    # One signature covers three facts: without one of its papers none of them can be shown.
    assert proofs(answer) == ["missing"] * 3 + ["proved"]
    assert answer["changed"] == [["1.json", "it was archived and is no longer there"]]
    assert answer["findings"][0]["files"] == ["0.json", "2.json"]


def test_paper_that_was_altered_is_told_without_the_database_too(copy):
    """The place is changed; what was seen, and when, is not."""
    event = json.loads((copy / "archive" / "1.json").read_text())
    event["epcisBody"]["eventList"][0]["readPoint"] = {"id": "urn:epc:id:sgln:4012345.00002.0"}
    (copy / "archive" / "1.json").write_text(json.dumps(event))

    with_database = found(copy, 1)
    for path in copy.glob("node.db*"):
        path.unlink()
    without = found(copy, 1)

    assert proofs(with_database) == proofs(without) == ["altered"] * 3 + ["proved"]
    assert with_database["changed"][0][0] == "1.json"
    assert without["changed"] == []


def test_paper_that_no_longer_reads_is_told(copy):
    (copy / "archive" / "1.json").write_text("[")

    answer = found(copy, 1)

    assert proofs(answer) == ["missing"] * 3 + ["proved"]
    assert answer["unreadable"][0][0] == "1.json"


def test_vote_that_the_node_believes_in_and_the_chain_does_not_have_is_told(copy):
    with closing(sqlite3.connect(copy / "node.db")) as database:
        database.execute("UPDATE observation SET subject = ? WHERE id = 1", ["ab" * 32])
        database.commit()

    result = verify(copy)

    assert result.exit_code == 1
    assert f"not on chain: RECEIVED/1 of {'ab' * 32}, counted" in result.output
    assert "NOT every fact has its evidence." in result.output


def test_chain_that_is_away_is_another_exit_code(copy):
    config = copy / "node.toml"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("rpc_url")]
    config.write_text("\n".join([*lines, 'rpc_url = "http://127.0.0.1:9"']) + "\n")

    assert verify(copy).exit_code == 2


def test_every_fact_is_proved_from_the_papers_and_a_retraction_is_told(copy):
    answer = found(copy, 0)

    assert proofs(answer) == ["proved"] * 4
    assert [entry["is_retracted"] for entry in answer["findings"]] == [False, False, False, True]
    assert len({entry["evidence"] for entry in answer["findings"][:3]}) == 1
    assert answer["findings"][0]["files"] == ["0.json", "1.json", "2.json"]
    assert answer["extra"] == answer["changed"] == answer["unreadable"] == []
    assert "proved, retracted: RECEIVED/1" in verify(copy).output


def test_archive_and_chain_suffice(copy, tmp_path):
    for path in copy.glob("node.db*"):
        path.unlink()
    (copy / "archive").rename(tmp_path / "papers")

    result = verify(copy, "--archive", str(tmp_path / "papers"))

    assert result.exit_code == 0, result.output
    assert "Facts on chain: 4 proved" in result.output
    assert "Without a database" in result.output
