"""Random runs that also insure: the books are what the model replays from the events, and the chain takes exactly what
the model says may be done.

MODEL_SEEDS and MODEL_OPERATIONS say which runs and how long, as for the ordinary ones.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator

import pytest
from support.network import start_network

from model import wider
from model.books import Disagreement
from model.compare import differences
from model.history import moments, new_books
from model.replay import Moment, replay
from model.run import Run
from model.test_runs import block_of, checkpoints

pytestmark = pytest.mark.node

DEFAULT_SEEDS = (3,)
SEEDS = [int(seed) for seed in os.environ.get("MODEL_SEEDS", "").split(",") if seed] or [*DEFAULT_SEEDS]
DEFAULT_OPERATIONS = 700
OPERATIONS = int(os.environ.get("MODEL_OPERATIONS", DEFAULT_OPERATIONS))
# What every run must meet, so that none of this is true of a network where nothing is insured.
MET = {
    "InsurancePolicies.PolicyBound",
    "InsurancePolicies.PolicyEnded",
    "InsurancePolicies.PremiumPaid",
}
# What the runs of the default seeds, which were chosen for it, meet besides.
MET_BY_DEFAULT = {
    "InsurancePolicies.ClaimPaid",
    "InsurancePolicies.PositionWithdrawn",
    "InsurancePolicies.RecoveryPaid",
    "InsurancePolicies.RecoveryWaived",
}
REFUSED_BY_DEFAULT = {
    "InsurancePolicies.accept: PolicyTermsDiffer",
    "InsurancePolicies.bind: LossAlreadyKnown",
    "InsurancePolicies.claim: CoverLapsed",
    "InsurancePolicies.claim: LossWithinDeductible",
    "InsurancePolicies.claim: NoLossEvent",
    "InsurancePolicies.claim: PolicyStateWrong",
    "InsurancePolicies.claim: WaitingPeriodRuns",
    "InsurancePolicies.close: CoverStillRuns",
    "InsurancePolicies.offer: InsurerOfOwnGroup",
    "InsurancePolicies.offer: PolicyTermsUnsound",
    "InsurancePolicies.payPremium: PremiumNotDue",
}


@pytest.fixture(scope="module", params=[pytest.param(s, marks=pytest.mark.xdist_group(f"wider-{s}")) for s in SEEDS])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A network after a run of its own."""
    network = start_network(tmp_path_factory.mktemp("wider"))
    made = wider.begin(network, request.param)
    wider.go(made, OPERATIONS)
    yield made
    network.chain.close()
    network.engine.stop()


def test_every_wider_book_is_what_the_events_add_up_to(run: Run) -> None:
    books, told, compared = new_books(run.network), deque(moments(run.network, run.blocks[-1])), 0

    for number in checkpoints(run):
        while told and told[0].event.block_number <= number:
            replay(books, block_of(told))
        books.now = run.chain.block(number).timestamp
        figures, found = differences(books, run.chain, number)
        assert found == []
        compared += figures

    assert not told
    assert compared > 2_000


def test_the_wider_run_met_what_the_model_is_there_for(run: Run) -> None:
    chosen = run.seed in DEFAULT_SEEDS and run.operation == DEFAULT_OPERATIONS

    assert set(run.met) >= (MET | MET_BY_DEFAULT if chosen else MET)
    assert not chosen or set(run.refused) >= REFUSED_BY_DEFAULT


def test_a_minor_unit_with_the_wrong_insurer_is_noticed(run: Run) -> None:
    books = run.books
    books.now = run.head
    position = next(its for its in books.insurance.positions.values() if its.free)
    position.free -= 1

    try:
        _, found = differences(books, run.chain, run.chain.block_number())
    finally:
        position.free += 1

    assert len(found) == 1
    assert "put down by" in found[0]


def test_a_premium_that_is_not_served_first_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    place = next(place for place, moment in enumerate(told) if _is_served_with_a_payment(told, place))
    arguments = told[place].event.arguments
    arguments["amount"], arguments["left"] = arguments["amount"] - 1, arguments["left"] + 1

    with pytest.raises(AssertionError):
        replay(new_books(run.network), told)


def _is_served_with_a_payment(told: list[Moment], place: int) -> bool:
    event, next_ = told[place].event, told[place + 1].event
    return event.name == "PremiumPaid" and next_.name == "Repaid" and sum(next_.arguments["parts"].values()) > 0


def test_an_insurer_that_gets_back_too_little_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    its = next(moment.event.arguments for moment in told if moment.event.name == "RecoveryPaid")
    its["amount"], its["left"] = its["amount"] - 1, its["left"] + 1

    with pytest.raises(AssertionError, match="what InsurancePolicies holds"):
        replay(new_books(run.network), told)


def test_a_claim_for_a_loss_of_a_minor_unit_more_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    next(moment.event.arguments for moment in told if moment.event.name == "ClaimPaid")["loss"] += 1

    with pytest.raises(Disagreement, match="loss and claim"):
        replay(new_books(run.network), told)
