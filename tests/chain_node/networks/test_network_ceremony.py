from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import LEIS, PASSPHRASE, Consortium, found
from eth_account import Account
from rpc_proxy import proxy
from typer.testing import CliRunner

from chain_node.networks.apply import apply_on, calls_by_hand
from chain_node.networks.besu import BesuEngine
from chain_node.networks.bundle import check_bundle, write_bundle
from chain_node.networks.cards import Card, load_card
from chain_node.networks.ceremony import (
    MOST_ANSWERS,
    Ceremony,
    current_files,
    joined,
    load_ceremony,
    play,
    save_ceremony,
)
from chain_node.networks.changes import Addition, Removal, Rotation
from chain_node.networks.cli import network_app
from chain_node.networks.documents import canonical, write_whole
from chain_node.networks.engine import RpcCall, Vote, votes_between
from chain_node.networks.entries import Answer, Done, Entry, Propose, sign_entry
from chain_node.networks.errors import CeremonyRefused, ChangeRefused, FileUnusable, VoteFailed
from chain_node.networks.status import status_of, to_act

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
runner = CliRunner()


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    made = found(tmp_path_factory.mktemp("ceremony"))
    made.cards.append(made.card(4, "validator-e"))
    made.cards.append(made.card(0, "validator-a2", host="10.0.0.1"))
    made.cards.append(made.card(1, "reader-b", role="node", host="10.0.1.2"))
    made.cards.append(made.card(0, "validator-a3", host="10.0.0.3"))
    return made


@pytest.fixture
def begun(harbour: Consortium) -> Ceremony:
    return load_ceremony(harbour.folder)


@pytest.fixture
def newcomer(harbour: Consortium) -> Propose:
    return Propose(change=Addition(kind="add-validator", card=harbour.cards[4]), why="a fifth bank")


def say(ceremony: Ceremony, made: Consortium, of: int, action: Any) -> Ceremony:
    return ceremony.signed(action, made.key(of), NOW)


def yes(proposal: int) -> Answer:
    return Answer(kind="approve", proposal=proposal)


def no(proposal: int) -> Answer:
    return Answer(kind="reject", proposal=proposal)


def decided(begun: Ceremony, made: Consortium, action: Propose) -> Ceremony:
    """Proposed by the first member and agreed to by the next two."""
    ceremony = say(begun, made, 0, action)
    for of in (1, 2):
        ceremony = say(ceremony, made, of, yes(len(begun.entries) + 1))
    return ceremony


# Who may say what


