from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from consortium import Consortium, found
from healthy_network import ENGINE, HEIGHT, NOW, Healthy, answers_of, hash_of
from rpc_proxy import proxy
from typer.testing import CliRunner

from chain_node.client import Node
from chain_node.networks.ceremony import load_ceremony
from chain_node.networks.cli import network_app
from chain_node.networks.doctor import Doctor, skewed
from chain_node.networks.facts import NodeFacts, gather, glance, port_is_open
from chain_node.networks.findings import Finding, exit_code
from chain_node.networks.machine import disk_findings, machine_findings, unit_findings
from chain_node.networks.member import MemberFolder
from chain_node.networks.watch_cli import later

runner = CliRunner()
HUGE = pytest.param("0x" + "f" * 5_000, id="huge")


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    return found(tmp_path_factory.mktemp("doctor"))


@pytest.fixture
def healthy(harbour: Consortium) -> Healthy:
    return Healthy(load_ceremony(harbour.folder), json.loads((harbour.folder / "genesis.json").read_text()))


def areas(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.area, f.node) for f in findings]


def silent(name: str) -> NodeFacts:
    return NodeFacts(name, unanswered={"latest block": "the chain's node does not answer: no connection"})


def test_network_in_order_has_no_findings(healthy: Healthy) -> None:
    assert healthy.look(ports=dict.fromkeys(healthy.ceremony.state.nodes, True)) == []


def test_silent_node_is_named(healthy: Healthy) -> None:
    findings = healthy.look(b=silent("validator-b"))

    assert areas(findings) == [("rpc", "validator-b")]
    assert "no connection" in findings[0].what


def test_nodes_that_nobody_asked_are_never_taken_as_good(healthy: Healthy) -> None:
    findings = Doctor(ENGINE, healthy.ceremony, {}, {}, NOW, healthy.genesis).findings()

    assert [(f.weight, f.area, f.node) for f in findings] == [
        ("unknown", "reach", name) for name in sorted(healthy.ceremony.state.nodes)
    ]
    assert exit_code(findings) == 3


def test_closed_port_is_named_with_its_place(healthy: Healthy) -> None:
    findings = healthy.look(ports={"validator-a": True, "validator-c": False})

    assert areas(findings) == [("port", "validator-c")]
    assert "10.0.2.1:30303" in findings[0].what
    assert "firewall.md" in findings[0].todo


def test_node_of_another_chain_or_first_block_is_named_once(healthy: Healthy) -> None:
    other_chain = healthy.node("validator-a", chain_id=1, recent=())
    other_validators = healthy.node("validator-b", genesis=healthy.header(0, extra_data="0xf8", hash=hash_of(0, 9)))
    other_rules = healthy.node("validator-c", genesis=healthy.header(0, hash=hash_of(0, 7)))

    assert areas(healthy.look(a=other_chain)) == [("genesis", "validator-a")]
    assert areas(healthy.look(b=other_validators)) == [("genesis", "validator-b")]
    assert areas(healthy.look(c=other_rules)) == [("genesis", "validator-c")]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"gasLimit": "0x1"}, "gasLimit 0x1 instead of 0x1c9c380"),
        ({"timestamp": "0x5"}, "timestamp 0x5 instead of 0x0"),
        ({"stateRoot": "0x" + "12" * 32}, "accounts in it, where genesis.json has none"),
    ],
)
def test_one_node_asked_is_held_against_the_agreed_first_block(
    healthy: Healthy, told: dict[str, str], said: str
) -> None:
    """Its hash is like nobody's where nobody else is asked."""
    mine = healthy.node("validator-a")
    facts = {"validator-a": replace(mine, first_block={**mine.first_block, **told})}

    findings = Doctor(ENGINE, healthy.ceremony, facts, {}, NOW, healthy.genesis).findings()

    assert [(f.area, f.node) for f in findings if f.area != "reach"] == [("genesis", "validator-a")]
    assert said in findings[0].what


