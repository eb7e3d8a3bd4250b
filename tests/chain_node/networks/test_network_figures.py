"""`portolan network watch`: what a monitor is told of a network on either engine."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from consortium import Consortium, assemble, beginning
from healthy_network import HEIGHT, NOW, Healthy, answers_of
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from rpc_proxy import Proxy, proxy
from support.observability import exposed, named
from typer.testing import CliRunner

from chain_node.config import CONFIG_ROOT
from chain_node.networks.beginning import begin
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import load_ceremony, save_ceremony
from chain_node.networks.changes import Removal
from chain_node.networks.cli import network_app
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import ChangeRefused, FileUnusable, PortUnusable
from chain_node.networks.figures import NetworkFigures, told_at
from chain_node.networks.terms import load_terms
from chain_node.networks.watching import NetworkWatch

VALIDATORS = [f"validator-{letter}" for letter in "abcd"]
PATIENT = 120
"""Seconds: a machine that is busy makes no node silent."""
runner = CliRunner()


@dataclass
class Watched:
    """A network whose nodes answer as they are told, and what a monitor reads of it."""

    made: Consortium
    healthy: Healthy
    nodes: dict[str, Proxy]
    figures: NetworkFigures = field(default_factory=NetworkFigures)

    def __post_init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self.figures)

    @property
    def urls(self) -> dict[str, str]:
        return {name: served.url for name, served in self.nodes.items()}

    def look(self, now: int = NOW, watch: NetworkWatch | None = None) -> None:
        watch = watch or NetworkWatch(self.made.folder, self.urls, PATIENT)
        self.figures.latest = watch.look(now)

    def told(self, what: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"portolan_network_{what}", labels)

    def of_validators(self, what: str) -> dict[str, float]:
        found = {name: self.told(f"validator_{what}", validator=name) for name in VALIDATORS}
        return {name: value for name, value in found.items() if value is not None}

    def of_nodes(self, what: str) -> dict[str, float]:
        found = {name: self.told(f"node_{what}", node=name) for name in VALIDATORS}
        return {name: value for name, value in found.items() if value is not None}


@pytest.fixture(scope="module", params=["besu", "kaia"])
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    where = tmp_path_factory.mktemp(request.param)
    folder = where / "network-config" / "harbour"
    begin(folder, beginning("harbour", engine=request.param))
    made = Consortium(folder, where / "members", load_terms(folder), [])
    made.cards = [made.card(i, f"validator-{'abcd'[i]}") for i in range(4)]
    assemble(made)
    return made


@pytest.fixture
def watched(founded: Consortium, tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "network-config" / "harbour"
    shutil.copytree(founded.folder, folder)
    made = replace(founded, folder=folder)
    genesis = json.loads((folder / "genesis.json").read_text())
    healthy = Healthy(load_ceremony(folder), genesis, engine_named(made.terms.engine))
    with ExitStack() as stack:
        nodes = {name: stack.enter_context(proxy(answers_of(healthy, name))) for name in VALIDATORS}
        yield Watched(made, healthy, nodes)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """A port that is taken and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


# Refusals


@pytest.mark.parametrize("name", ["nowhere", "../harbour"])
def test_network_that_is_not_known_is_not_watched(name: str, tmp_path: Path) -> None:
    result = runner.invoke(network_app, ["watch", name, "--rpc", "a=http://127.0.0.1:1", "--root", str(tmp_path)])

    assert result.exit_code == 1
    assert name in result.output.replace("\n", "")


@pytest.mark.parametrize("listen", ["9466", "127.0.0.1", "127.0.0.1:65536", "::1:9466", "[::1]:", ":9466", "a:b:1"])
def test_place_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(PortUnusable, match="HOST:PORT is needed"), told_at(listen, NetworkFigures()):
        pass


def test_port_that_is_taken_is_refused(watched: Watched, nowhere: str) -> None:
    rpc = [f"--rpc={name}={url}" for name, url in watched.urls.items()]
    result = runner.invoke(
        network_app, ["watch", "harbour", *rpc, "--listen", nowhere, "--root", str(watched.made.folder.parent)]
    )

    assert result.exit_code == 1
    assert f"--listen {nowhere}: Address already in use" in result.output
    assert watched.nodes["validator-a"].calls == []


def test_nodes_that_nobody_agreed_on_and_none_at_all_are_refused(watched: Watched) -> None:
    with pytest.raises(ChangeRefused, match="one node at least is needed"):
        NetworkWatch(watched.made.folder, {}, PATIENT)
    with pytest.raises(ChangeRefused, match=r"validator-x: is no node of harbour, whose nodes are validator-a, "):
        NetworkWatch(watched.made.folder, {**watched.urls, "validator-x": "http://127.0.0.1:1"}, PATIENT)


def test_log_that_was_changed_by_nobody_who_may_ends_the_watch(watched: Watched) -> None:
    watch = NetworkWatch(watched.made.folder, watched.urls, PATIENT)
    (watched.made.folder / "ceremony.json").write_text("{}")

    with pytest.raises(FileUnusable, match=r"ceremony\.json"):
        watch.look(NOW)


