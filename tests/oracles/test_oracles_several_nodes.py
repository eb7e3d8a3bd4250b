"""An oracle node over several nodes of the chain: what settings refuse, what is repeated where another node is taken,
what the operator sees; and a node process over two that are killed, or take votes and lose them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from operating_desk import beating, command
from oracle_fakes import epcis, epcis_event
from oracle_nodes import Trade, until
from support.node_proxy import NodeProxy
from support.ports import free_port
from test_oracles_settings import config as config  # a fixture
from test_oracles_settings import problems, write

from chain_node.client import FactStatus, Milestone, Role
from chain_node.client.endpoints import EndpointStatus, Standing
from oracles.operating.backups import without_secrets
from oracles.operating.questions import QUESTIONS
from oracles.settings import load_settings

Two = tuple[NodeProxy, NodeProxy]

# Settings


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ('"http://a:1,http://a:1/"', "addresses 1 and 2 are the same node"),
        ('["http://a:1", "ftp://ann:hunter2@b"]', "address 2: must be an http:// or https:// address"),
        ("[]", "there is no address"),
        ("7", "setting 'rpc_url'"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused_without_their_secrets(config, value, problem):
    said = problems(write(config, rpc_url=value, inboxx='"a"'))

    assert problem in said
    assert "setting 'inboxx' is not known" in said
    assert "hunter2" not in said


def test_addresses_keep_their_order(config):
    settings = load_settings(write(config, rpc_url='["http://b:1", "http://a:1"]'))

    assert settings.rpc_urls == ("http://b:1", "http://a:1")
    assert load_settings(write(config, rpc_url='"http://b:1, http://a:1"')) == settings


def test_backup_keeps_no_password_of_any_address():
    kept = without_secrets('rpc_url = "https://a:hunter2@one,https://b:hunter3@two"\n')

    assert "hunter" not in kept
    assert "@two" in kept


def test_new_node_may_be_told_several_addresses():
    check = next(question.check for question in QUESTIONS if question.name == "rpc_url")

    assert check("http://a:1, http://b:1") == "http://a:1,http://b:1"
    with pytest.raises(ValueError, match="are the same node"):
        check("http://a:1, http://a:1")


# With a fake chain


def test_what_was_sent_is_sent_again_at_once_where_another_node_is_taken(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.pool.clear()  # it went with the node that had it
    bench.chain.switches += 1

    bench.turn(1)
    bench.chain.mine()
    bench.turn(1)

    assert len(bench.chain.sent) == 2
    assert bench.chain.sent[0] == bench.chain.sent[1]
    assert len(bench.chain.counted) == 1


class Told:
    """A watch that says what a test says."""

    def __init__(self, *standings: Standing) -> None:
        self.standings = standings

    def status(self) -> list[EndpointStatus]:
        return [
            EndpointStatus(f"http://n{place}", standing, 7, 0, 3, "its block 7 is 0x01" * (standing == "quarantined"))
            for place, standing in enumerate(self.standings)
        ]


def test_status_shows_how_each_node_stands_and_calls_the_operator_for_one_in_quarantine(bench):
    bench.node.health.watch = Told(Standing.IN_USE, Standing.QUARANTINED)
    beating(bench)

    as_json, shown = command(bench, "status", "--json"), command(bench, "status")

    found = json.loads(as_json.output)
    assert [its["standing"] for its in found["chain"]["endpoints"]] == ["in use", "quarantined"]
    assert "http://n1 quarantined, block 7, 3 failures: its block 7 is 0x01" in shown.output
    assert "It cannot work" not in shown.output


# With processes


@pytest.fixture
def trade(anvil_network, tmp_path: Path) -> Trade:
    return Trade(anvil_network, tmp_path)


@pytest.fixture
def nodes(trade: Trade) -> Iterator[Two]:
    with NodeProxy(trade.network.rpc_url) as first, NodeProxy(trade.network.rpc_url) as second:
        yield first, second


def home_over(trade: Trade, nodes: Two, name: str = "warehouse", **changes: object):
    watched = {"look_seconds": 0.1, "steady_seconds": 2.0}
    return trade.node(name, Role.WAREHOUSE, rpc_url=[node.url for node in nodes], endpoints=watched, **changes)


def receiving(trade: Trade, order: str) -> bytes:
    return epcis(epcis_event(at=trade.moment(), order=order, quantity=950))


@pytest.mark.node
def test_killed_node_costs_no_vote_and_doubles_none(trade, nodes):
    subjects = [trade.open(f"PO-KILL-{number}") for number in range(6)]
    home = home_over(trade, nodes)

    with home.running() as process:
        for number in range(3):
            home.drop(f"{number}.json", receiving(trade, f"PO-KILL-{number}"))
        process.wait_for("transaction sent")
        nodes[0].kill()
        for number in range(3, 6):
            home.drop(f"{number}.json", receiving(trade, f"PO-KILL-{number}"))
        process.wait_for("vote counted", 6)
        nodes[0].start()
        process.wait_for("endpoint switched", 3)

    assert [len(trade.votes(subject)) for subject in subjects] == [1] * 6
    assert [line["endpoint"] for line in process.lines("endpoint switched")] == [
        nodes[0].url,
        nodes[1].url,
        nodes[0].url,
    ]
    assert process.lines("network away") == []


@pytest.mark.node
@pytest.mark.parametrize("what", ["killed", "lost", "kept"])
def test_vote_that_a_node_took_and_lost_is_counted_once(trade, nodes, what):
    subject = trade.open(f"PO-LOST-{what}")
    nodes[0].set(pool="kept" if what == "kept" else "lost")
    home = home_over(trade, nodes, resend_seconds=60 if what == "killed" else 1)

    with home.running() as process:
        home.drop("receiving.json", receiving(trade, f"PO-LOST-{what}"))
        process.wait_for("transaction sent")
        assert nodes[0].taken() == 1
        if what == "killed":
            nodes[0].kill()
        process.wait_for("vote counted")

    assert len(trade.votes(subject)) == 1
    assert trade.fact(subject, Milestone.RECEIVED).status is FactStatus.GATHERING
    assert len({line["hash"] for line in process.lines("transaction sent")}) == 1


@pytest.mark.node
def test_fork_stops_the_node_from_signing_until_it_is_mended(trade, nodes):
    port = free_port()
    subject = trade.open("PO-FORK")
    home = home_over(trade, nodes, metrics_port=port)

    with home.running() as process:
        process.wait_for("network")
        until(lambda: _page(port, "/ready")[0] == 200)
        for node in nodes:
            node.set(fork=1)
        process.wait_for("endpoint quarantined", 2)
        home.drop("receiving.json", receiving(trade, "PO-FORK"))
        until(lambda: _page(port, "/ready")[0] == 503)
        ready, figures = _page(port, "/ready")[1], _page(port, "/metrics")[1]
        before = trade.votes(subject)
        for node in nodes:
            node.set(fork=None)
        process.wait_for("vote counted")

    assert before == []
    assert "it tells another chain" in ready
    assert f'portolan_oracle_endpoint_quarantined{{endpoint="{nodes[0].url}"}} 1.0' in figures
    assert len(trade.votes(subject)) == 1
    assert [line["level"] for line in process.lines("endpoint quarantined")] == ["error", "error"]


@pytest.mark.node
def test_node_of_another_network_stops_the_start_by_name(trade, nodes):
    home = home_over(trade, nodes)
    deployments = json.loads(trade.network.deployments.read_text()) | {"chain_id": 1}
    (home.folder / "deployments.json").write_text(json.dumps(deployments))
    home.changes["deployments"] = "deployments.json"
    home.write()

    with home.running() as process:
        assert process.wait_for_death() == 1

    said = process.log_path.read_text().splitlines()[-1]
    assert said.startswith(f"the node at {nodes[0].url}, {nodes[1].url} serves another network")
    assert "its chain id is 412346, local has 1" in said


def _page(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()