def test_other_fork_schedule_is_named_fork_by_fork(healthy: Healthy) -> None:
    forks = dict(healthy.node("validator-b").forks or {})
    del forks["cancunTime"]
    forks |= {"londonBlock": 700, "pragueTime": 0}

    findings = healthy.look(b=healthy.node("validator-b", forks=forks))

    assert areas(findings) == [("fork-id", "validator-b")]
    assert findings[0].what == (
        "runs other rules than genesis.json: no cancunTime (agreed: 0); londonBlock at 700 instead of 0;"
        " pragueTime at 0, which nobody agreed on"
    )
    assert "genesis.json" in findings[0].todo


def test_node_on_a_fork_is_named_and_its_database_kept(healthy: Healthy) -> None:
    recent = healthy.node("validator-d").recent
    forked = tuple(replace(h, hash=hash_of(h.number, 5)) if h.number > HEIGHT - 9 else h for h in recent)

    findings = healthy.look(d=healthy.node("validator-d", recent=forked))

    assert areas(findings) == [("fork", "validator-d")]
    assert "keep its database" in findings[0].todo


def test_halted_chain_is_told_from_a_slow_look(healthy: Healthy) -> None:
    names = {"a": "validator-a", "b": "validator-b"}
    standing = {letter: healthy.node(name, later_number=HEIGHT) for letter, name in names.items()}

    findings = healthy.look(**standing, c=silent("validator-c"), d=silent("validator-d"))

    halted = [f for f in findings if f.area == "halted"]
    assert len(halted) == 1
    assert "fewer than 3 of 4 validators" in halted[0].what
    assert "restart all of them together" in halted[0].todo
    assert [f for f in healthy.look(a=standing["a"]) if f.area == "halted"] == []


@pytest.mark.parametrize("peers", [None, frozenset()])
@pytest.mark.parametrize("asked", [["validator-a"], ["validator-a", "validator-b"]])
def test_few_nodes_that_stand_still_are_no_halted_chain(
    healthy: Healthy, asked: list[str], peers: frozenset[str] | None
) -> None:
    """RPC is on loopback: whoever asks its own node alone must not have all others restarted for it."""
    facts = {name: healthy.node(name, later_number=HEIGHT, peers=peers) for name in asked}

    told = Doctor(ENGINE, healthy.ceremony, facts, {}, NOW, healthy.genesis).findings()

    still = [f for f in told if f.area == "still"]
    assert [f.node for f in still] == asked
    assert "halted" not in {f.area for f in told}
    assert all(f.what.startswith("this node stands still: no block after 500 while we looked") for f in still)
    assert not any("restart all" in f.todo for f in told)
    if peers is None:
        assert f"{len(asked)} of 4 validators were asked, 3 make a quorum" in still[0].what
        assert "ask the other members" in still[0].todo
    else:
        assert "it is cut off" in still[0].what
        assert "firewall.md" in still[0].todo


def test_nodes_that_see_nobody_are_cut_off_however_many_are_asked(healthy: Healthy) -> None:
    alone = {n[-1]: healthy.node(n, later_number=HEIGHT, peers=frozenset()) for n in healthy.ceremony.state.nodes}

    assert [f.node for f in healthy.look(**alone) if f.area == "still"] == sorted(healthy.ceremony.state.nodes)


def test_follower_beside_a_lone_validator_says_nothing_of_the_chain(tmp_path: Path) -> None:
    made = found(tmp_path, members=1)
    ceremony = load_ceremony(made.folder)
    follower = made.card(0, "follower-a", role="node").body
    with_it = replace(ceremony, state=ceremony.state.with_node(follower))
    genesis = json.loads((made.folder / "genesis.json").read_text())
    lone = Healthy(with_it, genesis)

    def areas_of(name: str, **changes: Any) -> list[str]:
        facts = {name: lone.node(name, later_number=HEIGHT, **changes)}
        return [f.area for f in Doctor(ENGINE, with_it, facts, {}, NOW, genesis).findings()]

    assert areas_of("follower-a") == ["still", "reach"]
    assert areas_of("validator-a") == ["halted", "reach"]
    assert areas_of("follower-a", peers=frozenset()) == ["still", "peers", "reach"]