def test_nodes_that_cannot_be_reached_are_figures(watched: Watched, nowhere: str) -> None:
    watched.figures.latest = NetworkWatch(watched.made.folder, {"validator-a": f"http://{nowhere}"}, PATIENT).look(NOW)

    assert watched.of_nodes("answers") == {"validator-a": 0}
    assert watched.told("looked_timestamp_seconds") == NOW
    for what in ("foreign", "head_block", "block_age_seconds", "peers"):
        assert watched.of_nodes(what) == {}
    for what in ("in_set", "proposed_blocks", "blocks_since_proposed"):
        assert watched.of_validators(what) == {}


def test_node_that_hangs_is_waited_for_no_longer_than_agreed(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        watched.figures.latest = NetworkWatch(watched.made.folder, {"validator-a": url}, 0.1).look(NOW)

    assert watched.of_nodes("answers") == {"validator-a": 0}


@pytest.mark.parametrize("answer", [None, [], "latest", {"number": "x"}, {"number": None, "hash": 1}])
def test_node_that_tells_nonsense_is_a_figure_and_the_others_go_on(watched: Watched, answer: object) -> None:
    watched.nodes["validator-b"].answers["eth_getBlockByNumber"] = answer
    watched.look()

    assert watched.of_nodes("answers") == dict.fromkeys(VALIDATORS, 1) | {"validator-b": 0}
    assert sum(watched.of_validators("proposed_blocks").values()) == 60


def test_node_that_leaves_questions_open_has_the_figures_that_it_told(watched: Watched) -> None:
    for served in watched.nodes.values():
        for method in ("admin_peers", "qbft_getValidatorsByBlockNumber", "istanbul_getValidators"):
            served.answers.pop(method, None)
    watched.look()

    assert watched.of_nodes("answers") == dict.fromkeys(VALIDATORS, 1)
    assert watched.of_nodes("peers") == {}
    assert watched.of_validators("in_set") == {}
    assert sum(watched.of_validators("proposed_blocks").values()) == 60


def test_node_of_another_chain_has_no_figures_but_that(watched: Watched) -> None:
    watched.nodes["validator-d"].answers |= {**answers_of(watched.healthy, "validator-d", 9_000), "eth_chainId": "0x1"}
    watched.look()

    assert watched.of_nodes("foreign") == dict.fromkeys(VALIDATORS, 0) | {"validator-d": 1}
    assert watched.of_nodes("head_block") == dict.fromkeys(VALIDATORS[:3], HEIGHT)
    assert max(watched.of_validators("blocks_since_proposed").values()) == 3


# Figures


def test_network_in_order_has_its_figures(watched: Watched) -> None:
    watched.look(now=NOW + 2)

    assert watched.of_nodes("answers") == dict.fromkeys(VALIDATORS, 1)
    assert watched.of_nodes("foreign") == dict.fromkeys(VALIDATORS, 0)
    assert watched.of_nodes("head_block") == dict.fromkeys(VALIDATORS, HEIGHT)
    assert watched.of_nodes("block_age_seconds") == dict.fromkeys(VALIDATORS, 2)
    assert watched.of_nodes("peers") == dict.fromkeys(VALIDATORS, 3)
    assert watched.of_validators("in_set") == dict.fromkeys(VALIDATORS, 1)
    assert watched.of_validators("proposed_blocks") == dict.fromkeys(VALIDATORS, 15)
    assert sorted(watched.of_validators("blocks_since_proposed").values()) == [0, 1, 2, 3]


def test_clock_behind_the_chain_makes_no_block_younger_than_now(watched: Watched) -> None:
    watched.look(now=NOW - 30)

    assert watched.of_nodes("block_age_seconds") == dict.fromkeys(VALIDATORS, 0)


def test_validator_that_stops_sealing_is_seen_though_it_answers(watched: Watched) -> None:
    watched.healthy.idle = {"validator-c"}
    watched.look()

    assert watched.told("node_answers", node="validator-c") == 1
    assert watched.told("validator_in_set", validator="validator-c") == 1
    assert watched.told("validator_proposed_blocks", validator="validator-c") == 0
    assert watched.told("validator_blocks_since_proposed", validator="validator-c") == 60
    others = {n: v for n, v in watched.of_validators("proposed_blocks").items() if n != "validator-c"}
    assert others == dict.fromkeys(others, 20)


def test_young_chain_accuses_nobody(watched: Watched) -> None:
    watched.healthy.idle = {"validator-c"}
    for name, served in watched.nodes.items():
        served.answers |= answers_of(watched.healthy, name, 20)
    watched.look()

    assert watched.told("validator_blocks_since_proposed", validator="validator-c") == 20


def test_figures_are_those_of_the_node_that_is_furthest(watched: Watched) -> None:
    watched.nodes["validator-a"].answers |= answers_of(watched.healthy, "validator-a", HEIGHT - 200)
    watched.look()

    assert watched.of_nodes("head_block") == dict.fromkeys(VALIDATORS, HEIGHT) | {"validator-a": HEIGHT - 200}
    assert sorted(watched.of_validators("blocks_since_proposed").values()) == [0, 1, 2, 3]


def test_height_that_one_node_alone_claims_blames_no_validator(watched: Watched) -> None:
    liar = replace(watched.healthy, idle=set(VALIDATORS[:3]))
    watched.nodes["validator-d"].answers |= answers_of(liar, "validator-d", 9_000)
    watched.look()

    assert watched.of_nodes("head_block") == dict.fromkeys(VALIDATORS, HEIGHT) | {"validator-d": 9_000}
    assert watched.of_validators("proposed_blocks") == dict.fromkeys(VALIDATORS, 15)
    assert max(watched.of_validators("blocks_since_proposed").values()) == 3


def test_besu_is_asked_for_its_own_figures_and_kaia_for_its_blocks(watched: Watched) -> None:
    watched.look()

    asked = [method for method, _ in watched.nodes["validator-a"].calls]
    besu = watched.healthy.engine.kind == "besu"
    assert asked.count("qbft_getSignerMetrics") == (1 if besu else 0)
    assert asked.count("eth_getBlockByNumber") == (2 if besu else 61)


def test_validator_off_the_chain_has_no_figures_but_that(watched: Watched) -> None:
    """Voted out on the chain, and still one by the agreement."""
    left = [n.address for n in watched.healthy.ceremony.state.validators if n.node != "validator-b"]
    for served in watched.nodes.values():
        for method in {"qbft_getValidatorsByBlockNumber", "istanbul_getValidators"} & set(served.answers):
            served.answers[method] = left
    watched.look()

    assert watched.of_validators("in_set") == dict.fromkeys(VALIDATORS, 1) | {"validator-b": 0}
    assert set(watched.of_validators("proposed_blocks")) == set(VALIDATORS) - {"validator-b"}
    assert set(watched.of_validators("blocks_since_proposed")) == set(VALIDATORS) - {"validator-b"}


def test_validator_that_the_members_remove_disappears(watched: Watched) -> None:
    watch = NetworkWatch(watched.made.folder, watched.urls, PATIENT)
    watched.look(watch=watch)
    before, now = set(watched.of_validators("in_set")), datetime(2026, 11, 23, tzinfo=UTC)
    ceremony = load_ceremony(watched.made.folder)
    removal = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="leaves")
    ceremony = ceremony.signed(removal, watched.made.key(0), now)
    for of in (1, 2):
        ceremony = ceremony.signed(Answer(kind="approve", proposal=1), watched.made.key(of), now)
    save_ceremony(watched.made.folder, ceremony)
    watched.look(watch=watch)

    assert before == set(VALIDATORS)
    assert set(watched.of_validators("in_set")) == set(watched.of_nodes("answers")) == set(VALIDATORS[:3])


