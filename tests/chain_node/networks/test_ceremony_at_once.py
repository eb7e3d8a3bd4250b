"""Two commands of one member at a time: neither overwrites what the other wrote."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import LEIS, PASSPHRASE, Consortium, found
from rpc_proxy import proxy
from test_network_ceremony import Nodes, decided
from typer.testing import CliRunner

from chain_node.networks import ceremony_cli, speaking
from chain_node.networks.ceremony import Ceremony, joined, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition, Removal
from chain_node.networks.cli import network_app
from chain_node.networks.documents import write_whole
from chain_node.networks.engine import RpcCall
from chain_node.networks.entries import Answer, Done, Propose
from chain_node.networks.member import MemberFolder
from chain_node.networks.one_writer import one_writer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANSWERED = (
    "perm_reloadPermissionsFromFile",
    "perm_getNodesAllowlist",
    "perm_getAccountsAllowlist",
    "qbft_proposeValidatorVote",
    "qbft_discardValidatorVote",
    "qbft_getValidatorsByBlockNumber",
)
AWAY = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="it leaves")
runner = CliRunner()


@pytest.fixture
def made(tmp_path: Path) -> Consortium:
    made = found(tmp_path)
    (tmp_path / "pass").write_text(PASSPHRASE)
    made.cards.append(made.card(4, "validator-e"))
    return made


def run(made: Consortium, *words: object, own: bool = True, code: int = 0) -> str:
    key = ["--member-dir", made.member(0).path, "--passphrase-file", made.home.parent / "pass"] if own else []
    said = [str(word) for word in (*words, "--root", made.folder.parent, *key)]
    result = runner.invoke(network_app, said, env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def admitted(made: Consortium) -> Ceremony:
    """A fifth validator is decided and on nobody's nodes yet."""
    change = Addition(kind="add-validator", card=made.cards[4])
    ceremony = decided(load_ceremony(made.folder), made, Propose(change=change, why="a fifth"))
    save_ceremony(made.folder, ceremony)
    return ceremony


def write_meanwhile(folder: Path, act: Callable[[Ceremony], Ceremony]) -> None:
    """As another command does; fails where somebody waits with the folder in hand."""

    def held(text: str) -> None:
        raise AssertionError(text)

    with one_writer(folder, held, silent_seconds=0):
        save_ceremony(folder, act(load_ceremony(folder)))


def apply_while(made: Consortium, ceremony: Ceremony, act: Callable[[Ceremony], Ceremony], code: int = 0) -> str:
    """`apply` by the first member; `act` happens to its log once its vote was cast, the others having voted before."""
    nodes = Nodes([card.body.address for card in made.cards[:4]])
    nodes.follow(ceremony)
    vote = RpcCall("qbft_proposeValidatorVote", (made.cards[4].body.address, True))
    for of in (1, 2):
        nodes.ask(made.cards[of].body.address)(vote)
    ask, acted = nodes.ask(made.cards[0].body.address), threading.Event()

    def answer(method: str, params: list[Any]) -> Any:
        if method == "qbft_proposeValidatorVote" and not acted.is_set():
            write_meanwhile(made.folder, act)
            acted.set()
        return ask(RpcCall(method, tuple(params)))

    ways = {method: (lambda params, method=method: answer(method, params)) for method in ANSWERED}
    with proxy(ways) as served:
        said = run(made, "apply", "harbour", "--rpc", f"validator-a={served.url}", "--wait", 60, code=code)
    assert acted.is_set()
    return said


def test_apply_keeps_what_was_said_while_it_waited(made: Consortium, tmp_path: Path) -> None:
    start = admitted(made)

    def said_meanwhile(ceremony: Ceremony) -> Ceremony:
        theirs = ceremony.signed(AWAY, made.key(1), NOW)
        write_whole(tmp_path / "sent.json", theirs.log().file())
        ours = joined(ceremony, tmp_path / "sent.json")
        return ours.signed(Answer(kind="approve", proposal=4), made.key(0), NOW)

    assert "Proposal 1 is carried out" in apply_while(made, start, said_meanwhile)

    after = load_ceremony(made.folder)
    assert [entry.body.action.kind for entry in after.entries[3:]] == ["propose", "approve", "done"]
    assert after.proposals[4].approvals == {LEIS[0], LEIS[1]}


