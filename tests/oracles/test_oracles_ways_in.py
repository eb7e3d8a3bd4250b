"""A node with all its ways in for papers: partners' folders and `POST /papers`, and the settings of the folders."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from oracle_bench import Bench
from oracle_fakes import LEI, receipt_advice
from oracle_nodes import until
from structlog.testing import capture_logs

from oracles.checkpoints import go_on
from oracles.dcsa.polling import Poller
from oracles.errors import SettingsInvalid
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.mqtt.receiving import Receiving
from oracles.mqtt.service import hearing
from oracles.services import Surroundings, running
from oracles.settings import load_settings
from oracles.sources.folders import Folder

PAPER = receipt_advice((950, 0))
BROKER = {"name": "north", "host": "127.0.0.1", "port": 9, "topics": ["#"], "payload": "epcis"}


def test_node_makes_facts_of_what_partners_lay_down_and_send(tmp_path):
    """All of it: the services of a node in threads of their own, its cycle turned here."""
    folders = [{"path": tmp_path / name, "source": name, "settle_seconds": 0.1} for name in ("acme", "globex")]
    for folder in folders:
        Path(str(folder["path"])).mkdir()
    http = {"listen": "127.0.0.1:0", "tokens": tmp_path / "tokens.json"}
    bench = Bench(tmp_path, settings_changes={"folders": folders, "http": http})
    token = TokenFile(tmp_path / "tokens.json").create("erp", frozenset({Right.PAPERS}))
    around = Surroundings(bench.settings, bench.database, go_on, bench.node.metrics, None)

    with capture_logs() as logs, running(around):
        (url,) = [line["url"] for line in logs if line["event"] == "listening"]
        (tmp_path / "acme" / "Receipt 17.xml").write_bytes(PAPER)
        (tmp_path / "globex" / "Receipt 17.xml").write_bytes(receipt_advice((950, 0), number="RA-2"))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
        sent = httpx.post(f"{url}/papers", content=PAPER, headers=headers, trust_env=False, timeout=120)
        until(lambda: len([path for path in bench.settings.inbox.iterdir() if path.suffix == ".xml"]) == 3)
        bench.settle()

    assert sent.status_code == 202
    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]
    assert sorted(name.partition("~")[0] for name in bench.archived()) == ["acme", "globex", "http"]


class Dies(BaseException):
    """What no service catches."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("service", ["folder-acme", "http", "poll of skager", "mqtt"])
def test_node_whose_service_ended_is_not_ready(tmp_path, monkeypatch, service):
    def dies(*_: object) -> None:
        raise Dies

    def serves_once(self: uvicorn.Server, sockets: object) -> None:
        self.started = True

    (tmp_path / "acme").mkdir()
    folders = [{"path": tmp_path / "acme", "source": "acme", "poll_seconds": 0.05}]
    http = {"listen": "127.0.0.1:0", "tokens": tmp_path / "tokens.json"}
    ways = {
        "folder-acme": {"folders": folders},
        "http": {"http": http},
        "mqtt": {"mqtt": [BROKER]},
        "poll of skager": {"dcsa": {"poll": [{"name": "skager", "base_url": "http://127.0.0.1:9"}]}},
    }
    monkeypatch.setattr(Folder, "look", dies)
    monkeypatch.setattr(Poller, "turn", dies)
    monkeypatch.setattr(Receiving, "run", dies)
    monkeypatch.setattr(uvicorn.Server, "run", serves_once)
    monkeypatch.setattr("oracles.http.server._wait_until_started", lambda *_: None)
    bench = Bench(tmp_path, settings_changes=ways[service])
    health = bench.node.health
    around = Surroundings(bench.settings, bench.database, go_on, bench.node.metrics, None, health=health)
    bench.turn()
    health.turned()

    with capture_logs() as logs, running(around):
        until(lambda: bool(health.problems()))

    (problem,) = health.problems()
    assert (problem.name, problem.detail) == ("service ended", f"{service} has ended by itself")
    assert [line["service"] for line in logs if line["event"] == "service ended"] == [service]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_node_stops_while_a_service_is_ending_by_itself(tmp_path, monkeypatch):
    """Its loop is closed by then, and its thread still at work on saying so."""

    def dies(*_: object) -> None:
        raise Dies

    is_ending = threading.Event()

    def slowly(_: str) -> None:
        is_ending.set()
        time.sleep(0.5)

    monkeypatch.setattr(Receiving, "run", dies)
    bench = Bench(tmp_path, settings_changes={"mqtt": [BROKER]})

    with hearing(bench.settings, bench.database, go_on, bench.node.metrics, told=slowly):
        assert is_ending.wait(120)

    assert "mqtt" not in {thread.name for thread in threading.enumerate()}


def test_services_that_are_stopped_are_no_problem(tmp_path):
    (tmp_path / "acme").mkdir()
    folders = [{"path": tmp_path / "acme", "source": "acme", "poll_seconds": 0.05}]
    bench = Bench(tmp_path, settings_changes={"folders": folders, "http": {"listen": "127.0.0.1:0", "tokens": "t"}})
    health = bench.node.health
    health.turned()

    with running(Surroundings(bench.settings, bench.database, go_on, bench.node.metrics, None, health=health)):
        pass

    assert health.problems() == []


# Settings

BASE = f"""
name = "warehouse"
organisation = "{LEI}"
rpc_url = "http://127.0.0.1:9"
deployments = "deployments.json"
network_key_file = "network.key"
inbox = "inbox"
database = "node.db"
"""


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ('[[folders]]\npath = "inbox"\nsource = "a"', "is the node's own"),
        ('[[folders]]\npath = "quarantine"\nsource = "a"', "is the node's own"),
        ('[[folders]]\npath = "a"\nsource = "a"\n[[folders]]\npath = "a"\nsource = "b"', "or listed twice"),
        ('[[folders]]\npath = "a"', "'folders.0.source' is missing"),
        ('[[folders]]\npath = "a"\nsource = "A~b"', "folders.0.source"),
        ('[[folders]]\npath = "a"\nsource = "a"\nsettle_seconds = 0', "folders.0.settle_seconds"),
    ],
)
def test_folders_that_make_no_sense_are_refused(tmp_path, tables, why):
    for name in ("deployments.json", "network.key"):
        (tmp_path / name).touch()
    (tmp_path / "node.toml").write_text(f"{BASE}\n{tables}\n")

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(tmp_path / "node.toml", needs_key=False)

    assert why in str(refused.value)


def test_folders_start_at_the_files_own(tmp_path):
    for name in ("deployments.json", "network.key"):
        (tmp_path / name).touch()
    (tmp_path / "node.toml").write_text(f'{BASE}\n[[folders]]\npath = "uploads/acme"\nsource = "acme"\n')

    (folder,) = load_settings(tmp_path / "node.toml", needs_key=False).folders

    assert folder.path == tmp_path / "uploads" / "acme"