def test_whatever_rules_and_dashboards_name_of_the_network_is_exposed(watched: Watched) -> None:
    watched.look()
    wanted = {name for name in named() if name.startswith("portolan_network_")}

    assert len(wanted) >= 6
    assert wanted <= exposed(watched.registry)


# The command


@pytest.mark.parametrize("founded", ["besu"], indirect=True)
def test_command_serves_the_figures_until_it_is_ended(watched: Watched) -> None:
    words = [
        sys.executable,
        "-m",
        "scripts.portolan",
        "network",
        "watch",
        "harbour",
        "--every",
        "1",
        "--timeout",
        str(PATIENT),
    ]
    words += [f"--rpc={name}={url}" for name, url in watched.urls.items()]
    words += ["--every", "1", "--timeout", str(PATIENT), "--listen", "127.0.0.1:0"]
    words += ["--root", str(watched.made.folder.parent)]
    with subprocess.Popen(words, cwd=CONFIG_ROOT.parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/metrics", said)
            assert address is not None, said
            text = requests.get(address[0], timeout=PATIENT).text
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENT) == 0

    families = {family.name: family for family in text_string_to_metric_families(text)}
    answers = families["portolan_network_node_answers"].samples
    proposed = families["portolan_network_validator_proposed_blocks"].samples
    assert {sample.labels["node"]: sample.value for sample in answers} == dict.fromkeys(VALIDATORS, 1)
    assert {sample.labels["validator"]: sample.value for sample in proposed} == dict.fromkeys(VALIDATORS, 15)


@pytest.mark.parametrize("founded", ["besu"], indirect=True)
def test_figures_are_told_on_the_other_loopback_too(watched: Watched) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    watched.look()
    try:
        with told_at("[::1]:0", watched.figures) as address:
            assert "portolan_network_node_answers" in requests.get(address, timeout=PATIENT).text
    except PortUnusable:
        pytest.skip("this machine has no ::1")
