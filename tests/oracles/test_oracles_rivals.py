"""Two papers that speak of one fact: nothing is signed while they differ, and one vote is sent where they agree."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_bench import Bench
from oracle_fakes import NOON, WAREHOUSE, dcsa_departure, declared_error, epcis, epcis_event, receipt_advice
from structlog.testing import capture_logs
from test_oracles_crash import dying_at, run_until_dead
from typer.testing import CliRunner

from oracles.checkpoints import Point
from oracles.cli import oracle_app
from oracles.errors import NotHeld
from oracles.resolving import decide
from oracles.rules.accounts import Account, contradiction, fullest
from oracles.store.models import EventStatus, ObservationStatus
from oracles.store.resolutions import ResolutionAction, ResolutionRow, ResolutionStatus

HELD, VOUCHED, NOT_SIGNED = EventStatus.HELD, EventStatus.VOUCHED, EventStatus.NOT_SIGNED


def statuses(bench) -> list[str]:
    return [row.status for row in bench.events()]


def received(quantity: float | None = 950, minutes: int = 60, **more):
    return epcis_event(at=NOON - timedelta(minutes=minutes), quantity=quantity, **more)


def resolve(bench, place: int, action: ResolutionAction, reason: str = "weighed again") -> None:
    decide(bench.database, bench.events()[place].event_hash, action, reason)


def resolutions(bench) -> list[ResolutionRow]:
    return [row for row in bench.rows(ResolutionRow) if isinstance(row, ResolutionRow)]


def conflict(bench) -> None:
    bench.drop("both.json", epcis(received(950), received(1000)))
    bench.settle()
    assert statuses(bench) == [HELD, HELD]


# Held


@pytest.mark.parametrize("other", [received(1000), received(950, 59), received(1000, 59)])
@pytest.mark.parametrize("together", ["one document", "one turn"])
def test_two_accounts_that_differ_are_both_held_before_anything_is_signed(bench, other, together):
    if together == "one document":
        bench.drop("both.json", epcis(received(), other))
    else:
        bench.drop("first.json", epcis(received()))
        bench.drop("second.json", epcis(other))

    with capture_logs() as logs:
        bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert (bench.observations(), bench.submissions(), bench.chain.sent) == ([], [], [])
    raised = [line for line in logs if line.get("operator_action_required") and line["event"] == "decision"]
    assert len(raised) == 2
    first, second = bench.events()
    for row in (first, second):
        assert first.event_hash in row.reason
        assert second.event_hash in row.reason
        assert "says 950000 thousandths at 2026-05-28T" in row.reason


def test_more_events_than_a_turn_decides_of_what_waits_are_compared(bench):
    others = [received(1, minutes, order=f"PO-{minutes}") for minutes in range(100)]
    bench.drop("flood.json", epcis(received(950), *others, received(1000)))

    bench.settle()

    assert bench.chain.sent == []
    assert [row.status for row in bench.events() if row.subject] == [HELD, HELD]


def test_an_account_that_waits_is_compared_with_one_that_comes_later(bench):
    bench.chain.admit(WAREHOUSE.__class__(**{**vars(WAREHOUSE), "suspended": True}))
    bench.drop("first.json", epcis(received(950)))
    bench.settle()
    assert statuses(bench) == [EventStatus.WAITING]
    bench.drop("second.json", epcis(received(1000)))
    bench.settle()
    bench.chain.admit(WAREHOUSE)

    bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert bench.chain.sent == []


def test_a_third_account_is_held_with_the_two(bench):
    conflict(bench)
    bench.drop("third.json", epcis(received(950, eventID="urn:x:third", disposition="in_progress")))

    bench.settle()

    assert statuses(bench) == [HELD, HELD, HELD]


def test_what_was_decided_but_not_signed_is_taken_back(bench):
    """The process dies between deciding and signing; the second paper comes before it is back."""
    bench.restart(dying_at(Point.OBSERVATION_DECIDED))
    bench.drop("first.json", epcis(received(950)))
    assert run_until_dead(bench)
    bench.drop("second.json", epcis(received(1000)))
    bench.restart()

    bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert [row.status for row in bench.observations()] == [ObservationStatus.WITHDRAWN]
    assert bench.chain.sent == []


def test_held_accounts_stay_held_over_a_restart_and_are_raised_once(bench):
    conflict(bench)
    bench.restart()

    with capture_logs() as logs:
        bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert [line for line in logs if line["event"] == "decision"] == []


def test_a_correction_of_one_lets_the_other_go_on(bench):
    conflict(bench)
    bench.drop("error.json", epcis(declared_error(received(950))))

    bench.settle()

    assert statuses(bench) == [EventStatus.WITHDRAWN, VOUCHED]
    assert [quantity for _, quantity, _ in bench.chain.counted] == [1_000_000]


@pytest.mark.parametrize("classifier", ["EST", "PLN"])
def test_an_estimate_neither_overwrites_nor_holds_a_fact(bench, classifier):
    bench.drop("estimate.json", dcsa_departure(classifier, at=NOON - timedelta(hours=1)))
    bench.drop("actual.json", dcsa_departure(at=NOON - timedelta(hours=2)))
    bench.drop("later.json", dcsa_departure(classifier, at=NOON - timedelta(hours=3)))

    bench.settle()

    assert sorted(statuses(bench)) == sorted([NOT_SIGNED, VOUCHED, NOT_SIGNED])
    assert len(bench.chain.counted) == 1


# One account


def test_the_same_from_two_papers_in_one_turn_is_one_vote(bench):
    bench.drop("event.json", epcis(received()))
    bench.drop("advice.xml", receipt_advice((950, 0)))

    bench.settle()

    assert sorted(statuses(bench)) == [NOT_SIGNED, VOUCHED]
    assert len(bench.chain.counted) == 1


@pytest.mark.parametrize("order", [(None, 950), (950, None)])
def test_of_papers_that_agree_the_one_with_a_quantity_is_signed(bench, order):
    bench.drop("both.json", epcis(*(received(quantity) for quantity in order)))

    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]
    assert sorted(statuses(bench)) == [NOT_SIGNED, VOUCHED]


def test_without_a_quantity_the_vouched_fact_is_not_contradicted(bench):
    bench.drop("first.json", epcis(received(950)))
    bench.settle()
    bench.drop("second.json", epcis(received(None)))

    bench.settle()

    assert statuses(bench) == [VOUCHED, NOT_SIGNED]


# The firm's second source


def test_a_firm_may_wait_for_its_second_source(bench):
    bench.settings_changes = {"consider_seconds": 600}
    bench.restart()
    bench.drop("first.json", epcis(received(None)))
    bench.settle()
    assert statuses(bench) == [EventStatus.WAITING]
    bench.drop("second.json", epcis(received(950)))
    bench.settle()
    assert (statuses(bench), bench.chain.sent) == ([NOT_SIGNED, EventStatus.WAITING], [])

    bench.chain.now += timedelta(seconds=600)
    bench.settle()

    assert statuses(bench) == [NOT_SIGNED, VOUCHED]
    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_a_second_source_that_differs_holds_the_first_in_time(bench):
    bench.settings_changes = {"consider_seconds": 600}
    bench.restart()
    bench.drop("first.json", epcis(received(950)))
    bench.settle()
    bench.drop("second.json", epcis(received(1000)))
    bench.chain.now += timedelta(seconds=900)

    bench.settle()

    assert statuses(bench) == [HELD, HELD]


# The operator decides


def test_only_what_is_held_can_be_resolved(bench):
    bench.drop("first.json", epcis(received()))
    bench.settle()

    with pytest.raises(NotHeld, match="it is vouched"):
        resolve(bench, 0, ResolutionAction.SIGN)
    with pytest.raises(NotHeld, match="knows no such event"):
        decide(bench.database, "ni:///sha-256;x", ResolutionAction.DROP, "?")


def test_what_contradicts_a_signed_fact_is_never_signed_whatever_the_operator_says(bench):
    bench.drop("first.json", epcis(received(950)))
    bench.settle()
    bench.drop("second.json", epcis(received(1000)))
    bench.settle()

    resolve(bench, 1, ResolutionAction.SIGN)
    bench.settle()

    assert statuses(bench) == [VOUCHED, HELD]
    assert len(bench.chain.counted) == 1


def test_the_operator_signs_one_and_the_other_gives_way(bench):
    conflict(bench)

    resolve(bench, 1, ResolutionAction.SIGN)
    bench.settle()

    assert statuses(bench) == [NOT_SIGNED, VOUCHED]
    assert "the operator decided for another account" in bench.events()[0].reason
    assert [quantity for _, quantity, _ in bench.chain.counted] == [1_000_000]
    (kept,) = resolutions(bench)
    assert (kept.action, kept.reason, kept.status) == ("sign", "weighed again", ResolutionStatus.APPLIED)
    assert kept.decided_at


def test_to_drop_one_is_not_to_sign_the_other(bench):
    conflict(bench)

    resolve(bench, 0, ResolutionAction.DROP)
    bench.settle()
    assert (statuses(bench), bench.chain.sent) == ([NOT_SIGNED, HELD], [])

    resolve(bench, 1, ResolutionAction.SIGN)
    bench.settle()

    assert statuses(bench) == [NOT_SIGNED, VOUCHED]


def test_signing_by_the_operator_still_passes_the_chains_rules(bench):
    conflict(bench)
    bench.chain.admit(WAREHOUSE.__class__(**{**vars(WAREHOUSE), "suspended": True}))

    resolve(bench, 1, ResolutionAction.SIGN)
    bench.settle()
    assert (bench.events()[1].status, bench.chain.sent) == (EventStatus.WAITING, [])

    bench.chain.admit(WAREHOUSE)
    bench.settle()
    assert statuses(bench) == [NOT_SIGNED, VOUCHED]


def test_of_two_decisions_that_contradict_each_other_the_first_counts(bench):
    conflict(bench)
    resolve(bench, 0, ResolutionAction.SIGN)
    resolve(bench, 1, ResolutionAction.SIGN)

    bench.settle()

    assert sorted(statuses(bench)) == [NOT_SIGNED, VOUCHED]
    assert len(bench.chain.counted) == 1


def test_the_command_needs_a_side_a_reason_and_a_held_event(bench):
    conflict(bench)
    config = bench.folder / "node.toml"
    for name in ("deployments.json", "network.key"):
        (bench.folder / name).write_text("ab" * 32)
    config.write_text(
        'name = "w"\norganisation = "999900SOUNDERSURVY30"\nrpc_url = "http://127.0.0.1:1"\n'
        'deployments = "deployments.json"\nnetwork_key_file = "network.key"\ninbox = "inbox"\ndatabase = "node.db"\n'
    )
    event_hash = bench.events()[1].event_hash

    def run(*arguments: str):
        return CliRunner().invoke(oracle_app, ["resolve", "--config", str(config), *arguments])

    assert run(event_hash, "--reason", "x").exit_code == 2
    assert run(event_hash, "--sign", "--drop", "--reason", "x").exit_code == 2
    assert run(event_hash, "--sign", "--reason", " ").exit_code == 2
    assert run("ni:///other", "--sign", "--reason", "x").exit_code == 1
    assert resolutions(bench) == []

    assert run(event_hash, "--sign", "--reason", "weighed again").exit_code == 0
    bench.settle()
    assert statuses(bench) == [NOT_SIGNED, VOUCHED]


@pytest.mark.parametrize("point", [Point.OBSERVATION_DECIDING, Point.OBSERVATION_DECIDED, Point.VOTE_SIGNING])
def test_death_while_the_operators_decision_is_applied_ends_in_one_vote(bench, point):
    conflict(bench)
    resolve(bench, 1, ResolutionAction.SIGN)
    bench.restart(dying_at(point))
    assert run_until_dead(bench)

    bench.restart()
    bench.settle()

    assert statuses(bench) == [NOT_SIGNED, VOUCHED]
    assert len(bench.chain.counted) == 1


# The rule itself

ACCOUNTS = st.builds(Account, st.just("x"), st.integers(0, 2), st.integers(0, 2))


@given(st.lists(ACCOUNTS, min_size=1, max_size=5))
def test_accounts_agree_or_contradict_each_other_both_ways(accounts):
    for one, other in itertools.product(accounts, repeat=2):
        assert one.agrees_with(other) == other.agrees_with(one)
    agreeing = [its for its in accounts if its.agrees_with(accounts[0])]
    assert (contradiction(accounts[0], accounts) is None) == (len(agreeing) == len(accounts))
    assert fullest(accounts).quantity or not any(its.quantity for its in accounts)


PAPERS = st.lists(st.tuples(st.sampled_from([None, 950, 1000]), st.sampled_from([60, 59])), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(PAPERS, st.booleans())
def test_whatever_comes_together_is_signed_only_where_all_of_it_agrees(tmp_path_factory, papers, one_file):
    bench = Bench(tmp_path_factory.mktemp("rivals"))
    events = [received(quantity, minutes) for quantity, minutes in papers]
    if one_file:
        bench.drop("all.json", epcis(*events))
    else:
        for number, event in enumerate(events):
            bench.drop(f"{number}.json", epcis(event))

    bench.settle()

    agree = len({minutes for _, minutes in papers}) == 1 and len({q for q, _ in papers if q}) <= 1
    if agree:
        assert [quantity for _, quantity, _ in bench.chain.counted] == [1000 * max(q or 0 for q, _ in papers)]
        assert HELD not in statuses(bench)
    else:
        assert HELD in statuses(bench)
        figures = {(row.occurred_at, row.quantity) for row in bench.observations() if row.status != "withdrawn"}
        assert not figures
