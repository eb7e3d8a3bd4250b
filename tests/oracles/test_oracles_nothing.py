"""A paper that says that nothing came is no witness: never signed, and against whoever says that something came."""

from __future__ import annotations

import pytest
from oracle_bench import Bench
from oracle_fakes import declared_error, epcis, epcis_event, receipt_advice
from test_oracles_crash import dying_at, run_until_dead

from oracles.checkpoints import Point
from oracles.errors import NotHeld
from oracles.resolving import decide
from oracles.store.models import EventStatus
from oracles.store.resolutions import ResolutionAction

HELD, VOUCHED, NOT_SIGNED = EventStatus.HELD, EventStatus.VOUCHED, EventStatus.NOT_SIGNED
NOTHING = epcis_event(quantity=0)


def statuses(bench: Bench) -> list[str]:
    return [row.status for row in bench.events()]


@pytest.mark.parametrize(
    "paper",
    [receipt_advice((10, 10)), receipt_advice((10, 10), (0, 0)), epcis(NOTHING), epcis(epcis_event(quantity=0.0004))],
)
def test_nothing_is_signed_of_a_paper_that_says_nothing_came(bench, paper):
    bench.drop("paper.xml" if paper.lstrip().startswith(b"<") else "paper.json", paper)

    bench.settle()

    assert statuses(bench) == [HELD]
    assert "nothing" in bench.event.reason
    assert (bench.observations(), bench.chain.sent) == ([], [])


@pytest.mark.parametrize("other", [950, None])
@pytest.mark.parametrize("order", ["together", "nothing first", "nothing last"])
def test_it_contradicts_whoever_says_that_something_came(bench, other, order):
    papers = [epcis(epcis_event(quantity=other)), epcis(NOTHING)]
    if order == "nothing first":
        papers.reverse()
    if order == "nothing last":
        bench.settings_changes = {"consider_seconds": 100_000}
        bench.restart()
    for place, paper in enumerate(papers):
        bench.drop(f"{place}.json", paper)
        if order != "together":
            bench.turn(60)

    bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert all("two accounts of one fact" in row.reason for row in bench.events())
    assert bench.chain.sent == []


def test_what_was_decided_but_not_signed_is_taken_back(bench):
    bench.restart(dying_at(Point.OBSERVATION_DECIDED))
    bench.drop("first.json", epcis(epcis_event()))
    assert run_until_dead(bench)
    bench.drop("second.json", epcis(NOTHING))
    bench.restart()

    bench.settle()

    assert statuses(bench) == [HELD, HELD]
    assert bench.chain.sent == []


def test_it_differs_from_a_vote_that_was_counted(voted):
    voted.drop("nothing.json", epcis(NOTHING))

    voted.settle()

    assert statuses(voted) == [VOUCHED, HELD]
    assert "differs from what this node vouched for" in voted.events()[1].reason
    assert len(voted.chain.counted) == 1


def test_the_operator_cannot_have_it_signed(bench):
    bench.drop("nothing.json", epcis(NOTHING))
    bench.settle()

    with pytest.raises(NotHeld, match="nothing"):
        decide(bench.database, bench.event.event_hash, ResolutionAction.SIGN, "sign it")

    bench.settle()
    assert (statuses(bench), bench.chain.sent) == ([HELD], [])


@pytest.mark.parametrize("place", [0, 1])
def test_the_operator_may_decide_for_the_other(bench, place):
    papers = [NOTHING, NOTHING]
    papers[place] = epcis_event()
    bench.drop("both.json", epcis(*papers))
    bench.settle()

    decide(bench.database, bench.events()[place].event_hash, ResolutionAction.SIGN, "counted again")
    bench.settle()

    expected = [NOT_SIGNED, NOT_SIGNED]
    expected[place] = VOUCHED
    assert statuses(bench) == expected
    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_a_correction_of_it_lets_the_other_go_on(bench):
    bench.drop("both.json", epcis(epcis_event(), NOTHING))
    bench.settle()

    bench.drop("error.json", epcis(declared_error(NOTHING)))
    bench.settle()

    assert statuses(bench)[:2] == [VOUCHED, EventStatus.WITHDRAWN]
    assert len(bench.chain.counted) == 1


def test_a_paper_that_measures_nothing_is_still_a_witness(bench):
    bench.drop("unmeasured.json", epcis(epcis_event(quantity=None)))

    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [0]
    assert statuses(bench) == [VOUCHED]