def test_clock_of_this_machine_is_held_against_the_chain(healthy: Healthy) -> None:
    behind, ahead = healthy.look(now=NOW - 20), healthy.look(now=NOW + 60)

    assert [(f.area, f.what) for f in behind] == [
        ("clock", "this machine's clock is 20 s behind the newest block, or the proposer's is ahead")
    ]
    assert [(f.area, f.what) for f in ahead] == [
        ("clock", "blocks come, but the newest is 60 s old by this machine's clock")
    ]


def test_proposer_whose_clock_is_ahead_is_named(healthy: Healthy) -> None:
    """Its blocks come eight seconds later than they should; the others follow at once."""
    slow = healthy.ceremony.state.validators[2]
    recent, time = [], NOW - 300
    for number in range(HEIGHT - 59, HEIGHT + 1):
        time += 9 if number % 4 == 2 else 1
        recent.append(healthy.header(number, timestamp=time))

    assert skewed(recent, 1) == {slow.address: 8}
    late = {n[-1]: healthy.node(n, recent=tuple(recent), latest=recent[-1]) for n in healthy.ceremony.state.nodes}
    findings = healthy.look(now=recent[-1].timestamp, **late)
    assert areas(findings) == [("clock", slow.node)]


def test_slow_chain_is_no_skewed_clock(healthy: Healthy) -> None:
    blocks = [healthy.header(number, timestamp=NOW + 6 * number) for number in range(60)]

    assert skewed(blocks, 1) == {}


def test_node_that_is_behind_is_named(healthy: Healthy) -> None:
    findings = healthy.look(b=healthy.node("validator-b", latest=healthy.header(HEIGHT - 30)))

    assert areas(findings) == [("behind", "validator-b")]
    assert "is 30 blocks behind" in findings[0].what


@pytest.mark.parametrize("proposed", [None, {}])
def test_node_that_tells_a_height_far_beyond_has_nobody_else_blamed(healthy: Healthy, proposed: Any) -> None:
    claimed = healthy.header(10**9)
    changes = {"latest": claimed, "later_number": 10**9 + 9, "proposed": proposed}

    findings = healthy.look(d=healthy.node("validator-d", **changes))

    assert areas(findings) == [("ahead", "validator-d")]
    assert findings[0].what == "tells block 1000000000; most of those asked have reached 500"


def two(healthy: Healthy, **of_b: Any) -> list[Finding]:
    facts = {"validator-a": healthy.node("validator-a"), "validator-b": healthy.node("validator-b", **of_b)}
    return [
        f
        for f in Doctor(ENGINE, healthy.ceremony, facts, {}, NOW, healthy.genesis).findings()
        if f.area not in ("reach", "still")
    ]


@pytest.mark.parametrize("height", [HEIGHT - 30, 10**9])
def test_of_two_nodes_far_apart_none_is_blamed(healthy: Healthy, height: int) -> None:
    findings = two(healthy, latest=healthy.header(height))

    assert [(f.weight, f.area, f.node) for f in findings] == [("wrong", "behind", "")]
    assert f"validator-a has 500, validator-b has {height}" in findings[0].what


def test_of_two_nodes_that_differ_none_is_said_to_be_right(healthy: Healthy) -> None:
    recent = tuple(replace(h, hash=hash_of(h.number, 5)) for h in healthy.node("validator-b").recent)
    told = {
        "fork": two(healthy, recent=recent),
        "genesis": two(healthy, genesis=healthy.header(0, hash=hash_of(0, 7))),
        "lists": two(healthy, accounts_list=frozenset()),
    }

    for area, findings in told.items():
        assert [(f.weight, f.area, f.node) for f in findings] == [("wrong", area, "")]
        assert "differ" in findings[0].what
    for area in ("fork", "genesis"):
        assert "ask further members' nodes" in told[area][0].todo
        assert "keep every database for the inquiry" in told[area][0].todo


def test_no_database_is_removed_without_being_kept(healthy: Healthy) -> None:
    findings = healthy.look(a=healthy.node("validator-a", chain_id=1))

    assert "keep its database for the inquiry" in findings[0].todo
    assert "remove" not in findings[0].todo


