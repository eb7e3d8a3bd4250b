"""What the capture interface refuses, as RFC 7807 problems with the types of EPCIS 2.0."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from capture_desk import JSON, lone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_fakes import epcis, epcis_event

from oracles.http import door
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile

PATHS = ("/capture", "/capture/abc", "/events", "/events/abc", "/", "/queries")


def problem(answer) -> tuple[int, str]:
    """Status and type; the body is a whole problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["type"].removeprefix("epcisException:")


# Who


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_nobody_gets_in_without_a_token(desk, method, path):
    answer = desk.ask(method, path)

    assert problem(answer) == (401, "SecurityException")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer wrong", "Basic d21zOnNlY3JldA==", "Bearer é", "", "bearer portolan_"],
)
def test_wrong_token_is_refused(desk, authorization):
    desk.token("wms", Right.CAPTURE)

    answer = desk.ask("GET", "/capture", headers={"Authorization": authorization.encode("latin-1")})

    assert problem(answer) == (401, "SecurityException")


def test_body_of_a_stranger_is_not_read(desk):
    read = []

    async def body():
        read.append(True)
        yield b"{}"

    answer = asyncio.run(desk.send("POST", "/capture", headers={"Content-Type": JSON}, content=body()))

    assert answer.status_code == 401
    assert read == []


def test_token_that_is_over_is_refused(desk, monkeypatch):
    token = desk.token("wms", Right.CAPTURE, days=1)
    assert desk.ask("GET", "/capture", token=token).status_code == 200

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr("oracles.http.tokens.datetime", Later)

    assert problem(desk.ask("GET", "/capture", token=token)) == (401, "SecurityException")


def test_revoked_token_is_refused_at_once(desk):
    token = desk.token("wms", Right.CAPTURE)
    assert desk.ask("GET", "/capture", token=token).status_code == 200

    TokenFile(desk.bench.settings.http.tokens).revoke("wms")

    assert problem(desk.ask("GET", "/capture", token=token)) == (401, "SecurityException")


def test_who_may_only_capture_sees_no_events(desk):
    assert problem(desk.ask("GET", "/events", token=desk.token("wms", Right.CAPTURE))) == (403, "SecurityException")
    assert problem(desk.ask("GET", "/events/x", token=desk.token("wms"))) == (403, "SecurityException")


@pytest.mark.parametrize("path", ["/capture", "/events"])
def test_who_may_only_query_captures_nothing(desk, path):
    token = desk.token("auditor", Right.QUERY)

    answer = desk.ask("POST", path, token=token, headers={"Content-Type": JSON}, content=json.dumps(lone()).encode())

    assert problem(answer) == (403, "SecurityException")
    assert desk.documents() == []


def test_jobs_of_others_are_not_there(desk):
    capture_id = desk.capture(epcis(epcis_event()), client="wms")
    other = desk.token("tms", Right.CAPTURE)

    assert problem(desk.ask("GET", f"/capture/{capture_id}", token=other)) == (404, "NoSuchResourceException")
    assert desk.ask("GET", "/capture", token=other).json() == []


# What


def test_unknown_paths_and_methods_are_refused(desk):
    token = desk.token("wms", Right.CAPTURE)

    assert problem(desk.ask("GET", "/nothing", token=token)) == (404, "NoSuchResourceException")
    assert problem(desk.ask("DELETE", "/capture", token=token))[0] == 405
    assert problem(desk.ask("GET", "/events/none", token=desk.token("auditor", Right.QUERY)))[0] == 404
    assert problem(desk.get("/capture/none", Right.CAPTURE)) == (404, "NoSuchResourceException")


