"""Documents that come in over HTTP: jobs, and the same way into the pipeline as a file of the inbox."""

from __future__ import annotations

import json

import pytest
from capture_desk import filed_as, lone
from oracle_fakes import NOON, declared_error, epcis, epcis_event, temperature
from structlog.testing import capture_logs

from oracles.operating.status import status_of
from oracles.store.captures import CaptureStatus
from oracles.store.models import (
    DocumentRow,
    DocumentStatus,
    EventReferenceRow,
    EventStatus,
    ObservationRow,
    ReadingRow,
)
from oracles.store.retractions import RetractionRow

BAD = epcis_event("storing") | {"action": "LOOK"}


def query_document(*events: dict[str, object]) -> dict[str, object]:
    document = json.loads(epcis(*events))
    body = {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": document.pop("epcisBody")}}
    return document | {"type": "EPCISQueryDocument", "epcisBody": body}


def test_document_is_acknowledged_before_its_events_are_looked_at(desk):
    answer = desk.post("/capture", epcis(epcis_event()))

    assert answer.status_code == 202
    job = desk.job(answer.headers["Location"].removeprefix("/capture/"))
    assert (job["running"], job["success"], job["errors"]) == (True, True, [])
    assert "finishedAt" not in job
    assert desk.bench.events() == []


def test_captured_event_is_vouched_for_like_one_of_a_file(desk):
    job = desk.run(epcis(epcis_event()))
    desk.bench.settle()

    assert (job["running"], job["success"], job["errors"], job["captureErrorBehaviour"]) == (
        False,
        True,
        [],
        "rollback",
    )
    assert job["finishedAt"] >= job["createdAt"]
    assert len(desk.bench.chain.counted) == 1
    assert desk.bench.event.status == EventStatus.VOUCHED


def test_document_lies_in_the_archive_byte_for_byte(desk):
    body = epcis(epcis_event()) + b"\n\n"

    job = desk.run(body)

    (name,) = desk.bench.archived()
    assert name == filed_as(job["captureID"])
    assert (desk.bench.folder / "archive" / name).read_bytes() == body
    assert [(row.status, row.document) for row in desk.documents()] == [(CaptureStatus.FILED, None)]
    (row,) = desk.bench.rows(DocumentRow)
    assert (row.status, row.filed_as) == (DocumentStatus.ARCHIVED, name)


@pytest.mark.parametrize("body", [lone(), query_document(epcis_event())], ids=["bare event", "query document"])
def test_query_documents_and_bare_events_are_captured_too(desk, body):
    assert desk.run(body)["success"]

    assert len(desk.captured()) == 1


def test_rollback_takes_nothing_of_a_document_with_a_bad_event(desk):
    job = desk.run(epcis(epcis_event(), BAD))

    assert (job["running"], job["success"]) == (False, False)
    (problem,) = job["errors"]
    assert problem["type"] == "epcisException:ValidationException"
    assert "/epcisBody/eventList/1/action" in problem["detail"]
    assert desk.captured() == []
    assert desk.bench.events() == []
    name = filed_as(job["captureID"])
    assert desk.bench.quarantined() == [name, f"{name}.reason.txt"]
    assert "/epcisBody/eventList/1/action" in (desk.bench.folder / "quarantine" / f"{name}.reason.txt").read_text()


def test_proceed_takes_what_is_good(desk):
    job = desk.run(epcis(epcis_event(), BAD, epcis_event("storing")), GS1_Capture_Error_Behaviour="proceed")

    assert (job["running"], job["success"], job["captureErrorBehaviour"]) == (False, False, "proceed")
    assert len(job["errors"]) == 1
    assert [row.activity for row in desk.bench.events()] == ["receiving", "storing"]


def test_same_document_again_is_no_error_and_adds_nothing(desk):
    first = desk.run(epcis(epcis_event()))
    again = desk.run(epcis(epcis_event()))
    desk.bench.settle()

    assert first["success"]
    assert again["success"]
    assert len(desk.captured()) == len(desk.bench.chain.counted) == 1


def test_event_twice_in_one_document_is_captured_once(desk):
    assert desk.run(epcis(epcis_event(), epcis_event(eventID="https://wms.example/1")))["success"]

    assert len(desk.captured()) == 1


def test_event_that_came_as_a_file_before_is_not_vouched_for_again(desk):
    desk.bench.drop("receiving.json", epcis(epcis_event()))
    desk.bench.settle()

    assert desk.run(epcis(epcis_event()))["success"]
    desk.bench.settle()

    assert len(desk.bench.chain.counted) == 1
    assert len(desk.bench.events()) == len(desk.captured()) == 1


def test_another_event_under_a_known_id_overwrites_nothing(desk):
    desk.run(epcis(epcis_event(eventID="https://wms.example/1")))
    before = desk.captured()

    job = desk.run(epcis(epcis_event(quantity=5, eventID="https://wms.example/1")))

    (problem,) = job["errors"]
    assert problem["type"] == "epcisException:ResourceAlreadyExistsException"
    assert desk.captured() == before
    assert [row.quantity for row in desk.bench.events()] == [950_000]


def test_two_different_events_of_one_document_under_one_id_are_refused(desk):
    job = desk.run(epcis(*(epcis_event(quantity=q, eventID="https://wms.example/1") for q in (1, 2))))

    assert not job["success"]
    assert desk.captured() == []


def test_error_declaration_withdraws_what_was_not_sent(desk):
    desk.bench.chain.away = True
    desk.run(epcis(epcis_event()))

    assert desk.run(epcis(declared_error(epcis_event())))["success"]

    assert desk.bench.event.status == EventStatus.WITHDRAWN
    assert len(desk.captured()) == 2


def test_error_declaration_after_the_vote_takes_it_back(desk):
    desk.run(epcis(epcis_event()))
    desk.bench.settle()

    desk.run(epcis(declared_error(epcis_event())))

    assert desk.bench.event.status == EventStatus.CORRECTED
    (row,) = desk.bench.rows(RetractionRow)
    assert row.observation_id == desk.bench.rows(ObservationRow)[0].id


def test_same_error_declaration_again_is_known(desk):
    for _ in range(2):
        desk.run(epcis(epcis_event(), declared_error(epcis_event())))

    assert len(desk.captured()) == 2


def test_sensor_reports_become_readings(desk):
    desk.run(epcis(temperature(4.5)))

    (row,) = desk.bench.rows(ReadingRow)
    assert (row.value, row.label) == ("4500", "temperature")


def test_extensions_survive_with_what_their_prefix_means(desk):
    body = json.loads(epcis(epcis_event(**{"acme:lane": {"acme:dock": "7"}})))
    body["@context"] = [*body["@context"], {"acme": "https://acme.example/epcis/"}]

    desk.run(body)

    (event,) = desk.found()
    assert event["acme:lane"] == {"acme:dock": "7"}
    assert event["@context"] == [{"acme": "https://acme.example/epcis/"}]


def test_numbers_come_back_digit_for_digit(desk):
    body = epcis(epcis_event(quantity=None)).replace(
        b'"epcList": []',
        b'"epcList": [], "quantityList": [{"epcClass": "https://id.gs1.org/01/04012345101010",'
        b' "quantity": 123456789012345.10, "uom": "KGM"}]',
    )

    desk.run(body)

    assert b"123456789012345.10" in desk.get("/events").content


def test_jobs_are_taken_in_the_order_in_which_they_came(desk):
    ids = [desk.capture(epcis(epcis_event("storing", quantity=q))) for q in range(1, 41)]
    for _ in range(3):
        desk.bench.turn()

    assert [row.quantity for row in desk.bench.events()] == [q * 1000 for q in range(1, 41)]
    assert not any(desk.job(capture_id)["running"] for capture_id in ids)


def test_turn_takes_only_so_much(desk, monkeypatch):
    monkeypatch.setattr("oracles.capture.capturing.MOST_BYTES", len(epcis(epcis_event("storing"))))
    ids = [desk.capture(epcis(epcis_event("storing", quantity=q))) for q in range(100, 105)]
    left = []

    for _ in range(3):
        desk.bench.turn()
        left.append(sum(desk.job(capture_id)["running"] for capture_id in ids))

    assert left == [3, 1, 0]


def test_document_is_taken_while_the_network_is_away_and_vouched_for_when_it_is_back(desk):
    desk.bench.chain.away = True
    assert desk.run(epcis(epcis_event()))["success"]

    desk.bench.chain.away = False
    desk.bench.settle()

    assert len(desk.bench.chain.counted) == 1


def test_folder_that_cannot_be_written_keeps_the_document_in_the_database(desk, capsys):
    archive = desk.bench.folder / "archive"
    archive.rmdir()
    archive.touch()
    capture_id = desk.capture(epcis(epcis_event()))

    desk.bench.turn()
    desk.bench.turn()

    assert [row.status for row in desk.documents()] == [CaptureStatus.TAKEN]
    assert capsys.readouterr().out.count("capture cannot be filed") == 1
    archive.unlink()
    archive.mkdir()
    desk.bench.turn()
    assert desk.bench.archived() == [filed_as(capture_id)]


def test_file_of_the_same_name_in_the_archive_is_left_alone(desk):
    capture_id = desk.capture(epcis(epcis_event()))
    other = desk.bench.folder / "archive" / filed_as(capture_id)
    other.write_text("somebody's own")

    desk.bench.turn()

    assert other.read_text() == "somebody's own"
    assert len(desk.bench.archived()) == 2


def test_status_counts_what_was_captured(desk):
    desk.run(epcis(epcis_event()))
    desk.capture(epcis(epcis_event("storing")))

    assert status_of(desk.bench.settings).counts["captures"] == {"filed": 1, "received": 1}


def test_event_of_the_future_waits(desk):
    desk.run(epcis(epcis_event(at=NOON.replace(year=2027))))
    desk.bench.settle()

    assert desk.bench.chain.counted == []
    assert desk.bench.event.status == EventStatus.WAITING


def test_quantity_that_nobody_can_count_is_refused(desk):
    job = desk.run(epcis(epcis_event(quantity=10**16)))

    (problem,) = job["errors"]
    assert "/epcisBody/eventList/0: 10000000000000000 is more than this node can count" in problem["detail"]


@pytest.mark.parametrize("number", ["%20", "%E3%80%80"])
def test_document_number_of_nothing_but_space_names_nothing(desk, number):
    named = [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000023:{number}"}]

    assert desk.run(epcis(epcis_event(bizTransactionList=named)))["success"]

    assert desk.bench.rows(EventReferenceRow) == []


def test_document_that_our_code_fails_on_later_stops_nothing_and_is_kept(desk, monkeypatch):
    def fails(*_: object) -> None:
        raise LookupError("a flaw")

    monkeypatch.setattr("oracles.storing.reference_rows", fails)
    with capture_logs() as lines:
        first = desk.run(epcis(epcis_event()))
        desk.post("/events", lone("storing"))
        desk.bench.drop("file.json", epcis(epcis_event("loading")))
        desk.bench.settle()
    monkeypatch.undo()
    last = desk.run(epcis(epcis_event("departing")))

    assert [problem["type"] for problem in first["errors"]] == ["epcisException:ImplementationException"]
    assert last["success"]
    assert len([name for name in desk.bench.quarantined() if name.endswith(".json")]) == 3
    assert [row.activity for row in desk.bench.events()] == ["departing"]
    assert len([line for line in lines if line["event"] == "document not taken"]) == 3