def test_height_that_nobody_else_has_hides_no_fork(healthy: Healthy) -> None:
    recent = tuple(replace(h, hash=hash_of(h.number, 5)) for h in healthy.node("validator-c").recent)
    high = tuple(healthy.header(10**9 + number) for number in range(60))

    findings = healthy.look(
        c=healthy.node("validator-c", recent=recent), d=healthy.node("validator-d", recent=high, latest=high[-1])
    )

    assert areas(findings) == [("fork", ""), ("ahead", "validator-d")]


def test_missing_and_strange_peers_are_named(healthy: Healthy) -> None:
    state = healthy.ceremony.state
    peers = frozenset({state.nodes["validator-c"].public_key, "99" * 64})

    findings = healthy.look(a=healthy.node("validator-a", peers=peers))

    assert areas(findings) == [("peers", "validator-a")] * 2
    assert findings[0].what == "is not connected with validator-b, validator-d"
    assert "9999999999999999" in findings[1].what


def test_votes_that_are_missing_are_seen_in_the_validators(healthy: Healthy) -> None:
    state = healthy.ceremony.state
    on_chain = frozenset({*(n.address for n in state.validators[:3]), "0x" + "77" * 20})
    odd = {n[-1]: healthy.node(n, validators=on_chain) for n in state.nodes}

    findings = healthy.look(**odd)

    assert areas(findings) == [("validators", n) for n in sorted(state.nodes)]
    assert "0x7777" in findings[0].what
    assert state.validators[3].address in findings[0].what


def test_validator_that_answers_and_proposes_nothing_is_named(healthy: Healthy) -> None:
    idle = healthy.ceremony.state.nodes["validator-c"]
    healthy.idle = {idle.node}
    told = {n[-1]: healthy.node(n) for n in healthy.ceremony.state.nodes}

    findings = healthy.look(**told)

    assert areas(findings) == [("sealing", "validator-c")]
    assert findings[0].what == "has proposed none of the last 60 blocks, though it answers"
    assert "BFT Mining thread" in findings[0].todo
    dead = healthy.look(**{**told, "c": silent("validator-c")})
    assert areas(dead) == [("rpc", "validator-c"), ("sealing", "validator-c")]
    assert "see whether it runs" in dead[1].todo


def test_young_chain_accuses_no_validator(healthy: Healthy) -> None:
    young = {
        n[-1]: healthy.node(n, proposed={}, latest=healthy.header(20, timestamp=NOW), later_number=30, recent=())
        for n in healthy.ceremony.state.nodes
    }

    assert healthy.look(**young) == []


def test_lists_that_drift_are_named(healthy: Healthy) -> None:
    short = healthy.node("validator-a").nodes_list or frozenset()
    findings = healthy.look(
        a=healthy.node("validator-a", nodes_list=frozenset(sorted(short)[1:])),
        b=healthy.node("validator-b", accounts_list=frozenset()),
    )

    assert areas(findings) == [("lists", "validator-a"), ("lists", "validator-b")]
    assert findings[0].what == "its list of nodes has 0 too many and lacks 1"
    assert findings[1].what == "its list of accounts differs from most nodes' by 1"


def test_other_version_and_missing_interfaces_are_named(healthy: Healthy) -> None:
    findings = healthy.look(
        a=healthy.node("validator-a", version="besu/v25.1.0/linux"),
        b=healthy.node("validator-b", peers=None, unanswered={"peers": "Method not enabled"}),
    )

    assert areas(findings) == [("version", "validator-a"), ("rpc", "validator-b")]
    assert findings[1].weight == "unknown"
    assert exit_code(findings[1:]) == 3


# This machine


@pytest.mark.parametrize(("free", "weight"), [(4 * 10**9, ["wrong"]), (6 * 10**9, ["soon"]), (30 * 10**9, [])])
def test_disk_that_fills_up_is_told_in_time(free: int, weight: list[str]) -> None:
    assert [f.weight for f in disk_findings("/here", free)] == weight


