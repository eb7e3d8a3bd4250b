"""A member changes the key that it signs the ceremony's steps with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import LEIS, PASSPHRASE, Consortium, found
from eth_account import Account
from eth_account.signers.local import LocalAccount
from typer.testing import CliRunner

from chain_node.networks.backup import collect
from chain_node.networks.ceremony import Ceremony, joined, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition, MemberKey, Removal, changed, new_member_key
from chain_node.networks.cli import network_app
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import CeremonyRefused, ChangeRefused, SignatureInvalid
from chain_node.networks.member import MemberFolder, NodeWish
from chain_node.networks.status import status_of, to_act

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW_PASSPHRASE = "another correct horse"
runner = CliRunner()


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    return found(tmp_path_factory.mktemp("rotation"))


@pytest.fixture(scope="module")
def keys(harbour: Consortium) -> list[LocalAccount]:
    return [harbour.key(of) for of in range(4)]


@pytest.fixture
def begun(harbour: Consortium) -> Ceremony:
    return load_ceremony(harbour.folder)


@pytest.fixture
def fresh() -> LocalAccount:
    made: LocalAccount = Account.create()
    return made


def wish(begun: Ceremony, old: LocalAccount, new: LocalAccount, of: int = 0) -> Propose:
    return Propose(change=new_member_key(begun.terms, LEIS[of], old.address, new), why="the safe was opened")


def decided(begun: Ceremony, keys: list[LocalAccount], action: Propose) -> Ceremony:
    ceremony = begun.signed(action, keys[0], NOW)
    for of in (1, 2):
        ceremony = ceremony.signed(Answer(kind="approve", proposal=len(begun.entries) + 1), keys[of], NOW)
    return ceremony


def altered(begun: Ceremony, keys: list[LocalAccount], new: LocalAccount, **other: str) -> MemberKey:
    change = wish(begun, keys[0], new).change
    assert isinstance(change, MemberKey)
    return change.model_copy(update=other)


# Refusals


def test_nobody_changes_anothers_key(begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount) -> None:
    with pytest.raises(CeremonyRefused, match=f"only {LEIS[1]} itself proposes its member key"):
        begun.signed(wish(begun, keys[1], fresh, of=1), keys[0], NOW)


def test_key_of_somebody_else_is_not_taken(begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount) -> None:
    change = altered(begun, keys, fresh, key="0x" + "ab" * 20)

    with pytest.raises(SignatureInvalid, match="the proof of the new member key: not signed by 0xabab"):
        changed(begun.terms, begun.state, change, begun.retired)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"lei": LEIS[5]}, "is no member"),
        ({"lei": LEIS[1]}, "its member key is 0x"),
        ({"old": "0x" + "cd" * 20}, "its member key is 0x.*not 0xcdcd"),
    ],
)
def test_change_of_another_member_or_key_is_refused(
    begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount, other: dict[str, str], said: str
) -> None:
    with pytest.raises(ChangeRefused, match=said):
        changed(begun.terms, begun.state, altered(begun, keys, fresh, **other), begun.retired)


def test_proof_for_other_terms_is_worth_nothing(begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount) -> None:
    others = begun.terms.model_copy(update={"chain_id": begun.terms.chain_id + 1})
    change = new_member_key(others, LEIS[0], keys[0].address, fresh)

    with pytest.raises(SignatureInvalid, match="the proof of the new member key"):
        changed(begun.terms, begun.state, change, begun.retired)


def test_key_of_another_member_or_node_is_no_new_key(
    begun: Ceremony, keys: list[LocalAccount], harbour: Consortium
) -> None:
    node = Account.from_key((harbour.member(0).node_folder("validator-a") / "key").read_text().strip())

    with pytest.raises(CeremonyRefused, match="two LEIs with one member key"):
        begun.signed(wish(begun, keys[0], keys[1]), keys[0], NOW)
    with pytest.raises(CeremonyRefused, match="its member key is the key of the node validator-a"):
        begun.signed(wish(begun, keys[0], node), keys[0], NOW)
    with pytest.raises(CeremonyRefused, match="was in service before"):
        begun.signed(wish(begun, keys[0], keys[0]), keys[0], NOW)


def test_thief_of_the_key_cannot_lock_its_owner_out_alone(
    begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount
) -> None:
    ceremony = begun.signed(wish(begun, keys[0], fresh), keys[0], NOW)

    with pytest.raises(ChangeRefused, match="is of no member"):
        ceremony.author_of(fresh.address)
    assert {row["lei"] for row in to_act(ceremony)} == set(LEIS[1:4])
    for of in (1, 2):
        ceremony = ceremony.signed(Answer(kind="reject", proposal=1), keys[of], NOW)
    assert ceremony.proposals[1].standing == "refused"
    assert ceremony.author_of(keys[0].address) == LEIS[0]


def test_old_key_is_silent_afterwards_and_never_comes_back(
    begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount
) -> None:
    ceremony = decided(begun, keys, wish(begun, keys[0], fresh))
    removal = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="old")
    newer = [fresh, *keys[1:]]

    with pytest.raises(ChangeRefused, match="is of no member"):
        ceremony.signed(removal, keys[0], NOW)
    with pytest.raises(CeremonyRefused, match="was in service before; make a new one"):
        ceremony.signed(wish(ceremony, fresh, keys[0]), fresh, NOW)
    again = decided(ceremony, newer, wish(ceremony, fresh, Account.create()))
    assert {keys[0].address.lower(), fresh.address.lower()} <= again.retired


def test_card_under_the_old_key_is_refused(
    begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount, harbour: Consortium, tmp_path: Path
) -> None:
    member = MemberFolder(tmp_path / "again", scrypt_n=2**10)
    says = NodeWish(LEIS[0], "Member 0", "ops@0", "validator-a2", "validator", "10.0.0.2", 30303)
    old = Addition(kind="add-validator", card=member.make_node(harbour.terms, says, keys[0]))
    new = Addition(
        kind="add-validator",
        card=member.make_node(harbour.terms, NodeWish(**{**vars(says), "node": "validator-a3"}), fresh),
    )
    waiting = begun.signed(Propose(change=old, why="more"), keys[0], NOW)

    ceremony = decided(waiting, keys, wish(begun, keys[0], fresh))

    assert ceremony.proposals[1].standing == "void"
    with pytest.raises(ChangeRefused, match="signed with a member key that was replaced"):
        changed(ceremony.terms, ceremony.state, old, ceremony.retired)
    assert "validator-a3" in changed(ceremony.terms, ceremony.state, new, ceremony.retired).nodes
    gone = ceremony.state.without_node("validator-a")
    with pytest.raises(ChangeRefused, match="signed with a member key that was replaced"):
        changed(ceremony.terms, gone, old, ceremony.retired)


# What it does


def test_decided_key_speaks_and_nothing_is_left_to_do(
    begun: Ceremony, keys: list[LocalAccount], fresh: LocalAccount, tmp_path: Path
) -> None:
    ceremony = decided(begun, keys, wish(begun, keys[0], fresh))
    told = status_of(ceremony)["proposals"][0]

    assert told["standing"] == "decided"
    assert told["complete"]
    assert to_act(ceremony) == []
    assert told["change"] == f"rotate-member-key of {LEIS[0]} to {fresh.address.lower()}"
    assert told["new_accounts"] == {"member key": fresh.address.lower()}
    assert ceremony.state.members[LEIS[0]].key == fresh.address.lower()
    assert [n.address for n in ceremony.state.validators] == [n.address for n in begun.state.validators]
    removal = Propose(change=Removal(kind="remove-validator", node="validator-d"), why="old")
    after = ceremony.signed(removal, fresh, NOW)
    (tmp_path / "log").write_bytes(after.log().file())
    assert joined(begun, tmp_path / "log").state == after.state


def test_member_changes_its_key_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain_node.networks.member._SCRYPT_N", 2**10)
    made = found(tmp_path)
    (tmp_path / "pass").write_text(PASSPHRASE)
    (tmp_path / "new").write_text(NEW_PASSPHRASE)

    def run(of: int, *words: object, code: int = 0, secret: str = "pass") -> str:  # noqa: S107  # a file name
        own = ["--root", made.folder.parent, "--member-dir", made.member(of).path]
        said: list[Any] = [*words, *own, "--passphrase-file", tmp_path / secret]
        result = runner.invoke(network_app, [str(word) for word in said], env={"COLUMNS": "200"})
        assert result.exit_code == code, result.output
        return result.output

    rotate = ["rotate-member-key", "harbour", "--why", "old", "--new-passphrase-file", tmp_path / "new"]
    assert "cannot be opened" in run(0, *rotate, code=1, secret="new")
    assert len(made.member(0).keystores) == 1
    shown = run(0, *rotate)
    first, second = made.member(0).keystores
    assert second.name == "member-2.json"
    assert second.stat().st_mode & 0o077 == 0
    assert load_ceremony(made.folder).proposals[1].change.key in shown  # type: ignore[union-attr]  # a member key's
    assert "proposal 1 asks for the same" in run(0, *rotate, code=1)  # the same key once more: nothing piles up
    assert made.member(0).keystores == (first, second)

    run(1, "approve", "harbour", 1)
    run(2, "approve", "harbour", 1)
    removal = ["remove-validator", "harbour", "--node", "validator-d", "--why", "old"]
    assert "member-2.json: cannot be opened with this passphrase" in run(0, *removal, code=1)
    run(0, *removal, secret="new")
    assert load_ceremony(made.folder).entries[-1].body.author == LEIS[0]
    standings = [proposal.standing for proposal in load_ceremony(made.folder).proposals.values()]
    assert standings == ["decided", "open"]

    node = ["member", "init", "harbour", "--name", "validator-a2", "--lei", LEIS[0], "--organisation", "Member 0"]
    run(0, *node, "--contact", "ops@0", "--host", "10.0.0.2", secret="new")
    run(
        0,
        "add-validator",
        "harbour",
        "--card",
        made.member(0).card_path("validator-a2"),
        "--why",
        "more",
        secret="new",
    )


def test_backup_has_all_keys_or_none(tmp_path: Path) -> None:
    made = found(tmp_path)
    member, ceremony = made.member(0), load_ceremony(made.folder)
    member.make_next_key(NEW_PASSPHRASE, made.key(0).address)
    home = member.node_folder("validator-a")
    for left in (".running", "up.pid", "endpoint.json"):
        (home / left).write_text("1\n")
    save_ceremony(made.folder, ceremony)

    with_keys = set(collect(member, made.folder, ceremony, True).member)
    without = set(collect(member, made.folder, ceremony, False).member)

    assert with_keys - without == {"member.json", "member-2.json", "nodes/validator-a/key"}
    assert without == {"cards/validator-a.json", "nodes/validator-a/accounts-allowlist.toml"}
