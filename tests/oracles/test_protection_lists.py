"""What a node signed of a relay's list binds it, with the list's figures: after a move, and where the store is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oracle_bench import Bench
from test_relay_voting import AT, OWN, bench, decided, propose  # noqa: F401

from oracles.protection.interchange import read_export, write_export
from oracles.protection.places import Place
from oracles.protection.rebuilding import in_database
from oracles.protection.statements import SignedStatement
from oracles.protection.store import ProtectionStore

LISTED = replace(OWN, quantity=945_000, occurred_at=AT + 60)


@pytest.fixture
def signed(bench) -> Bench:  # noqa: F811
    """A node whose vote has other figures than its paper, within what the rules let pass."""
    (answer,) = propose(decided(bench), LISTED)
    assert answer.mask
    return bench


def place_of(bench: Bench) -> Place:  # noqa: F811
    return Place("fake", bench.chain.chain_id, bench.chain.oracle_address, bench.chain.feed_oracle_address)


def remembered(bench: Bench) -> list[SignedStatement]:  # noqa: F811
    with bench.database.session() as session:
        return list(in_database(session, place_of(bench)))


def stored(bench: Bench) -> list[SignedStatement]:  # noqa: F811
    store = ProtectionStore(bench.settings.protection_file)
    try:
        return list(store.signed())
    finally:
        store.close()


def test_database_remembers_what_was_signed_and_not_what_the_paper_says(signed):
    assert [its.statement for its in remembered(signed)] == [its.statement for its in stored(signed)]
    assert remembered(signed)[0].statement.figure == LISTED.quantity


def test_a_move_to_another_machine_closes_no_key(signed, tmp_path):
    old, new = ProtectionStore(signed.settings.protection_file), ProtectionStore(tmp_path / "new.db")
    try:
        write_export(old, place_of(signed), tmp_path / "moved.json")
        found = read_export(tmp_path / "moved.json", place_of(signed))
        merged = new.merge([*found.signed(place_of(signed)), *remembered(signed)], found.closed_keys(place_of(signed)))
        assert (merged.added, list(merged.closed)) == (1, [])
    finally:
        old.close()
        new.close()


def test_what_the_relay_listed_and_this_node_did_not_mark_is_not_remembered(bench):  # noqa: F811
    decided(bench)
    propose(bench, LISTED, replace(OWN, milestone=OWN.milestone, sequence=2))

    assert [its.statement.key.second for its in remembered(bench)] == [
        its.statement.key.second for its in stored(bench)
    ]