def test_keys_that_others_may_read_are_told(tmp_path: Path) -> None:
    member = found(tmp_path).member(0)
    (member.node_folder("validator-a") / "key").chmod(0o644)

    assert [f.what for f in machine_findings(member) if f.area == "keys"] == [
        f"{member.node_folder('validator-a') / 'key'}: others on this machine may read it"
    ]
    assert machine_findings(MemberFolder(tmp_path / "nowhere"))[0].weight == "unknown"


def test_folder_of_the_unit_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unit_findings(tmp_path, ["validator-a"], ["key"]) is None
    home = tmp_path / "validator-a"
    home.mkdir()
    (home / "key").write_text("00")
    (home / "key").chmod(0o640)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=4 * 10**9))

    findings = unit_findings(tmp_path, ["validator-a", "validator-b"], ["key"]) or []

    assert [(f.weight, f.area, f.node) for f in findings] == [
        ("wrong", "disk", "validator-a"),
        ("wrong", "keys", "validator-a"),
    ]
    assert findings[1].todo == f"chmod go= {home / 'key'}"


def test_folder_that_may_not_be_looked_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "validator-a").mkdir()

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.disk_usage", refused)

    (finding,) = unit_findings(tmp_path, ["validator-a"], ["key"]) or []

    assert (finding.weight, finding.area, finding.node) == ("unknown", "disk", "validator-a")
    assert finding.what.endswith("disk and keys were not looked at: Permission denied")


# Asking


def test_what_besu_says_is_read(healthy: Healthy) -> None:
    with proxy(answers_of(healthy, "validator-a")) as served:
        facts = gather(ENGINE, "validator-a", Node(served.url))

    assert replace(facts, later_number=HEIGHT + 10) == healthy.node("validator-a")
    assert ("qbft_getSignerMetrics", [hex(HEIGHT - 59), hex(HEIGHT)]) in served.calls


@pytest.mark.parametrize("height", [HEIGHT, 61, 60, 2])
def test_proposers_are_counted_up_to_the_newest_block(healthy: Healthy, height: int) -> None:
    healthy.idle = {"validator-b"}
    with proxy(answers_of(healthy, "validator-a", height)) as served:
        proposed = gather(ENGINE, "validator-a", Node(served.url)).proposed

    proposers = [healthy.header(number).proposer for number in range(max(1, height - 59), height + 1)]
    assert {address: its.blocks for address, its in (proposed or {}).items()} == dict(Counter(proposers))
    assert (proposed or {})[proposers[-1]].last_block == height


@pytest.mark.parametrize(("height", "count"), [(0, 0), (1, 1)])
def test_chain_of_hardly_a_block_has_proposers_too(healthy: Healthy, height: int, count: int) -> None:
    """Besu refuses to count an empty span."""
    with proxy(answers_of(healthy, "validator-a", height)) as served:
        facts = gather(ENGINE, "validator-a", Node(served.url))

    assert facts.unanswered == {}
    assert len(facts.proposed or {}) == count


def test_validator_that_besu_lists_with_zeros_is_named(healthy: Healthy) -> None:
    healthy.idle = {"validator-c"}
    with proxy(answers_of(healthy, "validator-a")) as served:
        facts = gather(ENGINE, "validator-a", Node(served.url))

    findings = Doctor(ENGINE, healthy.ceremony, {"validator-a": facts}, {}, NOW, healthy.genesis).findings()

    assert [node for area, node in areas(findings) if area == "sealing"] == ["validator-c"]


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("admin_peers", [{}]),
        ("admin_peers", None),
        ("admin_nodeInfo", None),
        ("admin_nodeInfo", {"protocols": {"eth": {"config": 1}}}),
        ("qbft_getSignerMetrics", [{"address": "0x1"}]),
        ("qbft_getValidatorsByBlockNumber", {"a": 1}),
        ("perm_getNodesAllowlist", [1]),
        ("perm_getAccountsAllowlist", "x"),
        ("web3_clientVersion", None),
        ("eth_chainId", None),
        pytest.param("eth_chainId", "0x" + "f" * 5_000, id="eth_chainId-huge"),
    ],
)
def test_answer_that_makes_no_sense_is_no_answer(healthy: Healthy, method: str, answer: Any) -> None:
    with proxy({**answers_of(healthy, "validator-a"), method: answer}) as served:
        facts = gather(ENGINE, "validator-a", Node(served.url))

    assert facts.answers
    assert len(facts.unanswered) == 1 or (method, facts.version) == ("web3_clientVersion", "None")