def test_stranger_cannot_speak(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    with pytest.raises(ChangeRefused, match="is of no member of harbour"):
        begun.signed(newcomer, Account.create(), NOW)


def test_newcomer_cannot_speak_before_it_is_in(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    with pytest.raises(ChangeRefused, match="is of no member"):
        say(begun, harbour, 4, newcomer)


def test_one_member_cannot_sign_for_another(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    good = say(begun, harbour, 0, newcomer).entries[0]
    forged = sign_entry(good.body.model_copy(update={"author": LEIS[1]}), harbour.key(0))

    with pytest.raises(CeremonyRefused, match=r"entry 1: its signature: not signed by 0x"):
        begun.then(forged, "log")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": 2}, "says that it is entry 2"),
        ({"previous": "0" * 64}, "follows 0000000000000000…, but what stands before it here is"),
        ({"network": "canal"}, "is of the network canal, not of harbour"),
        ({"author": LEIS[5]}, "is no member at this point"),
    ],
)
def test_entry_out_of_its_place_is_refused_even_if_it_is_signed(
    begun: Ceremony, newcomer: Propose, harbour: Consortium, change: dict[str, Any], said: str
) -> None:
    body = say(begun, harbour, 0, newcomer).entries[0].body

    with pytest.raises(CeremonyRefused, match=said) as refused:
        begun.then(sign_entry(body.model_copy(update=change), harbour.key(0)), "log")
    assert refused.value.entry == 1


def test_log_of_another_network_is_refused(
    tmp_path: Path, begun: Ceremony, newcomer: Propose, harbour: Consortium
) -> None:
    """Its twin has the same name, terms and organisations, but other keys."""
    twin = found(tmp_path)
    log = say(begun, harbour, 0, newcomer).log()
    write_whole(twin.folder / "ceremony.json", log.file())

    assert twin.terms == harbour.terms
    with pytest.raises(FileUnusable, match="is the ceremony of another network"):
        load_ceremony(twin.folder)


def test_entries_cannot_be_left_out_swapped_or_changed(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    entries = decided(begun, harbour, newcomer).entries
    changed = entries[0].model_copy(
        update={"body": entries[0].body.model_copy(update={"action": newcomer.model_copy(update={"why": "x"})})}
    )

    for broken, at in (
        (entries[1:], 1),
        ((entries[0], entries[2]), 2),
        ((entries[1], entries[0]), 1),
        ((entries[0], entries[0]), 2),
        ((changed, *entries[1:]), 1),
    ):
        with pytest.raises(CeremonyRefused) as refused:
            play("log", begun, broken)
        assert refused.value.entry == at


@pytest.mark.parametrize("place", [("body", "at"), ("body", "action"), ("signature",)])
def test_every_change_in_the_file_is_found(
    tmp_path: Path, begun: Ceremony, newcomer: Propose, harbour: Consortium, place: tuple[str, ...]
) -> None:
    value = decided(begun, harbour, newcomer).log().model_dump(mode="json")
    entry: Any = value["entries"][1]
    if place == ("body", "at"):
        entry["body"]["at"] = "2026-05-04T09:00:01Z"
    elif place == ("signature",):
        entry["signature"] = value["entries"][2]["signature"]
    else:
        entry["body"]["action"]["kind"] = "reject"
    (tmp_path / "log.json").write_bytes(canonical(value))

    with pytest.raises(CeremonyRefused, match=r"log\.json: entry 2: its signature: not signed by"):
        joined(begun, tmp_path / "log.json")


def test_member_without_a_validator_has_no_voice(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    reader = Propose(change=Addition(kind="add-node", card=harbour.cards[6]), why="reads")
    ceremony = decided(begun, harbour, reader)
    away = Propose(change=Removal(kind="remove-validator", node="validator-b"), why="its machine is old")
    ceremony = say(ceremony, harbour, 0, away)
    for of in (2, 3):
        ceremony = say(ceremony, harbour, of, yes(4))
    assert LEIS[1] in ceremony.state.members
    ceremony = say(ceremony, harbour, 1, newcomer)

    assert ceremony.proposals[7].approvals == frozenset()
    with pytest.raises(CeremonyRefused, match="runs no validator and has no voice"):
        say(ceremony, harbour, 1, yes(7))


def test_nobody_counts_twice(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = say(begun, harbour, 0, newcomer)

    with pytest.raises(CeremonyRefused, match="has said so already of proposal 1"):
        say(ceremony, harbour, 0, yes(1))


def test_nobody_buries_the_others_under_its_proposals(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = begun
    for _ in range(8):
        ceremony = say(ceremony, harbour, 0, newcomer)

    with pytest.raises(CeremonyRefused, match=r"entry 9: .* has 8 open proposals already"):
        say(ceremony, harbour, 0, newcomer)
    assert len(say(ceremony, harbour, 1, newcomer).proposals) == 9


def changing_its_mind(ceremony: Ceremony, made: Consortium, of: int, times: int) -> Ceremony:
    for turn in range(times):
        ceremony = say(ceremony, made, of, yes(1) if turn % 2 else no(1))
    return ceremony


def test_changes_of_mind_of_one_member_leave_the_others_their_say(
    tmp_path: Path, begun: Ceremony, newcomer: Propose, harbour: Consortium
) -> None:
    ceremony = changing_its_mind(say(begun, harbour, 3, newcomer), harbour, 3, MOST_ANSWERS)

    with pytest.raises(CeremonyRefused, match=r"entry 102: .* has answered proposal 1 100 times already"):
        say(ceremony, harbour, 3, no(1))
    save_ceremony(tmp_path, ceremony)
    theirs = joined(begun, tmp_path / "ceremony.json")
    assert theirs == ceremony
    for of in (0, 1):
        theirs = say(theirs, harbour, of, yes(1))
    assert theirs.proposals[1].standing == "decided"


def test_entries_of_one_member_leave_the_others_room(
    begun: Ceremony, newcomer: Propose, harbour: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain_node.networks.ceremony.MOST_ENTRIES", 6)
    ceremony = changing_its_mind(say(begun, harbour, 3, newcomer), harbour, 3, 5)

    with pytest.raises(CeremonyRefused, match=r"entry 7: .* has written 6 entries already"):
        say(ceremony, harbour, 3, yes(1))
    for of in (0, 1, 2):
        ceremony = say(ceremony, harbour, of, yes(1))
    assert (len(ceremony.entries), ceremony.proposals[1].standing) == (9, "decided")


def test_organisation_with_two_validators_has_one_voice(begun: Ceremony, harbour: Consortium) -> None:
    second = harbour.cards[7]
    ceremony = decided(begun, harbour, Propose(change=Addition(kind="add-validator", card=second), why="two"))

    assert len(ceremony.state.validators) == 5
    assert (len(ceremony.state.voters), ceremony.state.needed) == (4, 3)


def test_closed_and_unknown_proposals_take_no_answers(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = decided(begun, harbour, newcomer)

    with pytest.raises(CeremonyRefused, match="proposal 1 is decided: nobody is asked any more"):
        say(ceremony, harbour, 3, yes(1))
    with pytest.raises(CeremonyRefused, match="there is no proposal 2"):
        say(ceremony, harbour, 3, yes(2))


# What may be changed


def test_changes_that_make_no_network_are_refused(begun: Ceremony, harbour: Consortium) -> None:
    taken, newer, reader = harbour.cards[0], harbour.cards[5], harbour.cards[6]
    for change, said in (
        (Addition(kind="add-validator", card=taken), "have the same enode"),
        (Addition(kind="add-validator", card=reader), "is of a node, not of a validator"),
        (Removal(kind="remove-validator", node="validator-z"), "there is no node named validator-z"),
        (Removal(kind="remove-node", node="validator-a"), "is a validator, not a node"),
        (Rotation(kind="rotate-key", node="validator-b", card=newer), f"validator-b is a validator of {LEIS[1]}"),
        (Rotation(kind="rotate-key", node="validator-a", card=taken), "a new key is a new node"),
    ):
        with pytest.raises(CeremonyRefused, match=said):
            say(begun, harbour, 0, Propose(change=change, why="no"))  # type: ignore[arg-type]


def test_last_validator_stays(tmp_path: Path) -> None:
    alone = found(tmp_path, members=1)

    with pytest.raises(CeremonyRefused, match="is the last validator"):
        say(
            load_ceremony(alone.folder),
            alone,
            0,
            Propose(change=Removal(kind="remove-validator", node="validator-a"), why="x"),
        )


def test_key_that_was_replaced_never_comes_back(begun: Ceremony, harbour: Consortium) -> None:
    ceremony = decided(begun, harbour, rotation(harbour))

    assert "validator-a" not in ceremony.state.nodes
    assert harbour.cards[0].body.address in ceremony.retired
    back = Propose(change=Rotation(kind="rotate-key", node="validator-a2", card=harbour.cards[0]), why="back")
    with pytest.raises(CeremonyRefused, match="was taken out of service"):
        say(ceremony, harbour, 1, back)


def rotation(made: Consortium) -> Propose:
    return Propose(change=Rotation(kind="rotate-key", node="validator-a", card=made.cards[5]), why="laptop lost")


# The course of it


def test_more_than_half_of_the_organisations_decide(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = say(begun, harbour, 0, newcomer)
    ceremony = say(ceremony, harbour, 1, yes(1))
    assert ceremony.proposals[1].standing == "open"  # two of four are not more than half
    assert ceremony.state == begun.state

    ceremony = say(ceremony, harbour, 2, yes(1))

    assert ceremony.proposals[1].standing == "decided"
    assert len(ceremony.state.validators) == 5
    assert ceremony.proposals[1].votes == (Vote(harbour.cards[4].body.address, True),)


def test_proposal_that_can_win_no_more_is_refused(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = say(say(begun, harbour, 0, newcomer), harbour, 1, no(1))
    assert ceremony.proposals[1].standing == "open"

    ceremony = say(ceremony, harbour, 0, no(1))

    assert ceremony.proposals[1].standing == "refused"
    assert ceremony.state == begun.state


def test_one_decision_can_bring_about_and_undo_others(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    """With validator-d gone, two of three are enough for the rotation; and d itself cannot go twice."""
    away = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="left")
    ceremony = say(say(begun, harbour, 1, rotation(harbour)), harbour, 2, yes(1))
    ceremony = say(ceremony, harbour, 1, away)
    ceremony = say(ceremony, harbour, 2, away)
    ceremony = say(ceremony, harbour, 0, yes(3))
    ceremony = say(ceremony, harbour, 2, yes(3))

    assert {n: p.standing for n, p in ceremony.proposals.items()} == {1: "decided", 3: "decided", 4: "void"}
    assert [p.number for p in ceremony.pending_for(LEIS[0])] == [3, 1]
    assert [n.node for n in ceremony.state.ordered] == ["validator-a2", "validator-b", "validator-c"]


def test_what_was_decided_first_is_done_first(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = decided(decided(begun, harbour, rotation(harbour)), harbour, newcomer)

    with pytest.raises(CeremonyRefused, match="has not carried out proposal 1, which was decided before"):
        say(ceremony, harbour, 0, Done(proposal=4))
    ceremony = say(say(ceremony, harbour, 0, Done(proposal=1)), harbour, 0, Done(proposal=4))
    with pytest.raises(CeremonyRefused, match="nothing is to be done"):
        say(ceremony, harbour, 0, Done(proposal=4))


def test_status_says_who_has_to_run_what(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = say(begun, harbour, 0, newcomer)
    assert [(row["lei"], row["run"]) for row in to_act(ceremony)] == [
        (lei, "portolan network approve harbour 1  (or: reject)") for lei in LEIS[1:4]
    ]

    ceremony = say(say(ceremony, harbour, 1, yes(1)), harbour, 2, yes(1))
    assert [row["lei"] for row in to_act(ceremony)] == list(LEIS[:5])
    for of in range(5):
        ceremony = say(ceremony, harbour, of, Done(proposal=1))

    assert to_act(ceremony) == []
    row = status_of(ceremony)["proposals"][0]
    assert row["complete"] is True
    assert json.loads(json.dumps(status_of(ceremony))) == status_of(ceremony)


def test_copies_are_brought_together_or_told_apart(
    tmp_path: Path, begun: Ceremony, newcomer: Propose, harbour: Consortium
) -> None:
    short = say(begun, harbour, 0, newcomer)
    long = say(short, harbour, 1, yes(1))
    other = say(short, harbour, 2, yes(1))
    liar = say(short, harbour, 1, no(1))
    for name, ceremony in (("short", short), ("long", long)):
        write_whole(tmp_path / name, ceremony.log().file())

    assert joined(short, tmp_path / "long").entries == long.entries
    assert joined(long, tmp_path / "short").entries == long.entries
    with pytest.raises(CeremonyRefused, match=r"long: entry 2: the copies part: .*They spoke at once"):
        joined(other, tmp_path / "long")
    with pytest.raises(CeremonyRefused, match="One member has signed two entries in one place"):
        joined(liar, tmp_path / "long")


# Carrying it out


class Nodes:
    """A chain of QBFT validators that count votes as Besu does, with a node that answers for each."""

    def __init__(self, validators: list[str]) -> None:
        self.validators = set(validators)
        self.votes: dict[str, dict[str, bool]] = {}
        self.calls: list[tuple[str, str]] = []
        self.lists: dict[str, list[str]] = {"perm_getNodesAllowlist": [], "perm_getAccountsAllowlist": []}

    def follow(self, ceremony: Ceremony) -> None:
        """The nodes' files are what was agreed; Besu adds its port for discovery to what it tells."""
        peers = [BesuEngine().peer_url(n) + "?discport=0" for n in ceremony.state.ordered]
        self.lists = {"perm_getNodesAllowlist": peers, "perm_getAccountsAllowlist": list(ceremony.terms.accounts)}

    def ask(self, address: str) -> Any:
        def answer(call: RpcCall) -> Any:
            self.calls.append((address, call.method))
            if call.method == "qbft_proposeValidatorVote":
                self.votes.setdefault(address, {})[call.params[0]] = call.params[1]
                self._count()
            if call.method == "qbft_discardValidatorVote":
                self.votes.get(address, {}).pop(call.params[0], None)
            if call.method in self.lists:
                return self.lists[call.method]
            return sorted(self.validators) if call.method == "qbft_getValidatorsByBlockNumber" else True

        return answer

    def _count(self) -> None:
        for subject in {s for votes in self.votes.values() for s in votes}:
            for admit in (True, False):
                agreed = [v for v in self.validators if self.votes.get(v, {}).get(subject) is admit]
                if 2 * len(agreed) > len(self.validators):
                    (self.validators.add if admit else self.validators.discard)(subject)


def test_votes_take_effect_once_enough_members_apply(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony, nodes = decided(begun, harbour, newcomer), Nodes([n.address for n in begun.state.validators])
    nodes.follow(ceremony)
    engine = BesuEngine()
    ways = {n.node: nodes.ask(n.address) for n in ceremony.state.ordered}
    address = harbour.cards[4].body.address

    first = [
        apply_on(engine, ceremony, LEIS[of], {k: ways[k] for k in (f"validator-{'abcd'[of]}",)}, 0, 0) for of in (0, 1)
    ]
    assert [a.waiting for a in first] == [(Vote(address, True),)] * 2
    third = apply_on(engine, ceremony, LEIS[2], {"validator-c": ways["validator-c"]}, 1, 0)

    assert third.waiting == ()
    assert address in nodes.validators
    assert nodes.votes[ceremony.state.nodes["validator-c"].address] == {}
    again = apply_on(engine, ceremony, LEIS[0], {"validator-a": ways["validator-a"]}, 0, 0)
    assert "the chain has the agreed 5 validators" in again.steps


def test_who_goes_is_cut_off_only_after_the_vote(begun: Ceremony, harbour: Consortium) -> None:
    away = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="left")
    ceremony, nodes = decided(begun, harbour, away), Nodes([n.address for n in begun.state.validators])
    nodes.follow(ceremony)
    ways = {n.node: nodes.ask(n.address) for n in ceremony.state.ordered}

    for of, letter, wait in ((0, "a", 0), (1, "b", 0), (2, "c", 5)):  # only the last one's votes have an effect
        apply_on(BesuEngine(), ceremony, LEIS[of], {f"validator-{letter}": ways[f"validator-{letter}"]}, wait, 0)

    assert nodes.validators == {n.address for n in ceremony.state.validators}
    reloaded = [address for address, method in nodes.calls if method == "perm_reloadPermissionsFromFile"]
    assert reloaded == [ceremony.state.nodes["validator-c"].address]


def test_single_validator_replaces_its_own_key_through_its_old_node(tmp_path: Path) -> None:
    alone = found(tmp_path, members=1)
    alone.cards.append(alone.card(0, "validator-new"))
    ceremony = say(
        load_ceremony(alone.folder),
        alone,
        0,
        Propose(change=Rotation(kind="rotate-key", node="validator-a", card=alone.cards[1]), why="new machine"),
    )
    nodes = Nodes([alone.cards[0].body.address])
    nodes.follow(ceremony)
    ways = {card.body.node: nodes.ask(card.body.address) for card in alone.cards}
    steps = [(node, call.method, *call.params) for node, call in calls_by_hand(BesuEngine(), ceremony, LEIS[0])]

    assert ("validator-a", "qbft_proposeValidatorVote", alone.cards[1].body.address, True) in steps
    apply_on(BesuEngine(), ceremony, LEIS[0], ways, 0, 0)
    applied = apply_on(BesuEngine(), ceremony, LEIS[0], ways, 0, 0)
    assert applied.waiting in ((), (Vote(alone.cards[0].body.address, False),))
    if applied.waiting:
        applied = apply_on(BesuEngine(), ceremony, LEIS[0], ways, 0, 0)
    assert nodes.validators == {alone.cards[1].body.address}


class PlainEngine(BesuEngine):
    """One whose nodes keep no lists and whose votes end by themselves."""

    def discard_call(self, vote: Vote) -> None:
        return None

    def reload_call(self) -> None:
        return None


def test_engine_without_lists_is_only_asked_to_vote(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony, nodes = decided(begun, harbour, newcomer), Nodes([n.address for n in begun.state.validators])
    for of, letter, wait in ((0, "a", 0), (1, "b", 0), (2, "c", 5)):
        node = f"validator-{letter}"
        way = {node: nodes.ask(ceremony.state.nodes[node].address)}
        applied = apply_on(PlainEngine(), ceremony, LEIS[of], way, wait, 0)

    assert applied.waiting == ()
    assert {method for _, method in nodes.calls} == {"qbft_proposeValidatorVote", "qbft_getValidatorsByBlockNumber"}


def test_validator_that_nobody_decided_on_stops_everything(
    begun: Ceremony, newcomer: Propose, harbour: Consortium
) -> None:
    ceremony = decided(begun, harbour, newcomer)
    nodes = Nodes([*(n.address for n in begun.state.validators), "0x" + "99" * 20])
    nodes.follow(ceremony)
    way = {"validator-a": nodes.ask(ceremony.state.nodes["validator-a"].address)}

    with pytest.raises(VoteFailed, match="no decision of this ceremony names: 0x9999"):
        apply_on(BesuEngine(), ceremony, LEIS[0], way, 0, 0)
    assert nodes.votes == {}


def test_member_must_reach_all_its_nodes(begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    with pytest.raises(VoteFailed, match="validator-a: no --rpc was given"):
        apply_on(BesuEngine(), decided(begun, harbour, newcomer), LEIS[0], {}, 0, 0)


def test_votes_bring_in_before_they_put_out() -> None:
    assert votes_between(["a", "b"], ["b", "c"]) == (Vote("c", True), Vote("a", False))


def test_files_follow_the_decision_and_the_first_block_does_not(tmp_path: Path) -> None:
    made = found(tmp_path)
    made.cards.append(made.card(0, "validator-a2", host="10.0.0.1"))
    begun = load_ceremony(made.folder)
    genesis, mark = (
        (made.folder / "genesis.json").read_bytes(),
        check_bundle(made.folder, current_files(made.folder, begun)),
    )
    after = decided(begun, made, rotation_of(made))
    save_ceremony(made.folder, after)

    changed = write_bundle(made.folder, current_files(made.folder, load_ceremony(made.folder)))

    assert "nodes/validator-a/compose.yaml" in changed
    assert not (made.folder / "nodes" / "validator-a").exists()
    assert (made.folder / "nodes" / "validator-a2" / "compose.yaml").exists()
    assert (made.folder / "genesis.json").read_bytes() == genesis
    peers = json.loads((made.folder / "permissions" / "static-nodes.json").read_text())
    assert sum(made.cards[4].body.public_key in peer for peer in peers) == 1
    assert not any(made.cards[0].body.public_key in peer for peer in peers)
    assert check_bundle(made.folder, current_files(made.folder, after)) != mark


def rotation_of(made: Consortium) -> Propose:
    return Propose(change=Rotation(kind="rotate-key", node="validator-a", card=made.cards[4]), why="lost")


# By commands


def test_ceremony_is_held_by_commands_on_several_machines(tmp_path: Path) -> None:
    made = found(tmp_path)
    made.card(4, "validator-e")
    (tmp_path / "pass").write_text(PASSPHRASE)

    def run(of: int, *arguments: object, code: int = 0) -> str:
        own = [
            "--root",
            made.folder.parent,
            "--member-dir",
            made.member(of).path,
            "--passphrase-file",
            tmp_path / "pass",
        ]
        result = runner.invoke(network_app, [str(a) for a in (*arguments, *own)], env={"COLUMNS": "200"})
        assert result.exit_code == code, result.output
        return result.output

    thinner = ["propose", "remove-validator", "harbour", "--node", "validator-d", "--why", "old"]
    proposed = run(0, *thinner)
    assert "3 validators bear no fault" in proposed
    assert f"Proposal 1 is by {LEIS[0]}: old.\n" in proposed
    for of in (1, 2):
        run(of, "reject", "harbour", 1)
    card = made.member(4).card_path("validator-e")
    newcomer = load_card(card).body
    accounts = f"validator {newcomer.address}, member key {newcomer.member}"
    asked_of_others = f"Proposal 4 is by {LEIS[0]}: a fifth. Have its owner read to you: {accounts}.\n"
    assert asked_of_others in run(0, "propose", "add-validator", "harbour", "--card", card, "--why", "a fifth")
    assert asked_of_others in run(1, "approve", "harbour", 4)
    assert "proposal 4 is decided" not in run(2, "approve", "harbour", 4)
    assert "is decided" in run(3, "approve", "harbour", 4, code=1)
    shown = run(3, "apply", "harbour")

    assert '"qbft_proposeValidatorVote"' in shown
    check = runner.invoke(network_app, ["check", "harbour", "--root", str(made.folder.parent)])
    assert "6 entries" in check.output
    asked = runner.invoke(network_app, ["status", "harbour", "--json", "--root", str(made.folder.parent)])
    assert json.loads(asked.output)["proposals"][1]["standing"] == "decided"
    plain = runner.invoke(network_app, ["status", "harbour", "--root", str(made.folder.parent)], env={"COLUMNS": "200"})
    assert f"({LEIS[4]}): portolan network apply harbour" in plain.output
    assert "Have its owner read to you" not in plain.output


def test_kinds_of_changes_are_commands_of_their_own(tmp_path: Path) -> None:
    made = found(tmp_path)
    (tmp_path / "pass").write_text(PASSPHRASE)
    own = ["--root", made.folder.parent, "--member-dir", made.member(0).path, "--passphrase-file", tmp_path / "pass"]
    card = made.card(4, "validator-e")
    path = made.member(4).card_path(card.body.node)
    kinds = {
        "add-validator": ["--card", path],
        "add-node": ["--card", path],
        "remove-validator": ["--node", "validator-d"],
        "remove-node": ["--node", "validator-d"],
        "rotate-key": ["--node", "validator-d", "--card", path],
    }
    refusals = {
        "add-node": "its card is of a validator, not of a node",
        "remove-node": "is a validator, not a node",
        "rotate-key": "its card is of a validator of",
    }

    for kind, what in kinds.items():
        words = [kind, "harbour", *what, "--why", "agreed by telephone", *own]
        result = runner.invoke(network_app, [str(word) for word in words], env={"COLUMNS": "200"})

        assert result.exit_code == (1 if kind in refusals else 0), result.output
        assert refusals.get(kind, "to the other members") in result.output
    changes = [proposal.change.kind for proposal in load_ceremony(made.folder).proposals.values()]
    assert changes == ["add-validator", "remove-validator"]


def test_same_proposal_is_made_once_and_a_missing_passphrase_is_named(tmp_path: Path) -> None:
    made = found(tmp_path)
    (tmp_path / "pass").write_text(PASSPHRASE)

    def remove(passphrase_file: Path) -> tuple[int, str]:
        words = ["remove-validator", "harbour", "--node", "validator-d", "--why", "old", "--root", made.folder.parent]
        words += ["--member-dir", made.member(0).path, "--passphrase-file", passphrase_file]
        result = runner.invoke(network_app, [str(word) for word in words], env={"COLUMNS": "200"})
        return result.exit_code, result.output

    code, said = remove(tmp_path / "nowhere")
    assert code == 1
    assert f"{tmp_path / 'nowhere'}: the passphrase of the member key cannot be read: No such file" in said
    assert remove(tmp_path / "pass")[0] == 0
    code, said = remove(tmp_path / "pass")
    assert code == 1
    assert "proposal 1 asks for the same and is open: approve that one" in said
    assert len(load_ceremony(made.folder).entries) == 1


def test_status_says_how_the_members_own_nodes_are(tmp_path: Path) -> None:
    made = found(tmp_path)
    words = ["status", "harbour", "--root", made.folder.parent, "--member-dir", made.member(0).path]

    result = runner.invoke(network_app, [str(word) for word in words], env={"COLUMNS": "200"})

    assert result.exit_code == 0, result.output
    assert "3 of 4 voters decide" in result.output
    assert "validator-a: is not running" in result.output


def test_apply_votes_on_real_nodes_and_signs_that_it_is_done(tmp_path: Path) -> None:
    """A node is a JSON-RPC server here; the chain behind the four of them counts votes as Besu does."""
    made = found(tmp_path)
    made.cards.append(made.card(4, "validator-e"))
    (tmp_path / "pass").write_text(PASSPHRASE)
    change = Addition(kind="add-validator", card=made.cards[4])
    begun = load_ceremony(made.folder)
    save_ceremony(made.folder, decided(begun, made, Propose(change=change, why="a fifth")))
    nodes = Nodes([n.address for n in begun.state.validators])
    nodes.follow(load_ceremony(made.folder))

    def answers(address: str) -> dict[str, Any]:
        ask = nodes.ask(address)
        return {
            method: lambda params, method=method: ask(RpcCall(method, tuple(params)))
            for method in (
                "perm_reloadPermissionsFromFile",
                "perm_getNodesAllowlist",
                "perm_getAccountsAllowlist",
                "qbft_proposeValidatorVote",
                "qbft_discardValidatorVote",
                "qbft_getValidatorsByBlockNumber",
            )
        }

    def apply(of: int, node: str, code: int) -> str:
        with proxy(answers(load_ceremony(made.folder).state.nodes[node].address)) as served:
            own = ["--member-dir", made.member(of).path, "--passphrase-file", tmp_path / "pass"]
            rpc = ["--rpc", f"{node}={served.url}", "--wait", 0, "--root", made.folder.parent]
            arguments = [str(a) for a in ("apply", "harbour", *own, *rpc)]
            result = runner.invoke(network_app, arguments, env={"COLUMNS": "200"})
        assert result.exit_code == code, result.output
        return result.output

    assert "other members have to cast theirs" in apply(0, "validator-a", 3)
    apply(1, "validator-b", 3)
    apply(2, "validator-c", 3)
    assert made.cards[4].body.address in nodes.validators
    assert load_ceremony(made.folder).proposals[1].done == frozenset()
    for of, letter in enumerate("abcde"):
        assert f"Proposal 1 is carried out on all nodes of {LEIS[of]}" in apply(of, f"validator-{letter}", 0)

    assert to_act(load_ceremony(made.folder)) == []
    assert not any(nodes.votes.values())


def test_any_entry_survives_the_file(tmp_path: Path, begun: Ceremony, newcomer: Propose, harbour: Consortium) -> None:
    ceremony = decided(begun, harbour, newcomer)
    write_whole(tmp_path / "log", ceremony.log().file())

    again = joined(begun, tmp_path / "log")

    assert again == replace(ceremony, entries=tuple(Entry.model_validate(e.model_dump()) for e in ceremony.entries))
    assert again.head == ceremony.head
    assert isinstance(again.cards[0], Card)
