"""Lists: what papers support of them, what a relay may make of offers, which votes are worth sending."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import POLICY, SUBJECT

from chain_node.client import Milestone, Observation, Role
from oracles.rules.lists import Ballot, Told, key_of, needed, objection, proposed, shared, supported

NOW = 1_780_000_000
OWN = Observation(SUBJECT, int(Milestone.RECEIVED), 1, NOW - 600, 1_000_000)
HOUR = 3600
WAREHOUSE, INSPECTOR = int(Role.WAREHOUSE), int(Role.INSPECTOR)


def objection_to(**changes: int) -> str:
    found = objection(replace(OWN, **changes), OWN, POLICY, NOW, HOUR)
    return "" if found is None else found.reason


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": 1_000_001}, "it has 1000001 thousandths, the papers 1000000"),
        ({"quantity": 979_999}, "it has 979999 thousandths, the papers 1000000"),
        ({"quantity": 0}, "the one is measured, the other is not"),
        ({"occurred_at": NOW - 601}, f"it has {NOW - 601} as its time, the papers {NOW - 600}"),
        ({"occurred_at": NOW - 600 + HOUR + 1}, "its time is 3601 seconds later"),
        ({"occurred_at": NOW + 301}, "it lies in the future"),
    ],
)
def test_item_that_the_papers_do_not_support_has_an_objection(changes, why):
    assert objection_to(**changes) == why


@pytest.mark.parametrize("changes", [{}, {"quantity": 980_000}, {"occurred_at": NOW + 300}])
def test_item_within_the_tolerance_is_supported(changes):
    assert objection_to(**changes) == ""


def test_unmeasured_papers_support_no_quantity():
    found = objection(OWN, replace(OWN, quantity=0), POLICY, NOW, HOUR)

    assert found is not None
    assert not found.contradicts


def mask_of(items, *own) -> int:
    known = {key_of(its): its for its in own}
    return supported(items, known, lambda item, its: objection(item, its, POLICY, NOW, HOUR)).mask


def test_foreign_items_are_never_marked():
    foreign = replace(OWN, subject=b"\x09" * 32)

    assert mask_of([foreign, OWN, replace(OWN, sequence=2)], OWN) == 0b010


def test_fact_that_a_list_has_twice_is_marked_once_where_it_is_nearest():
    items = [replace(OWN, quantity=990_000), replace(OWN, quantity=0), OWN, replace(OWN, quantity=995_000)]

    assert mask_of(items, OWN) == 0b0100
    assert mask_of(items, replace(OWN, quantity=0)) == 0b0010


quantities = st.one_of(st.just(0), st.integers(1, 2_000), st.integers(1, 2**56 - 1))
observations = st.builds(
    Observation,
    st.just(SUBJECT),
    st.just(int(Milestone.RECEIVED)),
    st.integers(1, 2),
    st.integers(NOW - 2 * HOUR, NOW + 2 * HOUR),
    quantities,
)


@given(st.lists(observations, max_size=12), observations)
def test_what_is_marked_is_implied_by_the_papers(items, own):
    mask = mask_of(items, own)

    marked = [item for place, item in enumerate(items) if mask >> place & 1]
    assert len(marked) <= 1
    assert mask < 1 << len(items)
    for item in marked:
        assert key_of(item) == key_of(own)
        assert own.occurred_at <= item.occurred_at <= own.occurred_at + HOUR
        assert item.quantity <= own.quantity
        assert bool(item.quantity) == bool(own.quantity)
        assert (own.quantity - item.quantity) * 10_000 <= POLICY.tolerance_bps * own.quantity


@given(st.lists(st.tuples(quantities, st.integers(NOW - 2 * HOUR, NOW)), min_size=1, max_size=8))
def test_everybody_of_a_group_can_sign_what_it_shares(figures):
    told = [Told(number, replace(OWN, quantity=q, occurred_at=at)) for number, (q, at) in enumerate(figures)]

    groups, left_out = proposed(told, POLICY, HOUR)

    grouped = [its for group in groups for its in group]
    assert sorted(its.organisation for its in [*grouped, *left_out]) == list(range(len(told)))
    for group in groups:
        for its in group:
            assert objection(shared(group), its.observation, POLICY, NOW + 3 * HOUR, HOUR) is None


def test_figures_outside_the_tolerance_are_left_out():
    told = [Told(number, replace(OWN, quantity=q)) for number, q in enumerate((1_000_000, 700_000, 990_000))]

    groups, left_out = proposed(told, POLICY, HOUR)

    assert [[its.organisation for its in group] for group in groups] == [[0, 2]]
    assert shared(groups[0]).quantity == 990_000
    assert [its.organisation for its in left_out] == [1]


def test_unmeasured_offers_share_an_item_of_their_own():
    told = [Told(number, replace(OWN, quantity=q)) for number, q in enumerate((1_000_000, 0, 0))]

    groups, left_out = proposed(told, POLICY, HOUR)

    assert [[its.organisation for its in group] for group in groups] == [[0], [1, 2]]
    assert left_out == []


def test_votes_beyond_the_quorum_are_not_sent():
    ballots = [Ballot(0, 0b1, INSPECTOR), Ballot(1, 0b1, INSPECTOR), Ballot(2, 0b1, WAREHOUSE)]

    assert needed(ballots, [POLICY]) == [0, 2]


def test_every_vote_is_sent_where_others_may_still_contradict():
    ballots = [Ballot(number, 0b1, WAREHOUSE) for number in range(3)]

    assert needed(ballots, [replace(POLICY, dispute_window_seconds=60)]) == [0, 1, 2]


def test_vote_that_only_one_item_needs_is_sent():
    ballots = [Ballot(0, 0b01, WAREHOUSE), Ballot(1, 0b01, INSPECTOR), Ballot(2, 0b11, INSPECTOR)]

    assert needed(ballots, [POLICY, POLICY]) == [0, 1, 2]


@given(st.lists(st.tuples(st.integers(1, 7), st.sampled_from([WAREHOUSE, INSPECTOR])), max_size=8))
def test_leaving_votes_out_keeps_no_fact_from_its_quorum(votes):
    ballots = [Ballot(number, mask, roles) for number, (mask, roles) in enumerate(votes)]
    policies = [POLICY] * 3

    kept = [ballots[number] for number in needed(ballots, policies)]

    for place in range(3):
        everyone = [its for its in ballots if its.mask >> place & 1]
        sent = [its for its in kept if its.mask >> place & 1]
        assert _stands(everyone) == _stands(sent)


def _stands(ballots: list[Ballot]) -> bool:
    return len(ballots) >= POLICY.threshold and any(its.roles & WAREHOUSE for its in ballots)