@pytest.mark.parametrize("value", [None, "zz", "0x", 7, HUGE])
def test_first_block_that_makes_no_sense_is_a_finding_of_its_node(healthy: Healthy, value: Any) -> None:
    """It may end neither the doctor nor the watch."""
    told = answers_of(healthy, "validator-d")
    good = told["eth_getBlockByNumber"]

    def block(params: list[Any]) -> dict[str, Any]:
        its: dict[str, Any] = good(params)
        return {**its, "gasLimit": value} if its["number"] == "0x0" else its

    with proxy({**told, "eth_getBlockByNumber": block}) as served:
        seen = [look(ENGINE, "validator-d", Node(served.url)) for look in (gather, glance)]
    findings = healthy.look(d=replace(seen[0], later_number=HEIGHT + 10))

    assert [(f.weight, f.area, f.node) for f in findings] == [("unknown", "rpc", "validator-d")]
    assert "gasLimit of its first block" in findings[0].what
    assert healthy.look(d=seen[1])[0].node == "validator-d"


@pytest.mark.parametrize("value", [None, "zz", {}, HUGE])
def test_height_after_a_while_that_makes_no_sense_is_no_answer(healthy: Healthy, value: Any) -> None:
    with proxy({"eth_blockNumber": value}) as served:
        facts = later(healthy.node("validator-a", later_number=None), Node(served.url))

    assert facts.later_number is None
    assert set(facts.unanswered) == {"height after a while"}


def test_port_is_tried(healthy: Healthy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = healthy.ceremony.state.ordered[0].model_copy(
            update={"host": "127.0.0.1", "port": server.getsockname()[1]}
        )
        assert port_is_open(here)
    assert not port_is_open(here, 1.0)


@pytest.fixture
def served(healthy: Healthy) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(proxy(answers_of(healthy, name))) for name in sorted(healthy.ceremony.state.nodes)
        }


def test_name_that_is_no_node_is_refused(harbour: Consortium) -> None:
    words = ["doctor", "harbour", "--rpc", "zz=http://127.0.0.1:1", "--root", str(harbour.folder.parent)]
    result = runner.invoke(network_app, words)

    assert result.exit_code == 1
    assert "--rpc zz: is no node of harbour, whose nodes are validator-a" in " ".join(result.output.split())


def test_command_asks_all_nodes_and_ends_by_what_it_found(
    harbour: Consortium, served: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rpc = [f"--rpc={name}={its.url}" for name, its in served.items()]
    always = ["doctor", "harbour", *rpc, "--no-ports", "--watch", "0", "--json", "--root", str(harbour.folder.parent)]
    (tmp_path / "validator-a").mkdir()
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10**12))
    empty, always = always, [*always, "--unit-dir", str(tmp_path)]
    # The chain is of the year 2096, which the doctor must see as a wrong clock, and nothing else.
    result = runner.invoke(network_app, always)

    said = json.loads(result.output)
    assert result.exit_code == said["exit_code"] == 1
    assert [f["area"] for f in said["findings"]] == ["clock"]
    served["validator-b"].answers["qbft_getValidatorsByBlockNumber"] = []
    again = json.loads(runner.invoke(network_app, always).output)
    assert [(f["area"], f["node"]) for f in again["findings"]] == [("clock", ""), ("validators", "validator-b")]
    unseen = json.loads(runner.invoke(network_app, [*empty, "--unit-dir", str(tmp_path / "none")]).output)["findings"][
        -1
    ]
    assert (unseen["weight"], unseen["area"]) == ("unknown", "disk")
    assert f"were not looked at: no node's folder lies in {tmp_path / 'none'}" in unseen["what"]
