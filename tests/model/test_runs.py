"""Random runs through the real contracts: the books are what the model replays from the events, and the chain takes
exactly what the model says may be done.

MODEL_SEEDS (numbers, by commas) and MODEL_OPERATIONS say which runs and how long; `make fuzz` may set them. A run
that goes wrong names its seed and operation: MODEL_SEEDS=<seed> repeats it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import pytest

from model.books import Disagreement
from model.compare import differences
from model.finished import CHECKPOINTS, finished, replayed
from model.history import moments, new_books
from model.invoices import Invoice
from model.plan import go
from model.replay import replay
from model.run import Run
from model.scene import begin
from model.syndication import SYNDICATE

pytestmark = pytest.mark.node

DEFAULT_SEEDS = (2, 6, 17)
SEEDS = [int(seed) for seed in os.environ.get("MODEL_SEEDS", "").split(",") if seed] or [*DEFAULT_SEEDS]
DEFAULT_OPERATIONS = 600
OPERATIONS = int(os.environ.get("MODEL_OPERATIONS", DEFAULT_OPERATIONS))
# What every run must meet, so that none of this is true of a network where nothing happens.
MET = {
    "FinancingDesk.Drawn",
    "FinancingDesk.FacilityLimitSet",
    "FinancingDesk.FinancingClosed",
    "FinancingDesk.ParkedClaimed",
    "FinancingDesk.PayoutParked",
    "FinancingDesk.Repaid",
    "LendingPool.Collected",
    "MilestoneOracle.FactFinal",
    "OrderCollateral.ProceedsForwarded",
    "OrderEscrow.OrderPaid",
    "OrderEscrow.OrderSettled",
    "OrderEscrow.ProceedsReleased",
    "ReceivableDisputes.CreditNoteIssued",
    "ReceivableToken.ProceedsClaimed",
    "ReceivableToken.ProceedsSetAside",
    "ReceivableToken.ReceivableDefaulted",
    "ReceivableToken.ReceivableSettled",
}
# What the runs of the default seeds, which were chosen for it, meet besides.
MET_BY_DEFAULT = {
    "FinancingDesk.CommitmentFeeCharged",
    "FinancingDesk.CommitmentFeePaid",
    "FinancingDesk.FinancingDefaulted",
    "FinancingDesk.ImpairmentSet",
    "FinancingDesk.RecourseOpened",
    "FirstLossReserve.LossCovered",
    "LendingPool.LossTaken",
    "LendingPool.RecoveryShared",
    "OrderEscrow.ParkedClaimed",
    "ReceivableDisputes.DisputeOpened",
    "ReceivableDisputes.DisputeResolved",
    "ReceivableToken.ReceivableCancelled",
    "Servicing.AmendmentCarriedOut",
}
REFUSED_BY_DEFAULT = {
    "FinancingDesk.openFinancing: GoodsOfEndedOrder",
    "FinancingDesk.openFinancing: MatchMissing",
}

# What a syndicate's members must have had their parts of, in every run and in those of the default seeds.
SHARED = {"draw", "fees", "interest", "principal"}
SHARED_BY_DEFAULT = {"expected loss", "loss", "recovered", "reserve"}


@pytest.fixture(scope="module", params=[pytest.param(s, marks=pytest.mark.xdist_group(f"model-{s}")) for s in SEEDS])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A network after a run of its own."""
    path = tmp_path_factory.mktemp("model")
    with finished(path, partial(begin, seed=request.param), partial(go, operations=OPERATIONS)) as made:
        yield made


def test_every_book_is_what_the_events_add_up_to(run: Run) -> None:
    books, compared = replayed(run)

    assert compared > 200 * CHECKPOINTS
    assert books.compared > 2 * OPERATIONS, "what events say was hardly ever worked out beforehand"
    assert all(ledger.postings > 20 for ledger in books.ledgers.values())


def test_the_chain_takes_exactly_what_the_model_allows(run: Run) -> None:
    """Each operation was tried, and compared, as the run went; here: that there were enough, of both sorts."""
    assert sum(run.done.values()) > OPERATIONS // 2
    assert sum(run.refused.values()) > OPERATIONS // 5
    assert len(run.refused) > min(OPERATIONS // 20, 30), "kinds of refusals"


def test_the_run_met_what_the_model_is_there_for(run: Run) -> None:
    chosen = run.seed in DEFAULT_SEEDS and run.operation == DEFAULT_OPERATIONS

    assert set(run.met) >= (MET | MET_BY_DEFAULT if chosen else MET)
    assert not chosen or set(run.refused) >= REFUSED_BY_DEFAULT
    shared = run.books.syndicates[SYNDICATE].met
    assert shared >= (SHARED | SHARED_BY_DEFAULT if chosen else SHARED)
    assert {event.partition(".")[2] for event in run.met} >= {"EpochPaid", "Resumed", "Withdraw"}, "of either tranche"


def test_a_book_that_is_a_minor_unit_out_is_noticed(run: Run) -> None:
    books = run.books
    books.now = run.head
    financing = books.financings[1]
    financing.principal += 1

    try:
        _, found = differences(books, run.chain, run.chain.block_number())
    finally:
        financing.principal -= 1

    assert any(f"financing {financing.number}: owed" in each for each in found)


def test_a_minor_unit_with_the_wrong_member_of_a_syndicate_is_noticed(run: Run) -> None:
    books = run.books
    books.now = run.head
    lost = books.syndicates[SYNDICATE].lost
    lost[0], lost[1] = lost[0] + 1, lost[1] - 1

    try:
        _, found = differences(books, run.chain, run.chain.block_number())
    finally:
        lost[0], lost[1] = lost[0] - 1, lost[1] + 1

    assert [each for each in found if "has at stake" in each] == found
    assert len(found) == len(lost)


def test_a_waterfall_out_of_order_is_noticed(run: Run) -> None:
    told = [*moments(run.network, run.blocks[-1])]
    place = next(i for i, m in enumerate(told) if m.event.name == "Repaid" and m.event.arguments["parts"]["principal"])
    parts = told[place].event.arguments["parts"]
    parts["principal"], parts["reserve"] = parts["principal"] - 1, parts["reserve"] + 1

    with pytest.raises(Disagreement, match="waterfall"):
        replay(new_books(run.network), told)


def test_an_operation_that_only_the_model_refuses_is_noticed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(its: Invoice, amount: int) -> set[str]:
        return {"ReceivableStateWrong"}

    monkeypatch.setattr("model.rules.pay", never)

    with pytest.raises(Disagreement, match="the chain takes it; the model refuses"):
        go(run, 200)
