"""The node's own check, case by case, and the table of milestones as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from oracle_fakes import OPEN, POLICY, WAREHOUSE

from chain_node.client import Fact, FactStatus, Milestone, Refusal, Role
from oracles.rules.decisions import Standing, Verdict, agrees, chain_seconds, network_decision

NOW = 1_780_000_000
DAY = 86_400


def standing(**changes) -> Standing:
    plain = Standing(block=1, now=NOW, membership=WAREHOUSE, beneficiary_group=3, policy=POLICY, fact=OPEN, voters=())
    return replace(plain, **changes)


def decide(occurred_at: int = NOW - 60, quantity: int = 950_000, **changes):
    return network_decision(Milestone.RECEIVED, occurred_at, quantity, standing(**changes))


def final(least: int, greatest: int, final_at: int = NOW - 10) -> Fact:
    return Fact(least, greatest, NOW - 60, final_at, int(Role.WAREHOUSE), 2, FactStatus.FINAL)


def test_eligible_witness_of_a_recent_event_signs():
    assert decide().verdict is Verdict.SIGN


@pytest.mark.parametrize(
    ("changes", "verdict", "mirrors"),
    [
        ({"membership": replace(WAREHOUSE, organisation=0)}, Verdict.WAIT, Refusal.SIGNER_NOT_ADMITTED),
        ({"membership": replace(WAREHOUSE, frozen=True)}, Verdict.WAIT, Refusal.SIGNER_NOT_ADMITTED),
        ({"membership": replace(WAREHOUSE, suspended=True)}, Verdict.WAIT, Refusal.SIGNER_NOT_ADMITTED),
        ({"membership": replace(WAREHOUSE, expires_at=NOW)}, Verdict.WAIT, Refusal.SIGNER_NOT_ADMITTED),
        ({"policy": replace(POLICY, threshold=0)}, Verdict.WAIT, Refusal.MILESTONE_UNKNOWN),
        ({"membership": replace(WAREHOUSE, roles=int(Role.CARRIER))}, Verdict.WAIT, Refusal.ROLE_NOT_ELIGIBLE),
        ({"beneficiary_group": WAREHOUSE.group}, Verdict.REFUSE, Refusal.AFFILIATE_OF_BENEFICIARY),
        ({"voters": (1, WAREHOUSE.organisation)}, Verdict.REFUSE, Refusal.ALREADY_VOTED),
        ({"fact": replace(OPEN, status=FactStatus.DISPUTED)}, Verdict.HOLD, Refusal.FACT_DISPUTED),
        ({"fact": final(950_000, 950_000)}, Verdict.REFUSE, Refusal.ALREADY_FINAL),
        ({"occurred_at": NOW + 301}, Verdict.WAIT, Refusal.IN_FUTURE),
        ({"occurred_at": NOW - 90 * DAY - 1}, Verdict.REFUSE, Refusal.TOO_OLD),
    ],
)
def test_what_the_contract_would_refuse_is_not_signed(changes, verdict, mirrors):
    decision = decide(**changes)

    assert (decision.verdict, decision.mirrors) == (verdict, mirrors)


@pytest.mark.parametrize("occurred_at", [NOW + 300, NOW, NOW - 90 * DAY])
def test_edges_of_skew_and_age_still_count(occurred_at):
    assert decide(occurred_at).verdict is Verdict.SIGN


def test_future_event_says_from_when_it_may_be_asked_again():
    assert decide(NOW + 1000).retry_at == NOW + 700


def test_expired_membership_is_not_admitted_a_second_before_it_is():
    assert decide(membership=replace(WAREHOUSE, expires_at=NOW + 1)).verdict is Verdict.SIGN


def test_figure_completes_a_final_fact_that_nobody_could_measure_yet():
    one_figure = final(least=0, greatest=950_000)

    assert decide(fact=one_figure).verdict is Verdict.SIGN
    assert decide(fact=one_figure, quantity=0).mirrors is Refusal.ALREADY_FINAL


def test_figure_for_a_final_fact_that_nobody_measured_changes_nothing():
    assert decide(fact=final(0, 0)).mirrors is Refusal.ALREADY_FINAL


def test_contradiction_within_the_window_is_told():
    windowed = replace(POLICY, dispute_window_seconds=3600)

    decision = decide(policy=windowed, fact=final(950_000, 950_000), quantity=500_000)

    assert decision.verdict is Verdict.SIGN


def test_contradiction_after_the_window_is_for_the_operator():
    decision = decide(fact=final(0, 950_000), quantity=500_000)

    assert (decision.verdict, decision.mirrors) == (Verdict.HOLD, Refusal.QUANTITY_IRRECONCILABLE)


@pytest.mark.parametrize(
    ("reported", "quantity", "agreed"),
    [
        (1_000_000, 980_000, True),
        (1_000_000, 979_999, False),
        (980_000, 1_000_000, True),
        (979_999, 1_000_000, False),
        (1_000_000, 0, True),
        (0, 1_000_000, True),
    ],
)
def test_tolerance_is_a_share_of_the_greatest(reported, quantity, agreed):
    fact = Fact(reported, reported, 0, 0, 0, 1, FactStatus.GATHERING)

    assert agrees(fact, POLICY, quantity) is agreed


def test_part_of_a_second_counts_as_the_next_one():
    assert chain_seconds(datetime(2026, 5, 28, 12, 0, 0, 1, UTC)) == chain_seconds(
        datetime(2026, 5, 28, 12, 0, 1, tzinfo=UTC)
    )
