"""What was acknowledged is not lost, and not doubled, wherever the process dies."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from capture_desk import JSON, filed_as, lone
from eth_account import Account
from oracle_fakes import LEI, epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, PASSPHRASE, NodeHome, NodeProcess, Trade, until

from chain_node.client import FactStatus, Milestone, Role
from oracles.capture.events import check, lone_event
from oracles.checkpoints import CAPTURE_POINTS, Point
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.store.captures import CaptureStatus
from oracles.store.models import DocumentRow, DocumentStatus

ON_ARRIVAL = (Point.CAPTURE_STORING, Point.CAPTURE_STORED)
LATER = sorted(
    CAPTURE_POINTS.difference(ON_ARRIVAL) | {Point.DOCUMENT_STORING, Point.DOCUMENT_STORED, Point.VOTE_SIGNED}
)
CAPTURE = """
[http]
listen = "127.0.0.1:0"
tokens = "tokens.json"

[capture]
"""


class Died(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it."""


def dying_at(point: Point):
    def checkpoint(reached: Point) -> None:
        if reached is point:
            raise Died(point)

    return checkpoint


@pytest.mark.parametrize("point", LATER)
def test_death_of_the_node_at_any_point_loses_and_doubles_nothing(desk, point):
    desk.capture(epcis(epcis_event()))
    desk.post("/events", lone("storing"))
    desk.restart(dying_at(point))
    with pytest.raises(Died):
        desk.bench.settle()

    desk.restart()
    desk.bench.settle()

    assert len(desk.bench.chain.counted) == len({key for key, _, _ in desk.bench.chain.counted}) == 2
    assert len(desk.captured()) == len(desk.bench.events()) == 2
    assert {row.status for row in desk.documents()} == {CaptureStatus.FILED}
    assert {row.status for row in desk.bench.rows(DocumentRow)} == {DocumentStatus.ARCHIVED}
    assert len(desk.bench.archived()) == 2


@pytest.mark.parametrize("point", [Point.CAPTURE_TAKING, Point.CAPTURE_TAKEN, Point.CAPTURE_KEPT, Point.CAPTURE_FILED])
def test_death_while_a_document_is_refused_keeps_it_with_its_reason(desk, point):
    capture_id = desk.capture(epcis(epcis_event() | {"action": "LOOK"}))
    desk.restart(dying_at(point))
    with pytest.raises(Died):
        desk.bench.settle()

    desk.restart()
    desk.bench.settle()

    name = filed_as(capture_id)
    assert desk.bench.quarantined() == [name, f"{name}.reason.txt"]
    assert desk.job(capture_id)["success"] is False
    assert len(desk.bench.rows(DocumentRow)) == 1


@pytest.mark.parametrize(("point", "kept"), [(Point.CAPTURE_STORING, 0), (Point.CAPTURE_STORED, 2)])
def test_death_on_arrival_keeps_all_or_nothing(desk, point, kept):
    desk.restart(dying_at(point))
    captures = desk.bench.captures
    with pytest.raises(Died):
        captures.receive(epcis(epcis_event("storing")), "rollback", "token wms")
    body = json.dumps(lone()).encode()
    with pytest.raises(Died):
        captures.add_lone(body, check(lone_event(body, 10_000), 0), "token wms")

    desk.restart()
    assert len(desk.documents()) == kept
    # Their senders were told nothing, so they send again.
    desk.capture(epcis(epcis_event("storing")))
    assert desk.post("/events", lone()).status_code == (409 if kept else 201)
    desk.bench.settle()

    assert len(desk.bench.chain.counted) == len(desk.captured()) == 2


# Real processes


