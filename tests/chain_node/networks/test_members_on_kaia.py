"""A network of several members on Kaia: its files and how its members vote."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from by_commands import MadeNetwork, home, make_network, network_command, own, secret
from consortium import LEIS, Consortium, assemble, beginning

from chain_node.networks import apply as applying
from chain_node.networks.apply import apply_on, calls_by_hand
from chain_node.networks.beginning import begin
from chain_node.networks.cards import CardBody
from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.changes import Addition, Removal, Rotation, changed
from chain_node.networks.engine import RpcCall, Vote
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import ChangeRefused, VoteFailed
from chain_node.networks.kaia import KaiaNetwork, read_extra_data
from chain_node.networks.terms import load_terms

PORTS = (31_303, 31_304, 31_305, 31_306)


@pytest.fixture
def pier(tmp_path: Path) -> Consortium:
    folder = tmp_path / "network-config" / "pier"
    begin(folder, beginning("pier", engine="kaia"))
    made = Consortium(folder, tmp_path / "members", load_terms(folder), [])
    made.cards = [made.card(i, f"validator-{'abcd'[i]}") for i in range(4)]
    assemble(made)
    return made


# Refusals


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not that of Istanbul BFT"),
        (bytes(32) + b"\x01\x02", "not that of Istanbul BFT"),
        (b"\1" + bytes(31) + bytes.fromhex("c3c08080"), "it has a version or seals"),
        (bytes(32) + bytes.fromhex("c4c1018080"), "a validator is not 20 bytes"),
        (bytes(32) + bytes.fromhex("c4c08101c0"), "not that of Istanbul BFT"),
        (bytes(32) + bytes.fromhex("c3c001c0"), "it has a version or seals"),
    ],
)
def test_extra_data_of_something_else_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_extra_data(data)


def test_more_validators_than_the_engine_bears_are_refused(pier: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KaiaNetwork, "most_validators", 4)
    ceremony = load_ceremony(pier.folder)
    change = Addition(kind="add-validator", card=pier.card(4, "validator-e"))

    with pytest.raises(ChangeRefused, match="there are 4 validators already, and kaia bears no more"):
        changed(ceremony.terms, ceremony.state, change, ceremony.retired)


def follower_of(made: MadeNetwork) -> Path:
    """A card that this build does not make."""
    maker = Consortium(made.folder, made.root.parent / "members", load_terms(made.folder), [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KaiaNetwork, "require_role", lambda *_: None)
        card = maker.card(4, "n4", role="node")
    path = made.root.parent / "more-cards" / "n4.json"
    path.parent.mkdir()
    path.write_bytes(card.file())
    return path


def test_node_that_only_follows_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_network(tmp_path, monkeypatch, PORTS, engine="kaia")
    says = ["--lei", LEIS[4], "--organisation", "Firm", "--contact", "ops", "--host", "127.0.0.1", "--port", 31_307]
    where = [made.name, "--root", made.root, "--member-dir", tmp_path / "member-4"]

    result = network_command("member", "init", "--no-validator", "--name", "n4", *says, *where, *secret(made))

    assert result.exit_code == 1
    assert "n4: Kaia's validators let in none but validators" in result.output
    assert "make it a validator, or read through the JSON-RPC of a member's validator" in result.output
    assert not (tmp_path / "member-4").exists()


def test_node_that_only_follows_is_neither_proposed_nor_taken_into_a_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_network(tmp_path, monkeypatch, PORTS, engine="kaia")
    card = follower_of(made)

    proposed = network_command("add-node", *own(made), "--card", card, "--why", "reads", *secret(made))
    for its in (made.folder / "cards").glob("*.json"):
        (card.parent / its.name).write_bytes(its.read_bytes())
    assembled = network_command("assemble", made.name, "--cards", card.parent, "--root", made.root)

    for result in (proposed, assembled):
        assert result.exit_code == 1
        assert "n4: Kaia's validators let in none but validators" in result.output
    assert load_ceremony(made.folder).entries == ()


@pytest.fixture
def without_c(pier: Consortium) -> Ceremony:
    change = Removal(kind="remove-validator", node="validator-c")
    return decided(pier, Propose(change=change, why="leaves"))


def test_who_was_voted_out_and_stays_connected_is_no_change_carried_out(
    pier: Consortium, without_c: Ceremony, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "CUT_OFF_SECONDS", 0.0)
    ballots = Ballots(pier, without_c)
    ballots.validators.discard(pier.cards[2].body.address)
    ballots.clinging = {pier.cards[2].body.public_key}

    with pytest.raises(VoteFailed, match="validator-a: is still connected with nodes that nobody agreed on: "):
        apply_on(KaiaNetwork(), without_c, LEIS[0], {"validator-a": ballots.ask(pier.cards[0].body)}, 0, 0)


def test_node_that_reads_another_list_is_no_change_carried_out(pier: Consortium, without_c: Ceremony) -> None:
    before = Ballots(pier, load_ceremony(pier.folder))
    before.validators.discard(pier.cards[2].body.address)

    with pytest.raises(
        VoteFailed,
        match=r"validator-a: it does not have the lists that were agreed on:\nlets in kni://.*, which is not agreed",
    ):
        apply_on(KaiaNetwork(), without_c, LEIS[0], {"validator-a": before.ask(pier.cards[0].body)}, 0, 0)
    assert "admin_dropUnlisted" not in before.methods


def test_another_version_than_the_agreed_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_network(tmp_path, monkeypatch, PORTS, engine="kaia")
    other = tmp_path / "kaia"
    other.write_text("#!/bin/sh\necho Kaia v1.0.2\n")
    other.chmod(0o755)

    for program, what in ((other, "is Kaia 1.0.2, the members of quay agreed on 1.0.3"), (tmp_path, "is no program")):
        result = network_command("up", *own(made), "--kaia", program)
        assert result.exit_code == 1
        assert what in result.output
    other.write_text("#!/bin/sh\necho geth\n")
    assert "does not say that it is Kaia" in network_command("up", *own(made), "--kaia", other).output
    assert not (home(made) / "chain").exists()


def test_script_begins_no_chain_where_it_cannot(pier: Consortium, tmp_path: Path) -> None:
    """What fails leaves nothing that the next start would take for a chain."""
    data = tmp_path / "data"
    words = ["/bin/sh", pier.folder / "run-kaia.sh", "/bin/false", pier.folder, "validator-a", data]

    ended = subprocess.run([str(word) for word in words], capture_output=True, check=False)

    assert ended.returncode == 1
    assert not (data / "chain" / "begun").exists()


# Files


def test_first_block_names_the_cards_validators_and_is_the_same_everywhere(pier: Consortium, tmp_path: Path) -> None:
    engine, ceremony = KaiaNetwork(), load_ceremony(pier.folder)
    genesis = json.loads((pier.folder / "genesis.json").read_text())

    assert engine.genesis_validators(genesis) == tuple(sorted(card.body.address for card in pier.cards))
    assert genesis["timestamp"] == "0x0"
    assert genesis["config"]["governance"]["governanceMode"] == "ballot"
    assert engine.genesis(ceremony.terms, ceremony.state) == genesis


def test_each_node_is_told_of_the_others_and_not_of_itself(pier: Consortium) -> None:
    for card in pier.cards:
        peers = json.loads((pier.folder / "nodes" / card.body.node / "static-nodes.json").read_text())
        others = {KaiaNetwork().peer_url(other.body) for other in pier.cards if other is not card}
        assert set(peers) == others
        assert len(peers) == 3


def test_compose_file_and_unit_run_the_same_command(pier: Consortium) -> None:
    node = pier.folder / "nodes" / "validator-a"
    service = yaml.safe_load((node / "compose.yaml").read_text())["services"]["validator-a"]
    unit = (node / "portolan-pier-validator-a.service").read_text()
    started = re.search(r"ExecStart=(.*?)\nRestart", unit, re.DOTALL)
    assert started is not None
    words = started[1].replace(" \\\n  ", " ").split()

    def everywhere(command: list[str], network: str, data: str) -> list[str]:
        swapped = [word.replace("/opt/kaia-1.0.3", "/kaia") for word in command]
        return [re.sub(f"^{data}(?=/|$)", "DATA", re.sub(f"^{network}(?=/|$)", "NET", word)) for word in swapped]

    units = everywhere(words, "/etc/portolan/pier", "/var/lib/portolan/pier/validator-a")
    assert units == everywhere(service["command"], "/network", "/node")
    assert service["volumes"][-1] == "/opt/kaia-1.0.3:/kaia:ro"
    flags = dict(pairwise(words))
    assert (flags["--p2p.addr"], flags["--rpcaddr"], flags["--nat"]) == ("10.0.0.1", "127.0.0.1", "none")
    assert "debug" not in flags["--rpcapi"].split(",")
    assert "--nodiscover" in words
    assert "--prometheus" not in words, "Kaia's own exporter listens on every address"


def test_nothing_of_it_is_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_network(tmp_path, monkeypatch, PORTS, engine="kaia")
    keys = [(home(made, node) / "key").read_text().strip() for node in made.nodes]
    texts = [path.read_text() for path in made.folder.rglob("*") if path.is_file()]

    assert not any(key in text for key in keys for text in texts)
    assert stat.S_IMODE((home(made) / "key").stat().st_mode) == 0o600


# Votes


class Ballots:
    """Counts as Kaia's governance does: one vote of each kind at a time of each validator, more than half decide."""

    def __init__(self, made: Consortium, ceremony: Ceremony) -> None:
        """`ceremony` is what the nodes' lists follow; `clinging` are the keys of peers that no node gets rid of."""
        self.validators = {card.body.address for card in made.cards}
        self.state = ceremony.state
        self.told: dict[tuple[str, str], str] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.methods: list[str] = []
        self.everybody = {card.body.public_key for card in made.cards}
        self.peers: dict[str, set[str]] = {}
        self.clinging: set[str] = set()

    def listed(self, node: CardBody) -> list[CardBody]:
        return [other for other in self.state.ordered if other.node != node.node]

    def ask(self, node: CardBody) -> Callable[[RpcCall], Any]:
        address, peers = node.address, self.peers.setdefault(node.node, self.everybody - {node.public_key})

        def answer(call: RpcCall) -> Any:
            self.methods.append(call.method)
            if call.method == "istanbul_getValidators":
                return sorted(self.validators)
            if call.method == "admin_listedPeers":
                return [KaiaNetwork().peer_url(other) for other in self.listed(node)]
            if call.method == "admin_peers":
                return [{"id": key} for key in sorted(peers)]
            if call.method == "admin_dropUnlisted":
                peers.intersection_update({other.public_key for other in self.listed(node)} | self.clinging)
                return []
            assert call.method == "governance_vote"
            kind, whom = call.params
            assert not (kind.endswith("removevalidator") and whom == address), "Kaia refuses it"
            self.calls.append((address, kind, whom))
            self.told[address, kind] = whom
            votes = [who for (who, what), its in self.told.items() if (what, its) == (kind, whom)]
            if len([who for who in votes if who in self.validators]) * 2 > len(self.validators):
                (self.validators.add if "add" in kind else self.validators.discard)(whom)
            return "Your vote is prepared."

        return answer


