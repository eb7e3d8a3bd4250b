"""Node processes that take back what a paper corrects, and tables, against a real chain."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path

import pytest
from oracle_fakes import declared_error, epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, NodeHome, Trade, until
from typer.testing import CliRunner

from chain_node.client import FactStatus, Milestone, Role
from chain_node.engines.base import hasten
from oracles.checkpoints import Point
from oracles.cli import oracle_app

pytestmark = pytest.mark.node

TABLES = """
[[csv]]
files = "wms-*.csv"
mapping = "wms.toml"
bad_rows = "set aside"
"""
MAPPING = """
source = "wms"
[time]
column = "when"
formats = ["%Y-%m-%dT%H:%M:%S%z"]
[step]
column = "what"
values = { in = "receiving" }
[quantity]
column = "amount"
unit = { constant = "KGM" }
[[references]]
kind = "order"
column = "order"
[cancellation]
column = "void"
values = ["X"]
"""


@pytest.fixture
def trade(anvil_network, tmp_path: Path) -> Trade:
    return Trade(anvil_network, tmp_path)


def test_errordeclaration_after_the_vote_takes_it_back(trade):
    """While votes are gathered it is gone; another's vote then makes no fact, and the retraction names its paper."""
    subject = trade.open("PO-ERROR")
    node = trade.node("warehouse", Role.WAREHOUSE)
    event = epcis_event(at=trade.moment(), order="PO-ERROR")
    wrong = epcis(declared_error(event))

    with node.running() as process:
        node.drop("event.json", epcis(event))
        process.wait_for("vote counted")
        node.drop("error.json", wrong)
        (line,) = process.wait_for("vote retracted")
        node.drop("replaced.json", epcis(epcis_event(at=trade.moment(), order="PO-ERROR", quantity=900)))
        held = process.wait_for("decision", 2)[1]

    assert (line["milestone"], line["fact"]) == ("RECEIVED", "gathering")
    assert retractions(trade, subject) == [sha256(wrong).digest()]
    assert trade.fact(subject, Milestone.RECEIVED).count == 0
    assert "there is no other vote on a fact: then 950000 thousandths" in held["reason"]


def test_errordeclaration_after_the_fact_is_final_disputes_it(trade):
    subject = trade.open("PO-FINAL-ERROR")
    warehouse, inspector = trade.node("warehouse", Role.WAREHOUSE), trade.node("inspector", Role.INSPECTOR)
    event = epcis_event(at=trade.moment(), order="PO-FINAL-ERROR")

    with warehouse.running() as first, inspector.running():
        warehouse.drop("receiving.json", epcis(event))
        inspector.drop("seen.json", epcis(event))
        until(lambda: trade.fact(subject, Milestone.RECEIVED).status is FactStatus.FINAL)
        warehouse.drop("error.json", epcis(declared_error(event)))
        (line,) = first.wait_for("vote retracted")

    assert line["fact"] == "disputed"
    assert trade.fact(subject, Milestone.RECEIVED).status is FactStatus.DISPUTED


@pytest.mark.parametrize(
    "point",
    [
        Point.DOCUMENT_STORED,
        Point.RETRACTION_LAYING,
        Point.RETRACTION_LAID,
        Point.TRANSACTION_BROADCAST,
    ],
)
def test_killed_node_takes_its_vote_back_exactly_once(trade, point):
    order = f"PO-RETRACT-{point}"
    subject = trade.open(order)
    node = trade.node("warehouse", Role.WAREHOUSE)
    event = epcis_event(at=trade.moment(), order=order)
    node.drop("receiving.json", epcis(event))
    with node.running() as process:
        process.wait_for("vote counted")
        until(lambda: node.transactions() == ["settled"])
    node.drop("error.json", epcis(declared_error(event)))
    with node.running("--die-at", point) as dying:
        assert dying.wait_for_death() == DIED_BY_KILL

    with node.running() as process:
        process.wait_for("network")
        until(lambda: node.transactions() == ["settled", "settled"])
        for _ in range(2):
            hasten(trade.network.chain.node)
            time.sleep(0.2)

    assert len(retractions(trade, subject)) == 1
    assert node.transactions() == ["settled", "settled"]


def test_row_of_a_table_is_attested_and_its_cancellation_taken_back(trade):
    """The node is killed before the good rows are stored, with the bad one set aside already."""
    subject = trade.open("PO-TABLE")
    node = with_tables(trade.node("warehouse", Role.WAREHOUSE))
    row = f"{trade.moment():%Y-%m-%dT%H:%M:%S}+0000,in,950,PO-TABLE,"
    node.drop("wms-1.csv", table(row, "yesterday,in,1,PO-TABLE,"))
    with node.running("--die-at", Point.ROWS_SET_ASIDE) as dying:
        assert dying.wait_for_death() == DIED_BY_KILL

    with node.running() as process:
        process.wait_for("vote counted")
        node.drop("wms-2.csv", table(row, row.replace("950", "-950") + "X"))
        process.wait_for("vote retracted")

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED]
    assert len(retractions(trade, subject)) == 1
    (rows,) = (path for path in (node.folder / "quarantine").iterdir() if path.suffix == ".csv")
    assert rows.read_bytes() == b"when,what,amount,order,void\r\nyesterday,in,1,PO-TABLE,\r\n"
    audited = CliRunner().invoke(oracle_app, ["verify", "--config", str(node.config), "--json"])
    (finding,) = json.loads(audited.stdout)["findings"]
    assert (finding["proof"], finding["is_retracted"]) == ("proved", True)


def with_tables(node: NodeHome) -> NodeHome:
    (node.folder / "wms.toml").write_text(MAPPING)
    with node.config.open("a") as file:
        file.write(TABLES)
    return node


def table(*rows: str) -> bytes:
    return "\n".join(["when,what,amount,order,void", *rows, ""]).encode()


def retractions(trade: Trade, subject: bytes) -> list[bytes]:
    """The evidence of each vote that was taken back."""
    chain = trade.network.chain
    events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
    taken = [e for e in events if e and e.name == "VoteRetracted" and bytes(e.arguments["subject"]) == subject]
    return [bytes(e.arguments["evidence"]) for e in taken]