@pytest.mark.parametrize("path", ["/queries", "/queries/x/subscriptions", "/epcs", "/eventTypes/ObjectEvent/events"])
def test_parts_that_are_not_offered_say_so(desk, path):
    assert problem(desk.get(path)) == (501, "ImplementationException")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/xml"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
        {"Content-Type": JSON, "GS1-EPCIS-Version": "1.2"},
        {"Content-Type": JSON, "GS1-CBV-Version": "3.0.0"},
    ],
)
@pytest.mark.parametrize("path", ["/capture", "/events"])
def test_data_in_another_form_are_refused(desk, path, headers):
    answer = desk.ask("POST", path, token=desk.token("wms", Right.CAPTURE), headers=headers, content=b"{}")

    assert problem(answer) == (415, "UnsupportedMediaTypeException")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/xml"},
        {"Accept": "application/json;q=0, text/html"},
        {"GS1-EPCIS-Max": "1.2"},
        {"GS1-EPCIS-Min": "2.1"},
        {"GS1-CBV-Min": "3"},
    ],
)
def test_answer_in_another_form_is_refused(desk, headers):
    assert problem(desk.get("/events", headers=headers)) == (406, "NotAcceptableException")


@pytest.mark.parametrize(
    "headers",
    [
        {"GS1-EPCIS-Min": "two"},
        {"GS1-EPCIS-Min": "2.0.1", "GS1-EPCIS-Max": "2.0.0"},
        {"GS1-EPC-Format": "Always"},
        {"GS1-CBV-XML-Format": "x"},
    ],
)
def test_header_that_says_nothing_is_refused(desk, headers):
    assert problem(desk.get("/events", headers=headers)) == (400, "ValidationException")


@pytest.mark.parametrize("behaviour", ["all", "ignore", ""])
def test_unknown_error_behaviour_is_refused(desk, behaviour):
    answer = desk.post("/capture", epcis(epcis_event()), GS1_Capture_Error_Behaviour=behaviour)

    assert problem(answer) == (400, "ValidationException")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no body"),
        (b"{", "JSON refused at line 1"),
        (b"[]", "must be a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100 + b"]" * 100, "nested deeper than the 48 levels"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"type": "EPCISDocument", "type": "x"}', "'type' is given twice"),
        (b'{"type": "EPCISMasterDataDocument"}', "/type"),
        (json.dumps(epcis_event()).encode(), "/@context: it is missing"),
        (epcis(), "it holds no event"),
        (epcis(epcis_event()).replace(b'"2.0"', b'"1.2"'), "/schemaVersion: '1.2'"),
        (epcis(epcis_event()).replace(b'"schemaVersion"', b'"schema"'), "/schemaVersion"),
        (epcis(epcis_event()).replace(b'"eventList"', b'"events"'), "/epcisBody/eventList"),
    ],
)
def test_document_with_a_bad_frame_is_refused_at_once(desk, body, why):
    answer = desk.post("/capture", body)

    assert problem(answer) == (400, "ValidationException")
    assert why in answer.json()["detail"]
    assert desk.documents() == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (epcis(epcis_event()), "a document goes to /capture"),
        (json.dumps(lone() | {"action": "LOOK"}).encode(), "/action"),
        (json.dumps(lone() | {"eventTime": "yesterday"}).encode(), "/eventTime"),
        (json.dumps(lone() | {"lane": 7}).encode(), "/lane: it is no property of EPCIS"),
        (json.dumps(lone(quantity=10**16)).encode(), "more than this node can count"),
        (json.dumps({k: v for k, v in lone().items() if k != "@context"}).encode(), "/@context"),
    ],
)
def test_bad_event_is_refused_at_once(desk, body, why):
    answer = desk.post("/events", body)

    assert problem(answer) == (400, "ValidationException")
    assert why in answer.json()["detail"]
    assert desk.documents() == []


# How much


def test_document_with_too_many_events_is_refused(desk):
    answer = desk.post("/capture", epcis(*[epcis_event()] * 1001))

    assert problem(answer) == (413, "CaptureLimitExceededException")
    assert "1001 events; 1000" in answer.json()["detail"]


