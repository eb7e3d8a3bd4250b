"""What was answered with a member key counts no longer than the key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from consortium import LEIS, Consortium, found
from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.networks.ceremony import Ceremony, joined, load_ceremony
from chain_node.networks.changes import Addition, Removal, new_member_key
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import CeremonyRefused
from chain_node.networks.status import to_act

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Consortium:
    made = found(tmp_path, members=5)
    made.cards += [made.card(5, "validator-f"), made.card(4, "validator-e2", host="10.0.4.2")]
    return made


def comes(made: Consortium, of: int) -> Propose:
    return Propose(change=Addition(kind="add-validator", card=made.cards[of]), why="it comes")


def goes(node: str) -> Propose:
    return Propose(change=Removal(kind="remove-validator", node=node), why="its key was stolen")


def yes(ceremony: Ceremony, proposal: int, *keys: LocalAccount) -> Ceremony:
    for key in keys:
        ceremony = ceremony.signed(Answer(kind="approve", proposal=proposal), key, NOW)
    return ceremony


def with_e_removed(made: Consortium, keys: list[LocalAccount]) -> Ceremony:
    """Proposal 1, of the first and fifth member; proposal 2, which the fifth rejects; then it goes by proposal 5."""
    ceremony = load_ceremony(made.folder).signed(comes(made, 5), keys[0], NOW)
    ceremony = ceremony.signed(goes("validator-d"), keys[0], NOW)
    ceremony = yes(ceremony, 1, keys[4]).signed(Answer(kind="reject", proposal=2), keys[4], NOW)
    return yes(ceremony.signed(goes("validator-e"), keys[1], NOW), 5, keys[0], keys[2])


def test_answers_of_who_was_removed_do_not_come_back_with_it(made: Consortium, tmp_path: Path) -> None:
    keys = [made.key(of) for of in range(5)]
    ceremony = with_e_removed(made, keys)
    assert ceremony.proposals[1].approvals == {LEIS[0]}
    assert ceremony.proposals[2].rejections == frozenset()
    made.member(4).path.rename(tmp_path / "old")
    made.cards.append(made.card(4, "validator-e3"))
    ceremony = yes(ceremony.signed(comes(made, 7), keys[1], NOW), len(ceremony.entries) + 1, keys[0], keys[2])

    assert LEIS[4] in ceremony.state.voters
    ceremony = yes(ceremony, 1, keys[1])
    assert ceremony.proposals[1].standing == "open"
    assert ceremony.proposals[1].approvals == {LEIS[0], LEIS[1]}
    asked = {row["lei"] for row in to_act(ceremony) if row["run"].startswith("portolan network approve harbour 1 ")}
    assert LEIS[4] in asked
    assert yes(ceremony, 1, made.key(4)).proposals[1].standing == "decided"


def test_member_key_of_who_was_removed_is_out_of_service(made: Consortium) -> None:
    keys = [made.key(of) for of in range(5)]
    waiting = load_ceremony(made.folder).signed(comes(made, 6), keys[3], NOW)
    gone = yes(waiting.signed(goes("validator-e"), keys[1], NOW), 2, keys[0], keys[2])

    assert gone.proposals[1].standing == "void"
    assert keys[4].address.lower() in gone.retired
    with pytest.raises(CeremonyRefused, match="validator-e2: its card is signed with a member key that was replaced"):
        gone.signed(comes(made, 6), keys[0], NOW)


def test_member_that_keeps_a_node_keeps_its_key(made: Consortium) -> None:
    keys = [made.key(of) for of in range(5)]
    both = yes(load_ceremony(made.folder).signed(comes(made, 6), keys[0], NOW), 1, keys[1], keys[2])
    open_one = yes(both.signed(comes(made, 5), keys[0], NOW), 4, keys[4])

    after = yes(open_one.signed(goes("validator-e"), keys[0], NOW), 6, keys[1], keys[2])

    assert keys[4].address.lower() not in after.retired
    assert after.proposals[4].approvals == {LEIS[0], LEIS[4]}


def test_answers_are_given_anew_with_a_new_member_key(made: Consortium, tmp_path: Path) -> None:
    keys, fresh = [made.key(of) for of in range(5)], Account.create()
    begun = load_ceremony(made.folder)
    ceremony = yes(begun.signed(comes(made, 5), keys[0], NOW), 1, keys[1])
    rotate = Propose(change=new_member_key(made.terms, LEIS[0], keys[0].address, fresh), why="the safe was opened")
    ceremony = yes(ceremony.signed(rotate, keys[0], NOW), 3, keys[1], keys[2])

    assert ceremony.proposals[3].approvals == {LEIS[0], LEIS[1], LEIS[2]}
    ceremony = yes(ceremony, 1, keys[2])
    assert ceremony.proposals[1].standing == "open"
    assert ceremony.proposals[1].approvals == {LEIS[1], LEIS[2]}
    ceremony = yes(ceremony, 1, fresh)
    assert ceremony.proposals[1].standing == "decided"
    (tmp_path / "log").write_bytes(ceremony.log().file())
    assert joined(begun, tmp_path / "log") == ceremony