def test_apply_says_what_another_apply_has_signed_already(made: Consortium) -> None:
    start = admitted(made)

    said = apply_while(made, start, lambda ceremony: ceremony.signed(Done(proposal=1), made.key(0), NOW))

    assert f"Proposal 1: {LEIS[0]} has nothing to sign for it any more" in said
    assert "is carried out" not in said
    assert len(load_ceremony(made.folder).entries) == 4


def test_apply_says_what_was_decided_meanwhile(made: Consortium) -> None:
    def gone(ceremony: Ceremony) -> Ceremony:
        for of, action in ((1, AWAY), (2, Answer(kind="approve", proposal=4)), (3, Answer(kind="approve", proposal=4))):
            ceremony = ceremony.signed(action, made.key(of), NOW)
        return ceremony

    said = apply_while(made, admitted(made), gone)

    assert "Proposal 1 is carried out" in said
    assert "Proposal 4 was decided meanwhile: run this again." in said


def test_apply_signs_nothing_on_a_log_that_was_replaced(made: Consortium) -> None:
    begun = load_ceremony(made.folder)

    said = apply_while(made, admitted(made), lambda _: begun.signed(AWAY, made.key(1), NOW), code=1)

    assert "the log was replaced meanwhile" in said
    assert len(load_ceremony(made.folder).entries) == 1


def test_answer_goes_behind_what_came_while_the_passphrase_was_typed(
    made: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_meanwhile(made.folder, lambda ceremony: ceremony.signed(AWAY, made.key(1), NOW))

    def slow(folder: MemberFolder, ceremony: Ceremony, passphrase_file: Path | None) -> Any:
        write_meanwhile(made.folder, lambda its: its.signed(Answer(kind="approve", proposal=1), made.key(2), NOW))
        return made.key(0)

    monkeypatch.setattr(speaking, "own_key", slow)
    run(made, "approve", "harbour", 1)

    authors = [entry.body.author for entry in load_ceremony(made.folder).entries]
    assert authors == [LEIS[1], LEIS[2], LEIS[0]]


def test_answer_that_came_too_late_is_refused_and_nothing_is_lost(
    made: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_meanwhile(made.folder, lambda ceremony: ceremony.signed(AWAY, made.key(1), NOW))

    def slow(folder: MemberFolder, ceremony: Ceremony, passphrase_file: Path | None) -> Any:
        for of in (2, 3):
            vote = Answer(kind="approve", proposal=1)
            write_meanwhile(made.folder, lambda its, of=of, vote=vote: its.signed(vote, made.key(of), NOW))  # type: ignore[misc]
        return made.key(0)

    monkeypatch.setattr(speaking, "own_key", slow)

    assert "proposal 1 is decided: nobody is asked any more" in run(made, "reject", "harbour", 1, code=1)
    assert len(load_ceremony(made.folder).entries) == 3


def test_receive_takes_in_behind_what_is_here_by_then(
    made: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the one that writes, says so after a while, and reads only then."""
    ours = load_ceremony(made.folder)
    theirs = ours.signed(AWAY, made.key(1), NOW).signed(Answer(kind="approve", proposal=1), made.key(2), NOW)
    write_whole(tmp_path / "sent.json", theirs.log().file())
    asked, told = threading.Event(), []

    def soon(folder: Path, tell: Callable[[str], None]) -> Any:
        def heard(text: str) -> None:
            told.append(text)
            asked.set()

        return one_writer(folder, heard, silent_seconds=0)

    def hold(taken: threading.Event) -> None:
        with one_writer(made.folder, told.append):
            taken.set()
            assert asked.wait(60)
            save_ceremony(made.folder, theirs)

    monkeypatch.setattr(ceremony_cli, "one_writer", soon)
    taken = threading.Event()
    holder = threading.Thread(target=hold, args=(taken,))
    holder.start()
    assert taken.wait(60)
    said = run(made, "receive", "harbour", tmp_path / "sent.json", own=False)
    holder.join(60)

    assert told == [f"{made.folder}: another command is writing the ceremony's log; waiting until it has ended."]
    assert "0 entries are new." in said
    assert load_ceremony(made.folder).entries == theirs.entries


def test_lock_leaves_nothing_among_the_agreed_files(made: Consortium) -> None:
    before = sorted(made.folder.rglob("*"))
    copy = made.folder.with_name("copy")

    with one_writer(made.folder, pytest.fail):
        assert sorted(made.folder.rglob("*")) == before
        shutil.copytree(made.folder, copy)
        with one_writer(copy, pytest.fail, silent_seconds=0):
            pass
    with one_writer(made.folder, pytest.fail, silent_seconds=0):
        pass
