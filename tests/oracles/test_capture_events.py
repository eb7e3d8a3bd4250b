"""Single events in and out: POST /events, GET /events/{id}, the two forms of identifiers, discovery."""

from __future__ import annotations

import asyncio
import json
import threading
from urllib.parse import quote

import pytest
from capture_desk import CONTEXT, filed_as, lone
from oracle_fakes import declared_error, epcis, epcis_event

from oracles.http.settings import Right
from oracles.store.captures import CaptureStatus
from oracles.store.models import EventStatus
from standards.epcis import event_hash

URN = "urn:epc:id:sgtin:0614141.107346.2017"
LINK = "https://id.gs1.org/01/10614141073464/21/2017"
ID = "https://wms.example/events/1?a=b"
ALWAYS_URN = {"GS1-EPC-Format": "Always_EPC_URN"}


def test_same_event_again_is_refused_with_its_place(desk):
    first = desk.post("/events", lone())

    again = desk.post("/events", lone() | {"eventTime": "2026-05-28T13:00:00+02:00", "@context": CONTEXT})

    assert again.status_code == 409
    assert again.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert again.headers["Location"] == first.headers["Location"]
    assert len(desk.captured()) == 1


def test_another_event_under_a_known_id_is_refused(desk):
    desk.post("/events", lone(eventID=ID))

    answer = desk.post("/events", lone(quantity=5, eventID=ID))

    assert answer.status_code == 409
    assert "nothing overwrites it" in answer.json()["detail"]
    assert [event["quantityList"][0]["quantity"] for event in desk.event(ID)] == [950]


def test_event_is_captured_before_its_sender_is_told(desk):
    answer = desk.post("/events", lone())

    assert answer.status_code == 201
    made = answer.json()
    assert made["eventID"] == event_hash(lone())
    assert answer.headers["Location"] == f"/events/{quote(made['eventID'], safe='')}"
    assert made["recordTime"]
    assert [row.event_hash for row in desk.captured()] == [made["eventID"]]
    assert desk.bench.events() == []


def test_captured_event_is_vouched_for_like_one_of_a_file(desk):
    desk.post("/events", lone())

    desk.bench.settle()

    assert len(desk.bench.chain.counted) == 1
    assert desk.bench.event.status == EventStatus.VOUCHED
    (row,) = desk.documents()
    assert (row.status, row.document) == (CaptureStatus.FILED, None)
    assert desk.bench.archived() == [filed_as(row.capture_id)]


def test_single_event_is_no_job(desk):
    desk.post("/events", lone())

    assert desk.get("/capture", Right.CAPTURE).json() == []
    assert desk.get(f"/capture/{desk.documents()[0].capture_id}", Right.CAPTURE).status_code == 404


def test_same_event_from_many_at_once_is_captured_once(desk):
    token = desk.token("wms", Right.CAPTURE)
    sent = {"Content-Type": "application/json"}
    body = json.dumps(lone()).encode()

    async def all_at_once():
        asked = [desk.send("POST", "/events", token=token, headers=sent, content=body) for _ in range(8)]
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    statuses = asyncio.run(all_at_once())
    desk.bench.settle()

    assert sorted(statuses) == [201] + [409] * 7
    assert len(desk.captured()) == len(desk.bench.chain.counted) == 1


def test_event_sent_while_the_node_takes_documents_is_captured_once(desk):
    """The node's own thread and a request look for the same event, and one of them adds it."""
    desk.token("wms", Right.CAPTURE)
    _ = desk.app
    for quantity in range(1, 11):
        desk.capture(epcis(epcis_event(quantity=quantity)))
        sender = threading.Thread(target=desk.post, args=("/events", lone(quantity=quantity)))
        sender.start()
        desk.bench.node.cycle()
        sender.join()
        desk.bench.node.cycle()

    assert len(desk.captured()) == len(desk.bench.events()) == 10
    assert all(job["success"] for job in desk.get("/capture", Right.CAPTURE).json())


def test_event_is_found_by_its_own_id_and_by_its_hash(desk):
    desk.post("/events", lone(eventID=ID))

    for name in (ID, event_hash(lone())):
        (event,) = desk.event(name)
        assert event["eventID"] == ID


def test_event_comes_with_its_error_declarations(desk):
    desk.post("/events", lone(eventID=ID))
    desk.post("/events", {"@context": CONTEXT} | declared_error(epcis_event()))

    original, declared = desk.event(ID)

    assert "errorDeclaration" not in original
    assert declared["errorDeclaration"]["reason"] == "did_not_occur"
    assert declared["eventID"] == ID