@dataclass
class Sender:
    """A node's home with its capture interface, and a client of it."""

    home: NodeHome | LoneHome

    def __post_init__(self) -> None:
        with self.home.config.open("a") as file:
            file.write(CAPTURE)
        self.token = TokenFile(self.home.folder / "tokens.json").create("wms", frozenset(Right))

    def client(self, process: NodeProcess) -> httpx.Client:
        (line,) = process.wait_for("listening")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": JSON}
        return httpx.Client(base_url=line["url"], headers=headers, trust_env=False, timeout=120)

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(f"file:{self.home.folder / 'node.db'}?mode=ro", uri=True)) as database:
            return int(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608


@dataclass
class LoneHome:
    """A node whose network does not answer."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "node.toml"

    def write(self) -> None:
        (self.folder / "network.key").write_text("ab" * 32)
        contract = {"address": "0x" + "11" * 20, "contract": "MilestoneOracle"}
        deployments = {"network": "n", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {"A": contract}}
        (self.folder / "deployments.json").write_text(json.dumps(deployments))
        keystore = Account.encrypt("0x" + "11" * 32, PASSPHRASE, kdf="pbkdf2", iterations=1000)
        (self.folder / "key.json").write_text(json.dumps(keystore))
        (self.folder / "passphrase").write_text(PASSPHRASE)
        lines = {
            "name": "warehouse",
            "organisation": LEI,
            "rpc_url": "http://127.0.0.1:9",
            "deployments": "deployments.json",
            "network_key_file": "network.key",
            "keystore": "key.json",
            "passphrase_file": "passphrase",
            "inbox": "inbox",
            "database": "node.db",
        }
        self.config.write_text("".join(f'{name} = "{value}"\n' for name, value in lines.items()))


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    home = LoneHome(tmp_path)
    home.write()
    return Sender(home)


def test_process_killed_right_after_acknowledging_loses_nothing(sender):
    """Again and again, each time at once after the answer; then once in peace."""
    acknowledged = 0
    for number in range(12):
        process = NodeProcess(sender.home)
        with sender.client(process) as client:
            if number % 3:
                answer = client.post("/capture", content=epcis(epcis_event(quantity=100 + number)))
                assert answer.status_code == 202
            else:
                answer = client.post("/events", json=lone(quantity=100 + number))
                assert answer.status_code == 201
            acknowledged += 1
            assert process.signal(signal.SIGKILL) == DIED_BY_KILL

    process = NodeProcess(sender.home)
    with sender.client(process) as client:
        until(lambda: not any(job["running"] for job in client.get("/capture").json()))
        found = client.get("/events", params={"perPage": 100}).json()
    until(lambda: sender.count("event") == acknowledged)
    process.end()

    events = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert sorted(event["quantityList"][0]["quantity"] for event in events) == list(range(100, 112))
    assert len(list((sender.home.folder / "archive").iterdir())) == acknowledged


@pytest.mark.parametrize("point", sorted(CAPTURE_POINTS))
def test_process_that_dies_at_a_point_takes_what_is_sent_again_once(sender, point):
    process = NodeProcess(sender.home, ("--die-at", point))
    with sender.client(process) as client:
        try:
            answered = client.post("/capture", content=epcis(epcis_event())).status_code
        except httpx.TransportError:
            answered = 0
        assert process.wait_for_death() == DIED_BY_KILL
    assert answered == 202 or point in (*ON_ARRIVAL, Point.CAPTURE_TAKING, Point.CAPTURE_TAKEN, Point.CAPTURE_KEPT)

    process = NodeProcess(sender.home)
    with sender.client(process) as client:
        assert client.post("/capture", content=epcis(epcis_event())).status_code == 202
        until(lambda: not any(job["running"] for job in client.get("/capture").json()))
        assert all(job["success"] for job in client.get("/capture").json())
    process.end()

    assert sender.count("event") == sender.count("captured_event") == 1


def test_sigterm_ends_a_listening_node_cleanly(sender):
    process = NodeProcess(sender.home, fresh=True)
    with sender.client(process) as client:
        assert client.get("/events").status_code == 200

        assert process.signal(signal.SIGTERM) == 0


@pytest.mark.node
def test_captured_event_becomes_a_fact_although_the_node_is_killed(anvil_network, tmp_path):
    trade = Trade(anvil_network, tmp_path)
    subject = trade.open("PO-CAPTURED")
    warehouse, inspector = trade.node("warehouse", Role.WAREHOUSE), trade.node("inspector", Role.INSPECTOR)
    body = epcis(epcis_event(at=trade.moment(60), order="PO-CAPTURED"))
    sender = Sender(warehouse)
    process = NodeProcess(warehouse)
    with sender.client(process) as client:
        assert client.post("/capture", content=body).status_code == 202
        assert process.signal(signal.SIGKILL) == DIED_BY_KILL

    with warehouse.running(), inspector.running():
        inspector.drop("seen.json", body)
        until(lambda: trade.fact(subject, Milestone.RECEIVED).status is FactStatus.FINAL)

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED] * 2
