"""Node processes that use a relay, on a running network: what is on chain at the end, whatever died in between."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from oracle_fakes import epcis, epcis_event
from oracle_nodes import DIED_BY_KILL, PASSPHRASE, NodeHome, NodeProcess, Trade, new_lei, toml, until
from support.ports import free_port
from typer.testing import CliRunner

from chain_node.client import FactStatus, Milestone, Role
from oracles.checkpoints import BUNDLE_POINTS, LIST_POINTS, Point
from oracles.cli import oracle_app
from oracles.network import VOTE_EVENTS

pytestmark = pytest.mark.node

ROLES = {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR, "consignee": Role.CONSIGNEE}


@pytest.fixture
def trade(anvil_network, tmp_path: Path) -> Trade:
    return Trade(anvil_network, tmp_path)


class LoneRelay(NodeHome):
    """A relay on a host of its own: an account that nobody admitted, and no papers."""

    def write(self) -> None:
        self.folder.mkdir(parents=True)
        self.port = free_port()
        keystore = Account.encrypt(self.account.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)
        (self.folder / "key.json").write_text(json.dumps(keystore))
        (self.folder / "passphrase").write_text(PASSPHRASE + "\n")
        settings = {
            "name": self.folder.name,
            "rpc_url": self.network.rpc_url,
            "deployments": str(self.network.deployments),
            "keystore": "key.json",
            "passphrase_file": "passphrase",
            "database": "relay.db",
        }
        self.changes["http"] = {"listen": f"127.0.0.1:{self.port}"}
        self.config.write_text(toml(settings | self.changes))

    @contextmanager
    def running(self, *arguments: str) -> Iterator[NodeProcess]:
        process = NodeProcess(self, arguments, verb="relay")
        try:
            process.wait_for("network")
            yield process
        finally:
            process.end()


def lone_relay(trade: Trade, **changes: Any) -> LoneRelay:
    home = LoneRelay(trade.network, trade.folder / "relay", Account.create(), new_lei(), changes)
    home.write()
    return home


def users_of(
    trade: Trade, port: int, roles: dict[str, Role] = ROLES, *, patience_seconds: float = 2, **changes: Any
) -> list[NodeHome]:
    uses = {"urls": [f"http://127.0.0.1:{port}"], "patience_seconds": patience_seconds}
    return [trade.node(name, role, bundling=uses, **changes) for name, role in roles.items()]


def receiving(trade: Trade, order: str, quantity: float = 950, seconds_ago: int = 60) -> bytes:
    return epcis(epcis_event(at=trade.moment(seconds_ago), order=order, quantity=quantity))


def organisations_counted(trade: Trade, subject: bytes) -> list[int]:
    """Each time that an organisation's vote on a consignment was counted."""
    chain = trade.network.chain
    events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
    words = [
        int(event.arguments["organisations"])
        for event in events
        if event and event.name in VOTE_EVENTS and bytes(event.arguments["subject"]) == subject
    ]
    return [word >> shift & 0xFFFFFF for word in words for shift in range(0, 240, 24) if word >> shift & 0xFFFFFF]


def is_final(trade: Trade, subject: bytes) -> bool:
    return trade.fact(subject, Milestone.RECEIVED).status is FactStatus.FINAL


def is_back(before: list[int], *nodes: NodeProcess) -> bool:
    """Whether all nodes have found the relay since they had so many times."""
    return all(len(node.lines("relay is back")) > count for count, node in zip(before, nodes, strict=True))


def all_settled(*nodes: NodeHome) -> bool:
    return all(set(node.transactions()) <= {"settled"} and node.transactions() for node in nodes)


