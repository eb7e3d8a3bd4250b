"""The cycle on a fake network: what comes in, what is signed, what is not, and what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oracle_fakes import (
    NOON,
    OTHER_SUBJECT,
    POLICY,
    SUBJECT,
    WAREHOUSE,
    dcsa_departure,
    epcis,
    epcis_event,
    receipt_advice,
)
from structlog.testing import capture_logs

from chain_node.client import Milestone, Refusal
from chain_node.errors import WrongNetwork
from oracles.chain import Key
from oracles.errors import DatabaseOfOtherNetwork
from oracles.store.models import EventStatus, ObservationStatus, SubmissionStatus

RECEIVED = Key(SUBJECT, Milestone.RECEIVED, 1)


def test_receiving_event_becomes_one_counted_vote_with_its_hash_as_evidence(bench):
    bench.drop("receiving.json", epcis(epcis_event(quantity=950)))

    bench.settle()

    ((key, quantity, evidence),) = bench.chain.counted
    assert (key, quantity) == (RECEIVED, 950_000)
    assert evidence.hex() in bench.event.event_hash
    assert bench.archived() == ["receiving.json"]
    assert bench.observations()[0].status == ObservationStatus.COUNTED


def test_transaction_leaves_in_the_same_turn_as_the_file_is_seen(bench):
    bench.turn()
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.turn()

    assert len(bench.chain.sent) == 1


def test_all_facts_of_a_file_travel_under_one_signature(bench):
    bench.drop("both.json", epcis(epcis_event("receiving"), epcis_event("storing")))

    bench.settle()

    assert len(bench.chain.sent) == 1
    assert {key.milestone for key, _, _ in bench.chain.counted} == {Milestone.RECEIVED, Milestone.STORED}


def test_same_event_in_another_file_is_known_and_archived(bench):
    bench.drop("first.json", epcis(epcis_event()))
    bench.settle()

    bench.drop("second.json", epcis(epcis_event()))
    with capture_logs() as logs:
        bench.settle()

    assert bench.archived() == ["first.json", "second.json"]
    assert len(bench.events()) == len(bench.chain.sent) == 1
    assert any(line.get("status") == "known" for line in logs)


def test_same_file_dropped_twice_keeps_both_copies_and_votes_once(bench):
    for _ in range(2):
        bench.drop("again.json", epcis(epcis_event()))
        bench.settle()

    assert bench.archived() == ["again.2.json", "again.json"]
    assert len(bench.chain.sent) == 1


def test_second_different_account_of_a_fact_is_held_and_raised_never_signed(bench):
    bench.drop("first.json", epcis(epcis_event(quantity=950)))
    bench.settle()

    bench.drop("second.json", epcis(epcis_event(quantity=1000)))
    with capture_logs() as logs:
        bench.settle()

    assert [event.status for event in bench.events()] == [EventStatus.VOUCHED, EventStatus.HELD]
    assert len(bench.chain.sent) == 1
    assert any(line.get("operator_action_required") and line["event"] == "decision" for line in logs)


def test_another_paper_of_the_same_account_is_not_signed_again(bench):
    bench.drop("event.json", epcis(epcis_event(at=NOON - timedelta(hours=1))))
    bench.settle()

    bench.drop("advice.xml", receipt_advice((950, 0)))
    bench.settle()

    assert [event.status for event in bench.events()] == [EventStatus.VOUCHED, EventStatus.NOT_SIGNED]
    assert "vouched for the same" in bench.events()[1].reason
    assert len(bench.chain.sent) == 1


@pytest.mark.parametrize(("classifier", "word"), [("EST", "estimate"), ("PLN", "plan")])
def test_what_has_not_happened_is_archived_and_not_signed(bench, classifier, word):
    bench.drop("departure.json", dcsa_departure(classifier))

    bench.settle()

    assert (bench.event.status, bench.event.reason) == (EventStatus.NOT_SIGNED, f"not signed: {word}")
    assert bench.archived() == ["departure.json"]
    assert bench.chain.sent == []


def test_estimate_is_refused_even_while_the_network_is_away(bench):
    bench.chain.away = True
    bench.drop("departure.json", dcsa_departure("EST"))

    bench.turn()

    assert bench.event.status == EventStatus.NOT_SIGNED


def test_future_event_waits_until_the_chain_clock_gets_there(bench):
    bench.drop("future.json", epcis(epcis_event(at=NOON + timedelta(hours=2))))
    bench.settle()
    assert bench.event.status == EventStatus.WAITING
    assert "in the future" in bench.event.reason

    bench.chain.now = NOON + timedelta(hours=2, seconds=-300)
    bench.settle()

    assert len(bench.chain.counted) == 1


def test_event_beyond_the_policy_age_is_not_signed(bench):
    bench.drop("old.json", epcis(epcis_event(at=NOON - timedelta(days=91))))

    bench.settle()

    assert bench.event.reason == "not signed: 91 days old, RECEIVED counts for 90 days"


def test_unmatched_event_waits_and_is_signed_once_its_order_is_linked(bench):
    bench.drop("receiving.json", epcis(epcis_event(order="PO-77")))
    bench.settle()
    assert bench.event.status == EventStatus.WAITING

    bench.chain.link("order", "PO-77")
    bench.turn(0.3)

    assert len(bench.chain.sent) == 1


def test_event_that_names_two_consignments_is_held(bench):
    bench.chain.links[next(iter(bench.chain.links))] = SUBJECT
    bench.chain.link("sscc", "340123450000000000", OTHER_SUBJECT)
    event = epcis_event(epcList=["https://id.gs1.org/00/340123450000000000"])
    bench.drop("mixed.json", epcis(event))

    bench.settle()

    assert bench.event.status == EventStatus.HELD
    assert "different consignments" in bench.event.reason


def test_node_that_is_not_admitted_yet_votes_once_it_is(bench):
    bench.chain.admit(type(WAREHOUSE)(0, 0, 0, 0, False, False))
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    assert bench.event.status == EventStatus.WAITING

    bench.chain.admit(WAREHOUSE)
    bench.turn(0.3)

    assert len(bench.chain.sent) == 1


def test_affiliate_of_the_beneficiary_never_sends(bench):
    bench.chain.beneficiaries[SUBJECT] = WAREHOUSE.group
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.settle()

    assert bench.event.status == EventStatus.NOT_SIGNED
    assert bench.chain.sent == []


def test_milestone_that_the_node_does_not_attest_is_not_signed(bench):
    bench.settings_changes = {"milestones": ["DEPARTED"]}
    bench.restart()
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.settle()

    assert bench.event.reason == "not signed: this node does not attest RECEIVED"


def test_vote_refused_on_chain_is_recorded_with_its_reason_and_raised(bench):
    bench.chain.refuse = Refusal.ROLE_NOT_ELIGIBLE
    bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.settle()

    assert bench.observations()[0].reason == "ROLE_NOT_ELIGIBLE"
    assert bench.event.status == EventStatus.HELD
    assert any(line["event"] == "vote refused" and line["operator_action_required"] for line in logs)


def test_vote_that_came_after_the_fact_stood_is_recorded_without_alarm(bench):
    bench.chain.refuse = Refusal.ALREADY_FINAL
    bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.settle()

    assert bench.event.reason == "the network refused the vote: ALREADY_FINAL"
    assert not any(line.get("operator_action_required") for line in logs)


def test_decision_line_names_hash_subject_round_and_block(bench):
    bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.turn()

    (line,) = [line for line in logs if line["event"] == "decision"]
    assert line["event_hash"] == bench.event.event_hash
    assert (line["subject"], line["milestone"], line["sequence"]) == (SUBJECT.hex(), "RECEIVED", 1)
    assert (line["verdict"], line["block"]) == ("sign", 10)


def test_waiting_event_is_logged_once_and_not_at_every_look(bench):
    bench.drop("receiving.json", epcis(epcis_event(order="PO-77")))

    with capture_logs() as logs:
        for _ in range(5):
            bench.turn(60)

    assert sum(line["event"] == "decision" for line in logs) == 1


def test_network_that_is_away_keeps_nothing_from_being_taken_in(bench):
    bench.chain.away = True
    bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.turn()

    assert bench.archived() == ["receiving.json"]
    assert any(line["event"] == "network away" and line["log_level"] == "error" for line in logs)


def test_attempts_at_an_absent_network_grow_apart(bench):
    bench.chain.away = True

    with capture_logs() as logs:
        for _ in range(40):
            bench.turn(0.25)

    pauses = [line["next_attempt_seconds"] for line in logs if line["event"] == "network away"]
    assert len(pauses) < 10
    assert pauses == sorted(pauses)


def test_vote_is_sent_when_the_network_comes_back(bench):
    bench.chain.away = True
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()

    bench.chain.away = False
    bench.settle()

    assert len(bench.chain.counted) == 1


def test_wrong_network_stops_the_node(bench):
    def connect():
        raise WrongNetwork("http://127.0.0.1:1", "its chain id is 1, fake has 412346")

    bench.node._link.connect = connect

    with pytest.raises(WrongNetwork):
        bench.turn()


def test_database_of_another_network_stops_the_node(bench):
    bench.turn()
    bench.chain.chain_id = 5
    bench.restart()

    with pytest.raises(DatabaseOfOtherNetwork, match="belongs to chain 412346"):
        bench.turn()


def test_dry_run_says_what_it_would_sign_and_changes_nothing(bench):
    bench.restart(dry=True)
    path = bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.settle()

    decisions = [line for line in logs if line["event"] == "decision"]
    assert [(line["verdict"], line["dry_run"]) for line in decisions] == [("sign", True)]
    assert path.exists()
    assert bench.chain.sent == bench.observations() == []


def test_flood_of_events_is_worked_off_in_order(bench):
    events = [epcis_event(order=f"PO-{number}") for number in range(150)]
    for number in range(150):
        bench.chain.link("order", f"PO-{number}", number.to_bytes(32, "big"))
        bench.chain.beneficiaries[number.to_bytes(32, "big")] = 3
    bench.drop("flood.json", epcis(*events))

    for _ in range(20):
        bench.turn()
        bench.chain.mine()

    assert len(bench.chain.counted) == 150
    assert {row.status for row in bench.submissions()} == {SubmissionStatus.SETTLED}


def test_policy_change_on_chain_is_noticed(bench):
    bench.chain.policies[Milestone.RECEIVED] = type(POLICY)(0, 0, 0, 0, 0, 0, 0)
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    assert bench.event.reason == "the network has no policy for RECEIVED"

    bench.chain.policies[Milestone.RECEIVED] = POLICY
    bench.chain.admit(WAREHOUSE)
    bench.turn(0.3)

    assert len(bench.chain.sent) == 1


def test_connection_that_failed_is_closed_and_opened_anew(bench):
    bench.turn()
    bench.chain.away = True
    bench.turn()

    bench.chain.away = False
    bench.turn(20)

    assert bench.chain.closed == 1
    assert bench.node._link.chain is bench.chain


def test_event_that_names_no_reference_is_never_signed(bench):
    bench.drop("receiving.json", epcis(epcis_event(order=None)))

    bench.settle()

    assert bench.event.status == EventStatus.NOT_SIGNED
    assert "names no reference" in bench.event.reason
