"""Node processes against a real chain."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from oracle_fakes import epcis, epcis_event, temperature
from oracle_nodes import DIED_BY_KILL, NodeProcess, Trade, new_lei, until
from support.ports import free_port
from typer.testing import CliRunner

from chain_node.client import FactStatus, FeedKind, Milestone, Observation, Refusal, Role, Vote, condition_feed
from chain_node.engines.base import hasten
from oracles.adapters import read_document
from oracles.checkpoints import VOTE_POINTS
from oracles.cli import oracle_app
from oracles.judging import Judge
from oracles.network import Network
from oracles.rules.decisions import chain_seconds
from oracles.rules.loading import built_in_rules
from oracles.signing import Signer

pytestmark = pytest.mark.node


@pytest.fixture
def trade(anvil_network, tmp_path: Path) -> Trade:
    return Trade(anvil_network, tmp_path)


def receiving(trade: Trade, order: str, quantity: int = 950, seconds_ago: int = 60) -> bytes:
    return epcis(epcis_event(at=trade.moment(seconds_ago), order=order, quantity=quantity))


def test_two_nodes_bring_a_fact_to_its_quorum(trade):
    subject = trade.open("PO-QUORUM")
    warehouse, inspector = trade.node("warehouse", Role.WAREHOUSE), trade.node("inspector", Role.INSPECTOR)

    with warehouse.running() as first, inspector.running() as second:
        warehouse.drop("receiving.json", receiving(trade, "PO-QUORUM"))
        inspector.drop("seen.json", receiving(trade, "PO-QUORUM", seconds_ago=90))
        until(lambda: trade.fact(subject, Milestone.RECEIVED).status is FactStatus.FINAL)
        lines = [process.wait_for("vote counted")[0] for process in (first, second)]

    fact = trade.fact(subject, Milestone.RECEIVED)
    assert (fact.status, fact.count, fact.least_quantity) == (FactStatus.FINAL, 2, 950_000)
    assert sorted(line["fact"] for line in lines) == ["final", "gathering"]


def test_readings_of_three_nodes_become_a_value_and_a_grade(trade):
    """Each from its own paper; one of them relays. The goods were too warm for one of the reports."""
    subject = trade.open("PO-WARM")
    exchange = str(trade.folder / "exchange")
    roles = {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR, "sensors": Role.SENSOR}
    nodes = [trade.node(name, role, exchange=exchange, relays=name == "sensors") for name, role in roles.items()]
    feeds = trade.network.chain.feeds

    with nodes[0].running(), nodes[1].running(), nodes[2].running() as relay:
        for round_, celsius in enumerate((16.5, 23.4), 1):
            at = trade.moment(60 - round_)
            for node, more in zip(nodes, (0, 0.2, 0.5), strict=True):
                node.drop(f"{round_}.json", epcis(temperature(celsius + more, at, order="PO-WARM")))
            until(lambda round_=round_: feeds.record(condition_feed(FeedKind.TEMPERATURE, subject)).round == round_)
        answers = relay.wait_for("report answered", 2)

    record = feeds.record(condition_feed(FeedKind.TEMPERATURE, subject))
    assert (record.value, record.least, record.greatest, record.round) == (23_600, 16_700, 23_600, 2)
    assert [line["answer"] for line in answers] == ["reported", "reported"]
    rules = trade.network.chain.grades.rules_version_of(b"180620".ljust(32, b"\0"))
    assert rules == 1


def test_a_breach_that_is_read_out_late_widens_what_the_feed_remembers(trade):
    """The loggers of all three were read out only after a calm value had been reported."""
    subject = trade.open("PO-LATE")
    exchange = str(trade.folder / "exchange")
    roles = {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR, "sensors": Role.SENSOR}
    nodes = [trade.node(name, role, exchange=exchange, relays=name == "sensors") for name, role in roles.items()]
    feed, feeds = condition_feed(FeedKind.TEMPERATURE, subject), trade.network.chain.feeds

    def drop(name: str, celsius: float, seconds_ago: int) -> None:
        at = trade.moment(seconds_ago)
        for node, more in zip(nodes, (0, 0.2, 0.5), strict=True):
            node.drop(name, epcis(temperature(celsius + more, at, order="PO-LATE")))

    with nodes[0].running() as first, nodes[1].running(), nodes[2].running() as relay:
        drop("calm.json", 16.5, 60)
        until(lambda: feeds.record(feed).round == 1)
        calm = feeds.record(feed)
        drop("late.json", 30, 300)
        until(lambda: feeds.record(feed).greatest > calm.greatest)
        relay.wait_for("report answered", 2)
        settled = first.wait_for("reading settled", 2)

    record = feeds.record(feed)
    assert (record.value, record.round, record.observed_at) == (calm.value, 1, calm.observed_at)
    assert (record.least, record.greatest) == (16_700, 30_200)
    assert [line["status"] for line in settled] == ["counted", "counted"]


@pytest.mark.parametrize("point", sorted(VOTE_POINTS))
def test_killed_node_finishes_with_exactly_one_counted_vote(trade, point):
    order = f"PO-{point}"
    subject = trade.open(order)
    node = trade.node("warehouse", Role.WAREHOUSE)
    node.drop("receiving.json", receiving(trade, order))
    with node.running("--die-at", point) as dying:
        assert dying.wait_for_death() == DIED_BY_KILL

    with node.running() as process:
        process.wait_for("network")
        until(lambda: node.transactions() == ["settled"])
        # Two blocks more: time for a second vote, if there were one.
        for _ in range(2):
            hasten(trade.network.chain.node)
            time.sleep(0.2)

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED]
    assert _refusals(trade, subject) == []
    archived = [path for path in (node.folder / "archive").iterdir() if path.stat().st_size]
    assert [path.name for path in archived] == ["receiving.json"]


def _refusals(trade: Trade, subject: bytes) -> list[Refusal]:
    chain = trade.network.chain
    events = [chain.decode(log) for log in chain.logs(chain.addresses.first_block, chain.block_number())]
    refused = [e for e in events if e and e.name == "VoteRefused" and bytes(e.arguments["subject"]) == subject]
    return [e.arguments["reason"] for e in refused]


def test_node_killed_at_a_random_moment_again_and_again_votes_once_for_each_fact(trade):
    orders = [f"PO-RANDOM-{number}" for number in range(6)]
    subjects = [trade.open(order) for order in orders]
    node = trade.node("warehouse", Role.WAREHOUSE)
    for number, order in enumerate(orders):
        process = NodeProcess(node)
        process.wait_for("network")
        node.drop(f"receiving-{number}.json", receiving(trade, order))
        time.sleep(number * 0.03)
        assert process.signal(signal.SIGKILL) == DIED_BY_KILL

    with node.running() as process:
        until(lambda: all(len(trade.votes(subject)) == 1 for subject in subjects))
        process.wait_for("network")

    assert [len(trade.votes(subject)) for subject in subjects] == [1] * len(subjects)
    assert [_refusals(trade, subject) for subject in subjects] == [[]] * len(subjects)


def test_node_that_started_before_its_chain_answers_waits_for_it(own_network, tmp_path):
    trade = Trade(own_network, tmp_path)
    subject = trade.open("PO-LATE")
    node = trade.node("warehouse", Role.WAREHOUSE)
    data = receiving(trade, "PO-LATE")
    own_network.engine.stop()

    with node.running() as process:
        node.drop("receiving.json", data)
        process.wait_for("network away", 2)
        own_network.engine.start()
        process.wait_for("vote counted")

    assert len(trade.votes(subject)) == 1


def test_second_instance_on_one_database_is_refused(trade):
    node = trade.node("warehouse", Role.WAREHOUSE)

    with node.running() as first:
        first.wait_for("network")
        second = NodeProcess(node)
        code = second.wait_for_death()

    assert code == 1
    assert "another process of this node is at work on this database" in second.log_path.read_text()


def test_wrong_network_stops_the_node_with_one_sentence(trade):
    node = trade.node("warehouse", Role.WAREHOUSE)
    deployments = json.loads(trade.network.deployments.read_text()) | {"chain_id": 1}
    (node.folder / "deployments.json").write_text(json.dumps(deployments))
    node.changes["deployments"] = "deployments.json"
    node.write()

    process = NodeProcess(node, fresh=True)

    assert process.wait_for_death() == 1
    assert process.log_path.read_text().splitlines()[-1].endswith("its chain id is 412346, local has 1")


def test_sigterm_ends_the_node_cleanly(trade):
    node = trade.node("warehouse", Role.WAREHOUSE)
    process = NodeProcess(node, fresh=True)
    process.wait_for("network")

    assert process.signal(signal.SIGTERM) == 0


def test_metrics_are_served_on_loopback(trade):
    port = free_port()
    trade.open("PO-METRICS")
    node = trade.node("warehouse", Role.WAREHOUSE, metrics_port=port)

    with node.running() as process:
        node.drop("receiving.json", receiving(trade, "PO-METRICS"))
        process.wait_for("vote counted")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()

    assert 'portolan_oracle_votes_total{answer="counted"} 1.0' in answer


def test_explain_says_what_the_node_would_do_without_doing_it(trade):
    trade.open("PO-EXPLAIN")
    node = trade.node("warehouse", Role.WAREHOUSE)
    document = node.folder / "paper.json"
    document.write_bytes(receiving(trade, "PO-EXPLAIN"))

    result = CliRunner().invoke(oracle_app, ["explain", "--config", str(node.config), str(document)])

    assert result.exit_code == 0, result.output
    assert "milestone  RECEIVED" in result.output
    assert "known by order PO-EXPLAIN" in result.output
    assert "verdict    would be signed now" in result.output
    assert not (node.folder / "node.db").exists()


def test_explain_says_why_not(trade):
    trade.open("PO-WHY")
    node = trade.node("carrier", Role.CARRIER)
    document = node.folder / "paper.json"
    document.write_bytes(receiving(trade, "PO-WHY"))

    result = CliRunner().invoke(oracle_app, ["explain", "--config", str(node.config), str(document)])

    assert "verdict    would wait: RECEIVED takes warehouse" in result.output
    assert "this node is carrier" in result.output


def test_dry_run_needs_no_key(trade):
    trade.open("PO-DRY")
    node = trade.node("warehouse", Role.WAREHOUSE)
    (node.folder / "key.json").unlink()
    node.drop("receiving.json", receiving(trade, "PO-DRY"))

    with node.running("--dry-run") as process:
        (line,) = process.wait_for("decision")

    assert (line["verdict"], line["dry_run"]) == ("sign", True)
    assert os.listdir(node.inbox) == ["receiving.json"]


def test_future_event_is_signed_when_the_chain_clock_gets_there(own_network, tmp_path):
    trade = Trade(own_network, tmp_path)
    subject = trade.open("PO-FUTURE")
    node = trade.node("warehouse", Role.WAREHOUSE)
    skew = own_network.chain.milestones.policy(Milestone.RECEIVED).clock_skew_seconds
    at = trade.moment(0) + timedelta(seconds=skew + 600)

    with node.running() as process:
        node.drop("future.json", epcis(epcis_event(at=at, order="PO-FUTURE")))
        (line,) = process.wait_for("decision")
        assert line["verdict"] == "wait"
        own_network.engine.set_clock(int(at.timestamp()) - skew)
        process.wait_for("vote counted")

    assert len(trade.votes(subject)) == 1


def test_own_check_says_what_the_contract_says(trade):
    """Each case is sent past the node's own check, and the contract must refuse for the reason the check gave."""
    chain, judged, refused = trade.network.chain, {}, {}
    for name, witness, order, moment in _cases(trade):
        event = read_document("paper", epcis(epcis_event(at=moment, order=order)), 10**6).events[0]
        judge = Judge(Network(chain), trade.key, witness.address, new_lei(), built_in_rules())
        judgement = judge.judge(event, Network(chain).head())
        observation = Observation(
            judgement.key.subject, Milestone.RECEIVED, 1, chain_seconds(event.occurred_at), event.quantity
        )
        address = str(chain.addresses.address("MilestoneOracle"))
        vote = Signer(witness).vote(chain.chain_id, address, [observation], event.evidence)
        ballot = Vote(vote.signer, vote.mask, vote.evidence, vote.signature)
        receipt = trade.network.send(
            trade.network.keys.account("deployer"), Network(chain).attest([observation], [ballot])
        )
        events = [found for found in map(chain.decode, receipt.logs) if found]
        judged[name] = judgement.decision.mirrors
        refused[name] = next(
            (found.arguments["reason"] for found in events if found.name == "VoteRefused"), Refusal.NONE
        )

    assert judged == refused
    assert set(judged.values()) == {
        Refusal.NONE,
        Refusal.SIGNER_NOT_ADMITTED,
        Refusal.ROLE_NOT_ELIGIBLE,
        Refusal.AFFILIATE_OF_BENEFICIARY,
        Refusal.ALREADY_VOTED,
        Refusal.ALREADY_FINAL,
        Refusal.TOO_OLD,
        Refusal.IN_FUTURE,
    }