def test_three_nodes_make_facts_in_one_transaction(trade):
    """One of them runs the relay."""
    port = free_port()
    serving, *others = ROLES.items()
    first = users_of(trade, port, dict([serving]), http={"listen": f"127.0.0.1:{port}"}, relay={})
    nodes = [*first, *users_of(trade, port, dict(others))]
    subjects = [trade.open(f"PO-BUNDLE-{number}") for number in range(4)]

    with nodes[0].running() as relay, nodes[1].running() as second, nodes[2].running() as third:
        for process in (relay, second, third):
            process.wait_for("network")
        for place, node in enumerate(nodes):
            events = [
                epcis_event(at=trade.moment(60 + place), order=f"PO-BUNDLE-{number}", quantity=950 - place)
                for number in range(4)
            ]
            node.drop("receiving.json", epcis(*events))
        until(lambda: all(is_final(trade, subject) for subject in subjects))
        for process in (relay, second, third):
            until(lambda process=process: len(process.lines("vote counted") + process.lines("vote not needed")) == 4)
        bundles = relay.lines("votes bundled")
        alone = [process.lines("vote signed") for process in (relay, second, third)]
        signed = [process.lines("list signed") for process in (relay, second, third)]

    assert {trade.fact(subject, Milestone.RECEIVED).least_quantity for subject in subjects} <= {948_000, 949_000}
    assert len(bundles) <= 2
    facts = {f"RECEIVED/1 {subject.hex()}" for subject in subjects}
    assert {fact for line in bundles for fact in line["facts"]} == facts
    for lines in signed:
        assert {item for line in lines for item in line["items"]} <= facts
        assert all(len(line["trace_ids"]) == len(line["items"]) for line in lines)
    assert alone == [[], [], []]
    counted = [organisations_counted(trade, subject) for subject in subjects]
    assert all(len(found) == len(set(found)) for found in counted)
    # The list's figures are none of its papers', and yet these prove what it signed.
    audit = CliRunner().invoke(oracle_app, ["verify", "--config", str(nodes[0].config)])
    assert audit.exit_code == 0, audit.output


@pytest.mark.slow
def test_relay_that_is_killed_anywhere_keeps_no_fact_from_standing_once(trade):
    """The nodes run on; the relay dies at each of its points in turn, and comes back for the next."""
    relay = lone_relay(trade)
    nodes = users_of(trade, relay.port, {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR})
    points = sorted(BUNDLE_POINTS | {point for point in Point if point.startswith(("transaction-", "outcome-"))})
    subjects = {}

    with nodes[0].running() as first, nodes[1].running() as second:
        for process in (first, second):
            process.wait_for("network")
        for point in points:
            subjects[point] = trade.open(f"PO-RELAY-{point}")
            before = [len(process.lines("relay is back")) for process in (first, second)]
            with relay.running("--die-at", point) as dying:
                # It may die before anybody finds it, of what it still has to do for the point before.
                until(lambda before=before, dying=dying: is_back(before, first, second) or dying.poll() is not None)
                for place, node in enumerate(nodes):
                    node.drop(f"{point}.json", receiving(trade, f"PO-RELAY-{point}", seconds_ago=60 + place))
                assert dying.wait_for_death() == DIED_BY_KILL
        with relay.running():
            until(lambda: all(is_final(trade, subject) for subject in subjects.values()))
            until(lambda: all_settled(*nodes))

    counted = {point: organisations_counted(trade, subject) for point, subject in subjects.items()}
    assert {point: len(found) for point, found in counted.items()} == dict.fromkeys(points, 2)
    assert all(len(set(found)) == 2 for found in counted.values())


@pytest.mark.slow
def test_node_that_is_killed_anywhere_votes_once(trade):
    """The relay and another node run on; this one dies at each point of its way through a relay."""
    relay = lone_relay(trade)
    warehouse, inspector = users_of(trade, relay.port, {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR})
    points = sorted(LIST_POINTS - {Point.LIST_TAKING_BACK, Point.LIST_TAKEN_BACK})
    subjects = {}

    with relay.running(), inspector.running() as other:
        other.wait_for("network")
        for point in points:
            subjects[point] = trade.open(f"PO-N-{point}")
            with warehouse.running("--die-at", point) as dying:
                dying.wait_for("network")
                for place, node in enumerate((warehouse, inspector)):
                    node.drop(f"{point}.json", receiving(trade, f"PO-N-{point}", seconds_ago=60 + place))
                assert dying.wait_for_death() == DIED_BY_KILL
        with warehouse.running():
            until(lambda: all(is_final(trade, subject) for subject in subjects.values()))
            until(lambda: all_settled(warehouse, inspector))

    counted = [organisations_counted(trade, subject) for subject in subjects.values()]
    assert [len(found) for found in counted] == [2] * len(points)
    assert all(len(set(found)) == 2 for found in counted)


