"""Papers that correct what was voted on: the vote is taken back once, and there it ends."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from oracle_bench import Bench, Clock
from oracle_fakes import (
    NOBODY,
    OPEN,
    SUBJECT,
    WAREHOUSE,
    FakeChain,
    declared_error,
    epcis,
    epcis_event,
    receipt_advice,
)
from structlog.testing import capture_logs
from test_oracles_crash import dying_at, run_until_dead

from chain_node.client import FactStatus, Milestone, Refusal
from oracles.chain import Key, Outcome
from oracles.checkpoints import VOTE_POINTS, Point
from oracles.operating.status import status_of
from oracles.retracting import NOT_IN_A_BLOCK
from oracles.store.models import CorrectionRow, EventStatus, ObservationStatus, SubmissionStatus
from oracles.store.retractions import RetractionStatus

RECEIVED = Key(SUBJECT, Milestone.RECEIVED, 1)
ANOTHER = "0x00000000000000000000000000000000000000BB"
POINTS = sorted((VOTE_POINTS | {Point.RETRACTION_LAYING, Point.RETRACTION_LAID}) - {
    Point.OBSERVATION_DECIDING,
    Point.OBSERVATION_DECIDED,
    Point.VOTE_BOUND,
    Point.VOTE_SIGNING,
    Point.VOTE_SIGNED,
})  # fmt: skip


def raised(logs) -> list[dict]:
    return [line for line in logs if line.get("operator_action_required")]


def kinds(bench) -> list[str]:
    return [row.status for row in bench.retractions()]


# What is only raised, or waits


def test_without_the_setting_it_is_raised_and_the_vote_stays(bench):
    bench.settings_changes = {"retracts": False}
    bench.restart()
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.settle()

    bench.drop("error.json", epcis(declared_error(event)))
    with capture_logs() as logs:
        bench.settle()

    assert "correction of a vote already sent" in [line["event"] for line in raised(logs)]
    assert bench.event.status == EventStatus.HELD
    assert (bench.observations()[0].status, bench.retractions()) == (ObservationStatus.COUNTED, [])


def test_vote_of_another_organisation_is_never_taken_back(voted):
    """The key was given to somebody else meanwhile: the contract would say so, and is asked before anything is sent."""
    with voted.database.session() as session:
        submission = session.get_one(type(voted.submissions()[0]), 1)
        submission.signer = ANOTHER
    voted.chain.others[ANOTHER] = replace(WAREHOUSE, organisation=99)

    voted.drop("error.json", voted.wrong)
    with capture_logs() as logs:
        voted.settle()

    assert kinds(voted) == [RetractionStatus.REFUSED]
    assert len(voted.chain.sent) == 1
    assert voted.event.status == EventStatus.HELD
    assert "cannot be taken back: the vote is of organisation 99" in voted.event.reason
    assert raised(logs)


def test_node_that_is_not_admitted_waits_and_says_so_once(voted):
    voted.chain.admit(NOBODY)
    voted.drop("error.json", voted.wrong)
    with capture_logs() as logs:
        voted.settle()
    assert kinds(voted) == [RetractionStatus.WAITING]
    assert [line["event"] for line in raised(logs)] == ["not admitted", "retraction"]

    voted.chain.admit(WAREHOUSE)
    voted.settle()

    assert len(voted.chain.retracted) == 1


def test_correction_of_what_nobody_knows_is_no_error(bench):
    bench.drop("error.json", epcis(declared_error(epcis_event())))
    with capture_logs() as logs:
        bench.settle()

    (correction,) = (row for row in bench.rows(CorrectionRow) if isinstance(row, CorrectionRow))
    assert correction.effect == "nothing of it is known here"
    assert (bench.retractions(), raised(logs)) == ([], [])


def test_vote_that_the_network_refused_is_just_withdrawn(bench):
    bench.chain.refuse = Refusal.TOO_OLD
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.settle()

    bench.drop("error.json", epcis(declared_error(event)))
    with capture_logs() as logs:
        bench.settle()

    assert (bench.event.status, bench.retractions(), raised(logs)) == (EventStatus.WITHDRAWN, [], [])


@pytest.mark.parametrize(
    "in_block", [{"refuse": Refusal.ALREADY_FINAL}, {"revert_next": Outcome(0, reverted="paused")}]
)
def test_vote_in_flight_that_does_not_count_is_just_withdrawn(bench, in_block):
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.turn()
    for name, answer in in_block.items():
        setattr(bench.chain, name, answer)
    bench.drop("error.json", epcis(declared_error(event)))
    bench.turn()
    assert kinds(bench) == [RetractionStatus.WAITING]

    bench.settle()

    assert kinds(bench) == [RetractionStatus.NEEDLESS]
    assert bench.event.status == EventStatus.WITHDRAWN
    assert len(bench.chain.sent) == 1


def test_another_instance_that_was_first_makes_it_needless(voted):
    voted.chain.voted[RECEIVED].clear()
    voted.chain.withdrawn[RECEIVED] = [WAREHOUSE.organisation]

    voted.drop("error.json", voted.wrong)
    with capture_logs() as logs:
        voted.settle()

    assert kinds(voted) == [RetractionStatus.NEEDLESS]
    assert voted.event.status == EventStatus.WITHDRAWN
    assert (len(voted.chain.sent), raised(logs)) == (1, [])


def test_fact_in_dispute_needs_no_retraction(voted):
    voted.chain.facts[RECEIVED] = replace(OPEN, status=FactStatus.DISPUTED)

    voted.drop("error.json", voted.wrong)
    voted.settle()

    assert kinds(voted) == [RetractionStatus.NEEDLESS]
    assert len(voted.chain.sent) == 1


def test_transaction_that_fails_again_and_again_is_for_the_operator(voted, monkeypatch):
    mine = FakeChain.mine

    def mine_and_revert(chain: FakeChain) -> None:
        chain.revert_next = Outcome(0, reverted="the network is paused")
        mine(chain)

    monkeypatch.setattr(FakeChain, "mine", mine_and_revert)
    voted.drop("error.json", voted.wrong)
    voted.settle()
    voted.settle()

    assert kinds(voted) == [RetractionStatus.REFUSED]
    assert voted.event.status == EventStatus.HELD
    assert [row.status for row in voted.submissions()] == [SubmissionStatus.SETTLED, *[SubmissionStatus.FAILED] * 3]


# What is taken back


def test_declared_error_takes_the_vote_back(voted):
    voted.drop("error.json", voted.wrong)
    with capture_logs() as logs:
        voted.settle()

    assert voted.chain.retracted == [(RECEIVED, sha256(voted.wrong).digest())]
    assert voted.observations()[0].status == ObservationStatus.RETRACTED
    assert (voted.event.status, kinds(voted)) == (EventStatus.CORRECTED, [RetractionStatus.RETRACTED])
    assert "its vote was taken back in block" in voted.event.reason
    (told,) = [line for line in logs if line["event"] == "vote retracted"]
    assert (told["milestone"], told["fact"], raised(logs)) == ("RECEIVED", "gathering", [])
    assert status_of(voted.settings).counts["retractions"] == {"retracted": 1}


def test_fact_that_was_final_is_disputed(voted):
    figures = {"least_quantity": 950_000, "greatest_quantity": 950_000}
    voted.chain.facts[RECEIVED] = replace(OPEN, status=FactStatus.FINAL, count=2, **figures)

    voted.drop("error.json", voted.wrong)
    with capture_logs() as logs:
        voted.settle()

    assert voted.chain.facts[RECEIVED].status is FactStatus.DISPUTED
    assert [line["fact"] for line in logs if line["event"] == "vote retracted"] == ["disputed"]


def test_item_is_taken_out_of_its_batch(bench):
    right, wrong = epcis_event("receiving"), epcis_event("storing")
    bench.drop("events.json", epcis(right, wrong))
    bench.settle()

    bench.drop("error.json", epcis(declared_error(wrong)))
    bench.settle()

    assert [key.milestone for key, _ in bench.chain.retracted] == [Milestone.STORED]
    assert [row.status for row in bench.observations()] == [ObservationStatus.COUNTED, ObservationStatus.RETRACTED]


def test_vote_in_flight_is_taken_back_once_it_counts(bench):
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.turn()
    bench.drop("error.json", epcis(declared_error(event)))
    bench.turn()
    assert (kinds(bench), len(bench.chain.sent)) == ([RetractionStatus.WAITING], 1)

    bench.settle()

    assert len(bench.chain.counted) == len(bench.chain.retracted) == 1
    assert kinds(bench) == [RetractionStatus.RETRACTED]


def test_vote_that_another_instance_gave_is_taken_back(bench):
    bench.chain.voted[RECEIVED] = [WAREHOUSE.organisation]
    event = epcis_event()
    bench.chain.voters = lambda key, block: []  # what this instance saw when it decided
    bench.drop("event.json", epcis(event))
    bench.settle()
    assert bench.observations()[0].reason == "ALREADY_VOTED"

    bench.drop("error.json", epcis(declared_error(event)))
    bench.settle()

    assert len(bench.chain.retracted) == 1


def test_cancelled_receipt_advice_takes_its_vote_back(bench):
    bench.drop("advice.xml", receipt_advice((950, 0)))
    bench.settle()

    bench.drop("cancel.xml", receipt_advice((1, 0), status="1"))
    bench.settle()

    assert [key for key, _ in bench.chain.retracted] == [RECEIVED]


def test_vote_whose_block_was_lost_is_waited_for(voted):
    voted.chain.lose(voted.chain.sent[0])
    voted.drop("error.json", voted.wrong)
    voted.turn()
    assert [(row.status, row.reason) for row in voted.retractions()] == [(RetractionStatus.WAITING, NOT_IN_A_BLOCK)]

    voted.settle()

    assert len(voted.chain.counted) == len(voted.chain.retracted) == 1


def test_vote_whose_nonce_went_to_something_else_is_not_waited_for(voted):
    voted.chain.lose(voted.chain.sent[0])
    voted.chain.pool.clear()
    voted.chain.count = 5

    voted.drop("error.json", voted.wrong)
    voted.settle()

    assert kinds(voted) == [RetractionStatus.NEEDLESS]
    assert len(voted.chain.sent) == 1


@pytest.mark.parametrize("point", POINTS)
def test_death_at_any_point_takes_the_vote_back_once(voted, point):
    voted.restart(dying_at(point))
    voted.drop("error.json", voted.wrong)
    assert run_until_dead(voted)

    voted.restart()
    voted.settle()

    assert len(voted.chain.retracted) == 1
    assert kinds(voted) == [RetractionStatus.RETRACTED]
    assert [row.status for row in voted.submissions()] == [SubmissionStatus.SETTLED] * 2


def test_two_instances_of_one_node_take_the_vote_back_once(tmp_path):
    """Each with a database of its own, on one key and one network."""
    event, chain, clock = epcis_event(), FakeChain(), Clock()
    instances = [Bench(tmp_path / name, chain, clock) for name in ("one", "two")]
    for paper in (epcis(event), epcis(declared_error(event))):
        for instance in instances:
            instance.drop("paper.json", paper)
        for _ in range(6):
            for instance in instances:
                instance.turn(60)
            chain.mine()

    assert (len(chain.counted), len(chain.retracted)) == (1, 1)
    assert "retracted" in kinds(instances[0])
    assert {instance.event.status for instance in instances} <= {EventStatus.CORRECTED, EventStatus.WITHDRAWN}