def test_body_is_refused_as_soon_as_it_is_too_long(desk):
    read = []

    async def body():
        for _ in range(100):
            read.append(True)
            yield b" " * 1024 * 1024

    token = desk.token("wms", Right.CAPTURE)
    answer = asyncio.run(desk.send("POST", "/capture", token=token, headers={"Content-Type": JSON}, content=body()))

    assert problem(answer) == (413, "CaptureLimitExceededException")
    assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(8 * 1024 * 1024)
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "1000"
    assert len(read) == 9


def test_body_that_says_it_is_too_long_is_not_read(desk):
    answer = desk.post("/capture", b"{}", Content_Length=str(10**12))

    assert problem(answer) == (413, "CaptureLimitExceededException")


def test_body_that_does_not_come_is_given_up(desk):
    desk.bench.settings_changes["http"] |= {"read_seconds": 0.05}

    async def body():
        yield b"{"
        await asyncio.sleep(30)

    token = desk.token("wms", Right.CAPTURE)
    answer = asyncio.run(desk.send("POST", "/capture", token=token, headers={"Content-Type": JSON}, content=body()))

    assert problem(answer)[0] == 408


def test_uri_that_is_too_long_is_refused(desk):
    answer = desk.get("/events?MATCH_epc=" + "x" * door.LONGEST_URI)

    assert problem(answer) == (414, "URITooLongException")


# Our own faults


def test_database_that_fails_is_told_without_its_inside_and_acknowledges_nothing(desk, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/var/lib/node/node.db")

    monkeypatch.setattr(desk.bench.captures, "checkpoint", full)

    answer = desk.post("/capture", epcis(epcis_event()))

    assert problem(answer) == (500, "ImplementationException")
    assert "node.db" not in answer.text
    assert "No space left" in capsys.readouterr().out
    assert desk.documents() == []


def test_event_that_our_code_fails_on_stops_neither_the_others_nor_the_node(desk, monkeypatch):
    from oracles.capture import events

    keys = events.keys

    def fails(event):
        if event.biz_step == "storing":
            raise LookupError("a flaw")
        return keys(event)

    monkeypatch.setattr(events, "keys", fails)

    job = desk.run(epcis(epcis_event(), epcis_event("storing")), GS1_Capture_Error_Behaviour="proceed")

    assert [problem["type"] for problem in job["errors"]] == ["epcisException:ImplementationException"]
    assert len(desk.captured()) == 1


def test_tokens_that_cannot_be_read_let_nobody_in(desk, capsys):
    desk.bench.settings.http.tokens.write_text("{}{")

    answer = desk.ask("GET", "/capture", token="portolan_x")

    assert problem(answer) == (500, "ImplementationException")
    assert "is not a file of tokens" in capsys.readouterr().out


def test_no_secret_and_no_body_is_logged(desk, capsys):
    token = desk.token("wms", Right.CAPTURE)

    desk.post("/capture", epcis(epcis_event(**{"acme:secret": "the combination of the vault"})))
    desk.ask("GET", "/capture", token=token + "x")

    printed = capsys.readouterr()
    assert token not in printed.out + printed.err
    assert "vault" not in printed.out + printed.err


# Whatever comes

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "@context", "epcisBody", "eventList", "eventTime", "a:b"]), inner)
    ),
    max_leaves=12,
)
_EVENT = st.fixed_dictionaries(
    {},
    optional={
        name: _JSON | st.just(value)
        for name, value in (
            lone()
            | {
                "eventID": "https://wms.example/1",
                "errorDeclaration": {"declarationTime": "2026-05-28T12:00:00Z"},
                "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}]}],
                "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
            }
        ).items()
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.one_of(_JSON, _EVENT, _EVENT.map(lambda e: lone() | e)).map(lambda v: json.dumps(v).encode())
)
def test_no_body_makes_the_node_fail(desk, body):
    for path in ("/capture", "/events"):
        answer = desk.post(path, body)
        assert answer.status_code in (201, 202, 400, 409), answer.text
    desk.bench.node.cycle()
    assert all(job["running"] is False for job in desk.get("/capture", Right.CAPTURE).json())
    assert desk.get("/events?perPage=1").status_code == 200