def test_bundle_that_a_reorganisation_undoes_counts_once_in_the_end(own_network, tmp_path):
    trade = Trade(own_network, tmp_path)
    relay = lone_relay(trade, confirmations=3, resend_seconds=0.5)
    nodes = users_of(trade, relay.port, {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR}, confirmations=3)
    subject = trade.open("PO-REORG")
    before = own_network.chain.node.request("evm_snapshot")

    with relay.running(), nodes[0].running() as first, nodes[1].running() as second:
        for process in (first, second):
            process.wait_for("network")
        for node in nodes:
            node.drop("receiving.json", receiving(trade, "PO-REORG"))
        until(lambda: is_final(trade, subject))
        # No block comes, and with it the bundle again, before it was looked whether it is gone.
        own_network.chain.node.request("evm_setIntervalMining", 0)
        assert own_network.chain.node.request("evm_revert", before)
        assert not is_final(trade, subject)
        own_network.chain.node.request("evm_setIntervalMining", 1)
        until(lambda: is_final(trade, subject))
        until(lambda: all_settled(*nodes))

    assert len(organisations_counted(trade, subject)) == 2


@pytest.mark.slow
def test_facts_stand_with_one_silent_one_late_and_one_lying_node_of_five(trade):
    """Every fact that happened stands once, with a figure that honest papers support; no other stands."""
    # Long enough for a busy machine: whoever lies and is on chain first, disputes the fact (the contract's rule).
    relay = lone_relay(trade, relay={"quorum_seconds": 8.0})
    roles = {
        "warehouse": Role.WAREHOUSE,
        "inspector": Role.INSPECTOR,
        "late": Role.CONSIGNEE,
        "liar": Role.INSPECTOR,
        "silent": Role.CONSIGNEE,
    }
    nodes = dict(zip(roles, users_of(trade, relay.port, roles, patience_seconds=20), strict=True))
    orders = [f"PO-FIVE-{number}" for number in range(3)]
    subjects = [trade.open(order) for order in orders]
    untrue = trade.open("PO-NEVER")

    def paper(orders: list[str], quantity: float, ago: int) -> bytes:
        return epcis(*(epcis_event(at=trade.moment(ago), order=order, quantity=quantity) for order in orders))

    with ExitStack() as stack:
        stack.enter_context(relay.running())
        awake = {name: stack.enter_context(node.running()) for name, node in nodes.items() if name != "silent"}
        for process in awake.values():
            process.wait_for("network")
        nodes["liar"].drop("lie.json", paper([*orders, "PO-NEVER"], 100, 65))
        nodes["warehouse"].drop("own.json", paper(orders, 950, 60))
        nodes["inspector"].drop("own.json", paper(orders, 949, 70))
        until(lambda: all(is_final(trade, subject) for subject in subjects))
        nodes["late"].drop("own.json", paper(orders, 948, 80))
        until(lambda: len(awake["late"].lines("decision")) >= 3)
        until(lambda: all_settled(nodes["warehouse"], nodes["inspector"]))

    facts = [trade.fact(subject, Milestone.RECEIVED) for subject in subjects]
    assert {fact.status for fact in facts} == {FactStatus.FINAL}
    assert all(948_000 <= fact.least_quantity <= 950_000 for fact in facts)
    assert not is_final(trade, untrue)
    for subject in subjects:
        counted = organisations_counted(trade, subject)
        assert len(counted) == len(set(counted))


def test_relay_that_stands_still_delays_by_the_patience(trade):
    relay = lone_relay(trade)
    nodes = users_of(trade, relay.port, {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR})
    subject = trade.open("PO-STOPPED")

    with relay.running() as process, nodes[0].running() as first, nodes[1].running() as second:
        for running in (first, second):
            running.wait_for("network")
        os.kill(process.pid, signal.SIGSTOP)
        try:
            for node in nodes:
                node.drop("receiving.json", receiving(trade, "PO-STOPPED"))
            until(lambda: is_final(trade, subject))
            until(lambda: all_settled(*nodes))
        finally:
            os.kill(process.pid, signal.SIGCONT)

    assert len(organisations_counted(trade, subject)) == 2
