"""An older copy of the database beside its archive: what was archived since is read before anything is signed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from oracle_bench import Bench
from oracle_fakes import declared_error, epcis, epcis_event
from structlog.testing import capture_logs
from test_oracles_crash import Died, dying_at

from oracles.checkpoints import Point
from oracles.store.models import EventStatus

EVENT = epcis_event(order="PO-X")


@pytest.fixture
def older(bench: Bench) -> Path:
    """A copy of the database in which the paper waits; its consignment is linked after what the test archives."""
    bench.drop("paper.json", epcis(EVENT))
    bench.settle()
    assert bench.event.status == EventStatus.WAITING
    copy = bench.folder / "older.copy"
    with closing(sqlite3.connect(bench.settings.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def put_back(bench: Bench, copy: Path) -> None:
    bench.database.close()
    for path in bench.folder.glob("node.db*"):
        path.unlink()
    shutil.copy(copy, bench.settings.database)
    bench.chain.link("order", "PO-X")


@pytest.mark.parametrize("between", [0, 70])
def test_correction_that_only_the_archive_has_is_heard(bench, older, between):
    for number in range(between):
        bench.drop(f"more{number:02}.json", epcis(epcis_event(order=f"PO-{number}")))
    bench.settle()
    bench.drop("wrong.json", epcis(declared_error(EVENT)))
    bench.settle()
    archived = bench.archived()
    put_back(bench, older)

    with capture_logs() as logs:
        bench.restart()
    bench.settle()

    assert bench.events()[0].status == EventStatus.WITHDRAWN
    assert (bench.observations(), bench.chain.sent) == ([], [])
    assert bench.archived() == archived
    assert [line["papers"] for line in logs if line["event"] == "archived papers taken up"] == [between + 1]


def test_paper_that_only_the_archive_has_is_attested_once(bench, older):
    bench.drop("later.json", epcis(epcis_event("arriving")))
    bench.settle()
    sent = len(bench.chain.counted)
    put_back(bench, older)

    bench.restart()
    bench.settle()

    assert (sent, len(bench.chain.counted)) == (1, 2)
    assert [row.activity for row in bench.events()] == ["receiving", "arriving"]


def test_it_is_done_once(bench, older):
    bench.drop("wrong.json", epcis(declared_error(EVENT)))
    bench.settle()
    put_back(bench, older)
    bench.restart()

    with capture_logs() as logs:
        bench.restart()

    assert [line for line in logs if line["event"] == "archived papers taken up"] == []


def test_archived_paper_that_is_not_read_any_more_does_not_stop_the_node(bench, older):
    (bench.folder / "archive" / "odd.json").write_bytes(b"[]")
    put_back(bench, older)

    with capture_logs() as logs:
        bench.restart()
    bench.settle()

    assert len(bench.chain.counted) == 1
    assert [line["file"] for line in logs if line["event"] == "archived paper not read"] == ["odd.json"]


def test_death_while_it_reads_them_leaves_nothing_out(bench, older):
    bench.drop("wrong.json", epcis(declared_error(EVENT)))
    bench.settle()
    put_back(bench, older)
    with pytest.raises(Died):
        bench.restart(dying_at(Point.DOCUMENT_STORING))

    bench.restart()
    bench.settle()

    assert bench.chain.sent == []
