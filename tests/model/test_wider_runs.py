"""Random runs that also insure and exchange currencies: the books are what the model replays from the events, and the
chain takes exactly what the model says may be done.

MODEL_SEEDS and MODEL_OPERATIONS say which runs and how long, as for the ordinary ones.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from functools import partial

import pytest

from chain_node.client import CoverKind, FactStatus, Milestone, Owed, PolicyTerms
from model import fx_rules, wider
from model.books import Disagreement
from model.compare import differences
from model.finished import block_of, checkpoints, finished, replayed
from model.fx import Exchange
from model.history import moments, new_books
from model.insurance import FactClaims, Insurance, Policy
from model.replay import replay
from model.run import Run

pytestmark = pytest.mark.node

DEFAULT_SEEDS = (12,)
SEEDS = [int(seed) for seed in os.environ.get("MODEL_SEEDS", "").split(",") if seed] or [*DEFAULT_SEEDS]
DEFAULT_OPERATIONS = 1_000
OPERATIONS = int(os.environ.get("MODEL_OPERATIONS", DEFAULT_OPERATIONS))
# What every run must meet, so that none of this is true of a network where nothing is insured or exchanged.
MET = {
    "FxQuotes.QuoteOffered",
    "FxQuotes.QuoteTaken",
    "InsurancePolicies.PolicyBound",
    "InsurancePolicies.PolicyEnded",
    "InsurancePolicies.PremiumPaid",
}
# What the runs of the default seeds, which were chosen for it, meet besides.
MET_BY_DEFAULT = {
    "Conversions.ConversionBegun",
    "Conversions.ConversionReserved",
    "Conversions.ProceedsSold",
    "FxQuotes.PositionWithdrawn",
    "FxQuotes.QuoteEnded",
    "InsurancePolicies.ClaimPaid",
    "InsurancePolicies.RecoveryPaid",
}
REFUSED_BY_DEFAULT = {
    "FinancingDesk.openFinancing: RateNotUsable",
    "FxQuotes.offer: QuoteAmountOutOfRange",
    "FxQuotes.offer: QuoteExpiryOutOfRange",
    "FxQuotes.offer: QuoteRateOutOfBand",
    "FxQuotes.offer: RateNotUsable",
    "FxQuotes.take: ExchangeOfNothing",
    "FxQuotes.take: NotTakerOf",
    "FxQuotes.take: QuoteOver",
    "InsurancePolicies.bind: LossAlreadyKnown",
    "InsurancePolicies.claim: CoverLapsed",
    "InsurancePolicies.claim: NoLossEvent",
    "InsurancePolicies.claim: PolicyStateWrong",
    "InsurancePolicies.close: CoverStillRuns",
    "InsurancePolicies.offer: InsurerOfOwnGroup",
    "InsurancePolicies.offer: PolicyTermsUnsound",
    "InsurancePolicies.payPremium: PremiumNotDue",
}


@pytest.fixture(scope="module", params=[pytest.param(s, marks=pytest.mark.xdist_group(f"wider-{s}")) for s in SEEDS])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A network after a run of its own."""
    path = tmp_path_factory.mktemp("wider")
    with finished(path, partial(wider.begin, seed=request.param), partial(wider.go, operations=OPERATIONS)) as made:
        yield made


def test_every_wider_book_is_what_the_events_add_up_to(run: Run) -> None:
    _, compared = replayed(run)

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


def test_a_premium_that_is_not_kept_for_its_insurer_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    its = next(moment.event.arguments for moment in told if moment.event.name == "PremiumPaid")
    its["amount"], its["left"] = its["amount"] - 1, its["left"] + 1

    with pytest.raises(AssertionError):
        replay(new_books(run.network), told)


def test_a_model_without_premiums_due_is_noticed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Insurance, "premium_due", lambda its, financing, now: 0)

    with pytest.raises(AssertionError):
        _replay_and_compare(run)


