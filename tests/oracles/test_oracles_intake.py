"""Files on their way from the inbox to the archive or the quarantine."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from oracle_fakes import epcis, epcis_event
from structlog.testing import capture_logs

from oracles.intake import MOST_AT_ONCE, MOST_TOGETHER, TURN_SECONDS
from oracles.store.models import DocumentRow, DocumentStatus, SubmissionRow
from oracles.storing import Storing


def test_malformed_file_is_quarantined_with_the_reason_beside(bench):
    bench.drop("broken.json", b'{"type": "EPCISDocument", "epcisBody"')

    bench.turn()
    bench.turn()

    assert bench.quarantined() == ["broken.json", "broken.json.reason.txt"]
    assert "JSON refused" in (bench.folder / "quarantine" / "broken.json.reason.txt").read_text()


def test_file_under_way_is_waited_for(bench):
    data = epcis(epcis_event())
    path = bench.folder / "inbox" / "copied.json"
    path.write_bytes(data[:100])
    bench.turn(0.1)
    bench.turn(0.1)
    path.write_bytes(data)
    bench.turn(0.1)

    assert bench.archived() == ["copied.json"]
    assert bench.quarantined() == []


def test_one_bad_event_keeps_the_whole_document_out(bench):
    bench.drop("mixed.json", epcis(epcis_event(), epcis_event(eventTime="yesterday")))

    bench.turn()
    bench.turn()

    assert bench.events() == []
    assert bench.quarantined()[0] == "mixed.json"


def test_good_files_pass_a_bad_one(bench):
    bench.drop("a.json", b"{")
    bench.drop("b.json", epcis(epcis_event()))

    bench.turn()

    assert bench.archived() == ["b.json"]


def test_quantity_beyond_what_the_database_holds_is_quarantined(bench):
    bench.drop("much.json", epcis(epcis_event(quantity=10**16)))

    bench.turn()
    bench.turn()

    assert bench.quarantined() == ["much.json", "much.json.reason.txt"]
    assert bench.events() == []


def test_file_beyond_the_limit_is_quarantined(bench):
    bench.settings_changes = {"file_limit_bytes": 100}
    bench.restart()
    bench.drop("large.json", epcis(epcis_event()))

    bench.turn()
    bench.turn()

    assert "larger than the 100 bytes" in (bench.folder / "quarantine" / "large.json.reason.txt").read_text()


def test_documents_remember_where_they_were_filed(bench):
    bench.drop("good.json", epcis(epcis_event()))
    bench.drop("bad.json", b"{")
    bench.turn()
    bench.turn()

    found = {row.name: (row.status, row.filed_as) for row in bench.rows(DocumentRow)}

    assert found == {
        "good.json": (DocumentStatus.ARCHIVED, "good.json"),
        "bad.json": (DocumentStatus.QUARANTINED, "bad.json"),
    }


def test_unreadable_file_is_complained_about_once_and_left(bench, monkeypatch):
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    bench.drop("secret.json", epcis(epcis_event()))
    monkeypatch.setattr(Path, "open", refuse)

    with capture_logs() as logs:
        for _ in range(3):
            bench.turn()

    assert sum(line["event"] == "file left in the inbox" for line in logs) == 1
    assert (bench.folder / "inbox" / "secret.json").exists()


@pytest.mark.parametrize("content", [epcis(epcis_event()), b"{"], ids=["good", "malformed"])
@pytest.mark.parametrize("name", [b"\xff\xfe.json", b"a" * 250 + b".json"], ids=["not UTF-8", "255 bytes"])
def test_no_name_stops_a_node_also_after_a_restart(bench, name, content):
    path = Path(os.fsdecode(bytes(bench.folder / "inbox") + b"/" + name))
    path.write_bytes(content)
    bench.drop("good.json", epcis(epcis_event(eventID="urn:uuid:good")))

    with capture_logs() as logs:
        bench.settle()
        bench.restart()
        bench.settle()

    assert bench.archived() == ["good.json"]
    assert path.read_bytes() == content
    told = [line for line in logs if line["event"] == "file left in the inbox"]
    assert len(told) == 2, "once by each process"
    assert all("its name" in line["reason"] and line["operator_action_required"] for line in told)
    json.dumps(told).encode()


@pytest.mark.parametrize("content", [epcis(epcis_event()), b"{"], ids=["good", "malformed"])
def test_file_that_cannot_be_moved_holds_up_no_other(bench, monkeypatch, content):
    plain = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "a.json":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return plain(self, target)

    bench.drop("a.json", content)
    bench.drop("b.json", epcis(epcis_event(eventID="urn:uuid:b")))
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(Path, "replace", refuse)
        bench.settle()
    assert bench.archived() == ["b.json"]
    assert bench.quarantined() == []
    assert sum(line["event"] == "file left in the inbox" for line in logs) == 1

    bench.settle()

    assert sorted([*bench.archived(), *bench.quarantined()])[0] == "a.json"
    assert list((bench.folder / "inbox").iterdir()) == []
    assert len(bench.rows(DocumentRow)) == 2


def test_move_without_room_goes_on_to_the_caller(bench, monkeypatch):
    def refuse(self: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    bench.drop("a.json", epcis(epcis_event()))
    monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(OSError, match="No space left"):
        bench.turn()


def test_turn_that_takes_long_ends_with_the_papers_at_hand(bench, monkeypatch):
    store = Storing.store_all

    def slow(self: Storing, *arguments: object) -> None:
        store(self, *arguments)
        bench.clock.now += TURN_SECONDS

    monkeypatch.setattr(Storing, "store_all", slow)
    for number in range(MOST_TOGETHER + 1):
        bench.drop(f"{number:02d}.json", epcis(epcis_event(eventID=f"urn:uuid:{number}")))

    bench.turn()

    assert len(bench.archived()) == MOST_TOGETHER
    bench.turn()
    assert len(bench.archived()) == MOST_TOGETHER + 1


def test_paper_that_our_code_fails_on_does_not_keep_others_out(bench, monkeypatch):
    new_event = Storing._new_event

    def failing(self: Storing, session, event, *rest):
        if event.source_event_id == "urn:uuid:2":
            raise ValueError("a flaw of ours")
        return new_event(self, session, event, *rest)

    monkeypatch.setattr(Storing, "_new_event", failing)
    for number in range(4):
        bench.drop(f"{number}.json", epcis(epcis_event("storing", quantity=number + 1, eventID=f"urn:uuid:{number}")))

    bench.turn()

    assert bench.archived() == ["0.json", "1.json", "3.json"]
    assert bench.quarantined() == ["2.json", "2.json.reason.txt"]
    assert len(bench.events()) == 3


def test_flood_of_files_is_listed_once(bench, monkeypatch):
    looks = []
    scandir = os.scandir
    monkeypatch.setattr("oracles.sources.directory.os.scandir", lambda path: looks.append(path) or scandir(path))
    for number in range(3 * MOST_AT_ONCE):
        bench.drop(f"{number:03d}.json", epcis(epcis_event(eventID=f"urn:uuid:{number}")))

    bench.turn()
    bench.drop("000-later.json", epcis(epcis_event(eventID="urn:uuid:later")))
    bench.turn()
    bench.turn()

    assert len(bench.archived()) == 3 * MOST_AT_ONCE
    assert len(looks) == 1
    bench.turn()
    assert "000-later.json" in bench.archived()


def test_flood_of_files_does_not_hold_up_votes(bench):
    for number in range(MOST_AT_ONCE + 1):
        bench.drop(f"{number:03d}.json", epcis(epcis_event(eventID=f"urn:uuid:{number}")))

    bench.turn()

    assert len(bench.archived()) == MOST_AT_ONCE
    assert bench.rows(SubmissionRow)
    bench.turn()
    assert len(bench.archived()) == MOST_AT_ONCE + 1