def decided(made: Consortium, *proposals: Propose) -> Ceremony:
    ceremony = load_ceremony(made.folder)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    for proposal in proposals:
        ceremony = ceremony.signed(proposal, made.key(0), now)
        number = len(ceremony.entries)
        for of in (1, 2, 3):
            if ceremony.proposals[number].standing == "open":
                ceremony = ceremony.signed(Answer(kind="approve", proposal=number), made.key(of), now)
    return ceremony


def test_votes_are_cast_one_after_the_other_and_nobody_votes_itself_out(pier: Consortium) -> None:
    """Two come, and one changes its key: its old validator votes for all that come, and for its own end others do."""
    fifth, new = pier.card(4, "validator-e"), pier.card(3, "validator-d2")
    rotation = Rotation(kind="rotate-key", node="validator-d", card=new)
    ceremony = decided(
        pier,
        Propose(change=Addition(kind="add-validator", card=fifth), why="grows"),
        Propose(change=rotation, why="lost"),
    )
    old = pier.cards[3].body
    ballots = Ballots(pier, ceremony)
    engine = KaiaNetwork()
    nodes = [[card.body] for card in pier.cards] + [[fifth.body]]
    nodes[3].append(new.body)

    for _ in range(3):
        for of, its in enumerate(nodes):
            apply_on(engine, ceremony, LEIS[of], {n.node: ballots.ask(n) for n in its}, 0, 0)

    assert ballots.validators == {n.address for n in ceremony.state.validators}
    order = list(dict.fromkeys(whom for _, _, whom in ballots.calls))
    assert order == [*sorted([fifth.body.address, new.body.address]), old.address]
    assert old.address in {who for who, _, _ in ballots.calls}
    assert not any(old.public_key in peers for node, peers in ballots.peers.items() if node != old.node)
    by_hand = calls_by_hand(engine, ceremony, LEIS[3])
    assert by_hand[-1] == ("validator-d2", RpcCall("admin_dropUnlisted"))
    assert ("validator-d", engine.vote_call(Vote(fifth.body.address, True))) in by_hand
    assert ("validator-d", engine.vote_call(Vote(old.address, False))) not in by_hand