def test_record_time_is_the_nodes_own(desk):
    desk.post("/events", lone(recordTime="1999-01-01T00:00:00Z", eventID=ID))

    (event,) = desk.event(ID)

    assert event["recordTime"] > "2026"


# The form of identifiers


@pytest.mark.parametrize("form", [None, "Always_GS1_Digital_Link"])
def test_identifiers_are_links_unless_asked_otherwise(desk, form):
    desk.post("/events", lone(epcList=[URN], eventID=ID))

    (event,) = desk.event(ID, {"GS1-EPC-Format": form} if form else None)

    assert event["epcList"] == [LINK]
    assert event_hash({"@context": CONTEXT} | event) == event_hash(lone(epcList=[URN]))


@pytest.mark.parametrize("form", ["Never_Translates", "No_Preference"])
@pytest.mark.parametrize("given", [URN, LINK])
def test_identifiers_stay_as_captured_where_asked(desk, form, given):
    desk.post("/events", lone(epcList=[given], eventID=ID))

    (event,) = desk.event(ID, {"GS1-EPC-Format": form})

    assert event["epcList"] == [given]


def test_urns_are_given_where_urns_were_captured(desk):
    desk.post("/events", lone(epcList=[URN], quantity=None, eventID=ID))

    (event,) = desk.event(ID, ALWAYS_URN)

    assert event["epcList"] == [URN]


def test_link_is_never_turned_into_a_urn(desk):
    desk.post("/events", lone(epcList=[LINK], quantity=None, eventID=ID))

    for path in ("/events", f"/events/{quote(ID, safe='')}"):
        answer = desk.get(path, headers=ALWAYS_URN)

        assert answer.status_code == 406
        assert answer.json()["type"] == "epcisException:NotAcceptableException"
        assert "how long the company prefix is" in answer.json()["detail"]


# Discovery


def test_discovery_tells_versions_and_limits(desk):
    token = desk.token("wms", Right.CAPTURE)

    answer = desk.ask("OPTIONS", "/capture", token=token)

    assert answer.status_code == 204
    assert answer.content == b""
    told = {name: value for name, value in answer.headers.items() if name.startswith(("gs1", "allow"))}
    assert told == {
        "allow": "OPTIONS, POST, GET",
        "gs1-epcis-version": "2.0.0",
        "gs1-epcis-min": "2.0.0",
        "gs1-epcis-max": "2.0.1",
        "gs1-cbv-version": "2.0.0",
        "gs1-cbv-min": "2.0.0",
        "gs1-cbv-max": "2.0.1",
        "gs1-epc-format": "Always_GS1_Digital_Link",
        "gs1-cbv-xml-format": "Never_Translates",
        "gs1-extensions": "portolan=urn:portolan:",
        "gs1-vendor-version": "portolan-1",
        "gs1-epcis-capture-limit": "1000",
        "gs1-epcis-capture-file-size-limit": str(8 * 1024 * 1024),
        "gs1-capture-error-behaviour": "all",
    }


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "OPTIONS"),
        ("/events", "OPTIONS, GET, POST"),
        ("/events/x", "OPTIONS, GET"),
        ("/capture/x", "OPTIONS, GET"),
    ],
)
def test_every_path_is_discovered(desk, path, allowed):
    answer = desk.ask("OPTIONS", path, token=desk.token("wms", Right.CAPTURE))

    assert (answer.status_code, answer.headers["allow"]) == (204, allowed)
    assert "gs1-epcis-capture-limit" not in answer.headers


def test_every_answer_tells_its_versions(desk):
    answers = [desk.post("/capture", epcis(epcis_event())), desk.post("/events", b"{"), desk.get("/events")]

    assert [answer.status_code for answer in answers] == [202, 400, 200]
    for answer in answers:
        assert answer.headers["GS1-EPCIS-Version"] == answer.headers["GS1-CBV-Version"] == "2.0.0"
        assert answer.headers["GS1-Extensions"] == "portolan=urn:portolan:"


def test_answer_is_json_ld_where_asked(desk):
    assert desk.get("/events").headers["content-type"] == "application/json"
    answer = desk.get("/events", headers={"Accept": "application/ld+json, application/json;q=0"})
    assert answer.headers["content-type"] == "application/ld+json"
