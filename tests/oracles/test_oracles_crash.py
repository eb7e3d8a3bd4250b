"""A node that dies between any two steps finishes after a restart with exactly one counted vote, and loses no file."""

from __future__ import annotations

import pytest
from oracle_fakes import epcis, epcis_event, receipt_advice

from oracles.checkpoints import VOTE_POINTS, Point
from oracles.store.models import DocumentRow, DocumentStatus, EventStatus, ObservationStatus, SubmissionStatus

POINTS = sorted(VOTE_POINTS)


class Died(BaseException):
    """Stands for SIGKILL: no `except Exception` sees it, open database transactions are rolled back."""


def dying_at(point: Point, times: int = 1):
    left = [times]

    def checkpoint(reached: Point) -> None:
        if reached is point and left[0]:
            left[0] -= 1
            raise Died(point)

    return checkpoint


def run_until_dead(bench) -> bool:
    try:
        bench.settle()
    except Died:
        return True
    return False


@pytest.mark.parametrize("point", POINTS)
def test_death_at_any_point_ends_in_one_counted_vote(bench, point):
    bench.restart(dying_at(point))
    bench.drop("receiving.json", epcis(epcis_event()))
    assert run_until_dead(bench)

    bench.restart()
    bench.settle()

    assert len(bench.chain.counted) == 1
    assert [row.status for row in bench.observations()] == [ObservationStatus.COUNTED]
    assert [row.status for row in bench.submissions()] == [SubmissionStatus.SETTLED]
    assert {row.status for row in bench.rows(DocumentRow)} == {DocumentStatus.ARCHIVED}
    assert [name for name in bench.archived() if (bench.folder / "archive" / name).stat().st_size] == ["receiving.json"]
    assert list((bench.folder / "inbox").iterdir()) == []


@pytest.mark.parametrize("point", POINTS)
def test_death_while_several_facts_are_under_way_doubles_and_loses_none(bench, point):
    bench.settings_changes = {"batch_limit": 1}
    bench.restart(dying_at(point))
    bench.drop("events.json", epcis(*(epcis_event(step) for step in ("loading", "departing", "arriving"))))
    bench.drop("advice.xml", receipt_advice((950, 0)))
    assert run_until_dead(bench)

    bench.restart()
    bench.settle()

    assert len(bench.chain.counted) == len({key for key, _, _ in bench.chain.counted}) == 4
    assert {row.status for row in bench.submissions()} == {SubmissionStatus.SETTLED}


@pytest.mark.parametrize("point", [Point.DOCUMENT_STORED, Point.DOCUMENT_MOVED, Point.DOCUMENT_FILED])
def test_death_while_quarantining_keeps_the_file_and_its_reason(bench, point):
    bench.restart(dying_at(point))
    bench.drop("broken.json", b'{"type": "EPCISDocument", ')
    assert run_until_dead(bench)

    bench.restart()
    bench.settle()

    names = [name for name in bench.quarantined() if (bench.folder / "quarantine" / name).stat().st_size]
    assert names == ["broken.json", "broken.json.reason.txt"]
    assert list((bench.folder / "inbox").iterdir()) == []


def test_death_at_every_point_in_turn_ends_in_one_counted_vote(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    for point in POINTS:
        bench.restart(dying_at(point))
        run_until_dead(bench)

    bench.restart()
    bench.settle()

    assert len(bench.chain.counted) == 1
    assert [row.status for row in bench.events()] == [EventStatus.VOUCHED]


def test_transaction_mined_while_the_node_was_dead_is_not_sent_again(bench):
    bench.restart(dying_at(Point.TRANSACTION_BROADCAST))
    bench.drop("receiving.json", epcis(epcis_event()))
    assert run_until_dead(bench)
    bench.chain.mine()

    bench.restart()
    bench.settle()

    assert len(bench.chain.sent) == len(bench.chain.counted) == 1