def _cases(trade: Trade):
    """(name, who signs, order number, when it happened), made one by one: later cases build on the votes of earlier."""
    trade.open("PO-CASES")
    warehouse, inspector, other = (Account.create() for _ in range(3))
    affiliate, carrier = Account.create(), Account.create()
    for account, role in ((warehouse, Role.WAREHOUSE), (inspector, Role.INSPECTOR), (other, Role.INSPECTOR)):
        trade.network.admit(new_lei(), account.address, int(role))
    trade.network.admit(new_lei(), carrier.address, int(Role.CARRIER))
    registry, chain = trade.network.chain.registry, trade.network.chain
    group = registry.organisation(registry.membership_of(trade.supplier.address).organisation).lei
    own = new_lei()
    until_ = trade.network.now() + 10**7
    trade.network.send("registrar", registry.register_organisation(own, group, "DE", int(Role.INSPECTOR), until_))
    trade.network.send("registrar", registry.admit_account(own, affiliate.address))
    policy = chain.milestones.policy(Milestone.RECEIVED)
    yield "stranger", Account.create(), "PO-CASES", trade.moment()
    yield "carrier", carrier, "PO-CASES", trade.moment()
    yield "affiliate", affiliate, "PO-CASES", trade.moment()
    yield "future", warehouse, "PO-CASES", trade.moment(-policy.clock_skew_seconds - 3600)
    yield "old", warehouse, "PO-CASES", trade.moment(policy.max_age_seconds + 3600)
    yield "first", warehouse, "PO-CASES", trade.moment()
    yield "twice", warehouse, "PO-CASES", trade.moment()
    yield "second", inspector, "PO-CASES", trade.moment()
    yield "late", other, "PO-CASES", trade.moment()