def _replay_and_compare(run: Run) -> None:
    books, told = new_books(run.network), deque(moments(run.network, run.blocks[-1]))
    for number in checkpoints(run):
        while told and told[0].event.block_number <= number:
            replay(books, block_of(told))
        books.now = run.chain.block(number).timestamp
        _, found = differences(books, run.chain, number)
        assert found == []


def test_an_insurer_that_gets_back_too_little_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    its = next(moment.event.arguments for moment in told if moment.event.name == "RecoveryPaid")
    its["amount"], its["left"] = its["amount"] - 1, its["left"] + 1

    with pytest.raises(AssertionError, match="what InsurancePolicies holds"):
        replay(new_books(run.network), told)


def test_what_was_claimed_on_a_fact_that_the_model_forgets_is_noticed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = run.books
    books.now = run.head
    assert any(its.paid for its in books.insurance.facts.values())
    monkeypatch.setattr(Insurance, "claims_before", lambda its, policy: FactClaims())

    _, found = differences(books, run.chain, run.chain.block_number())

    assert found
    assert all("claims on its fact" in each for each in found)


def test_a_loss_that_the_model_forgets_is_noticed(run: Run) -> None:
    books = run.books
    books.now = run.head
    losses, books.losses = books.losses, {}

    try:
        _, found = differences(books, run.chain, run.chain.block_number())
    finally:
        books.losses = losses

    assert any("loss of its goods" in each for each in found)


@pytest.mark.parametrize(
    ("owed", "loss"), [(600, 150), (700, 150), (400, 50), (100, 0)], ids=["paid", "interest", "repaid", "covered"]
)
def test_policies_on_one_fact_pay_one_loss_together(owed: int, loss: int) -> None:
    """Half of the goods were lost at a debt of 900, of which another insurer has paid 300."""
    terms = PolicyTerms(
        financing=1,
        kind=CoverKind.CARGO,
        limit=900,
        deductible=0,
        premium=0,
        offer_until=1,
        pay_by=2,
        until=2,
        waiting_days=0,
        claim_days=1,
        milestone=int(Milestone.LOST),
        sequence=1,
        quantity=10,
        subject=b"s" * 32,
    )
    before = FactClaims()
    before.book(900, 300)

    found = Policy(2, "insurer", terms).loss(
        Owed(0, 0, 0, owed, 0, 0), None, lambda subject, milestone, sequence: (FactStatus.FINAL, 5, 7), before
    )

    assert found == (7, min(900, owed + 300), loss)


def test_a_claim_for_a_loss_of_a_minor_unit_more_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    next(moment.event.arguments for moment in told if moment.event.name == "ClaimPaid")["loss"] += 1

    with pytest.raises(Disagreement, match="loss and claim"):
        replay(new_books(run.network), told)


def test_a_rate_that_is_rounded_for_its_taker_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    its = next(moment.event.arguments for moment in told if moment.event.name == "QuoteTaken")
    its["received"], its["left"] = its["received"] + 1, its["left"] - 1

    with pytest.raises(Disagreement, match="what an exchange gives"):
        replay(new_books(run.network), told)


def test_a_base_without_the_haircut_of_its_rate_is_noticed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def uncut(its: Exchange, financing: int, amount: int, now: int) -> int:
        return int(amount * its.per_unit(its.rates.value, its.sells_base(its.joined[financing].to)))

    told = [*moments(run.network, run.blocks[-1])]
    monkeypatch.setattr(Exchange, "lending_value", uncut)

    with pytest.raises(Disagreement, match="base of the draw"):
        replay(new_books(run.network), told)


def test_an_exchange_that_only_the_model_refuses_is_noticed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = fx_rules.offer
    monkeypatch.setattr("model.fx_rules.offer", lambda *asked: offer(*asked) | {"QuoteRateOutOfBand"})

    with pytest.raises(Disagreement, match="the chain takes it; the model refuses"):
        wider.go(run, 500)
