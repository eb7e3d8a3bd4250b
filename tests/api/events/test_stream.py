"""GET /v1/events/stream: nothing is missed, nothing of others is seen, slow clients are cut and go on."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from served import LEI, OTHER_LEI, Served, serve
from streamed import say

from api.auth.principal import Principal
from api.auth.scopes import ORGANISATION_SCOPES
from api.auth.service import client_of, create_client, disable
from api.db import Database
from api.events.router import router
from api.settings import Settings

FAST = {"poll_interval_seconds": 0.02, "heartbeat_seconds": 0.2, "slow_client_seconds": 0.3, "stream_seconds": 30.0}


@pytest.fixture
def streaming(database: Database, database_url: str, settings_for: Callable[..., Settings]) -> Iterator[Served]:
    with serve(settings_for(database_url=database_url, events=FAST), [router]) as running:
        yield running


@contextmanager
def following(client: httpx.Client, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a stream, as they come; `{}` for a heartbeat."""
    last = query.pop("last_event_id", None)
    headers = {} if last is None else {"Last-Event-ID": last}
    with client.stream("GET", "/v1/events/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> Iterator[dict[str, Any]]:
            for line in answer.iter_lines():
                if line.startswith(":"):
                    yield {}
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

        yield read()


def ids(events: Iterator[dict[str, Any]], count: int) -> list[str]:
    found = (event["id"] for event in events if event)
    return [next(found) for _ in range(count)]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"last_event_id": "17"}, 422),
        ({"after": "evt_x"}, 422),
        ({"type": "nothing.*"}, 422),
        ({"seconds": "-1"}, 422),
    ],
)
def test_malformed_stream_is_refused(streaming: Served, query: dict[str, str], status: int) -> None:
    asked = {**query}
    last = asked.pop("last_event_id", None)
    with streaming.client() as client:
        answer = client.get("/v1/events/stream", params=asked, headers={"Last-Event-ID": last} if last else {})

    assert answer.status_code == status, answer.text


def test_stream_takes_its_scope(streaming: Served) -> None:
    with streaming.client(scopes=("receivables:read",)) as client:
        assert client.get("/v1/events/stream").status_code == 403


def test_new_events_come_as_they_are_told_and_those_of_others_never(streaming: Served) -> None:
    say(streaming, 2)
    with streaming.client() as client, following(client) as events:
        assert next(events) == {}  # a heartbeat: the stream stands
        say(streaming, 3, lei=OTHER_LEI)
        mine = say(streaming, 5)

        assert ids(events, 5) == mine


def test_resumed_stream_misses_nothing_and_repeats_nothing(streaming: Served) -> None:
    told = say(streaming, 250)
    with streaming.client() as client:
        with following(client, after="evt_0000000000000000") as events:
            first = ids(events, 120)
        told += say(streaming, 5)
        with following(client, last_event_id=first[-1]) as events:
            second = ids(events, 135)

    assert first + second == told


def test_stream_of_no_seconds_answers_what_there_is(streaming: Served) -> None:
    told = say(streaming, 130)
    with streaming.client() as client, following(client, after=told[0], seconds="0") as events:
        assert [event["id"] for event in events if event] == told[1:]


def test_events_told_while_streams_resume_are_seen_once_by_each(streaming: Served) -> None:
    """Clients that come and go all the time, while events are told."""
    told: list[str] = []
    seen: dict[int, list[str]] = {number: [] for number in range(3)}
    done = threading.Event()

    def follow(number: int) -> None:
        with streaming.client() as client:
            while not (done.is_set() and len(seen[number]) == len(told)):
                last = seen[number][-1] if seen[number] else "evt_0000000000000000"
                with following(client, last_event_id=last, seconds="1") as events:
                    seen[number] += [event["id"] for event in events if event]

    threads = [threading.Thread(target=follow, args=(number,)) for number in seen]
    for thread in threads:
        thread.start()
    for _ in range(40):
        told += say(streaming, 3)
    done.set()
    for thread in threads:
        thread.join(120)

    assert all(found == told for found in seen.values())


def test_one_stream_too_many_is_refused(streaming: Served) -> None:
    most = streaming.gateway.settings.events.streams_per_organisation
    with streaming.client() as client, ExitStack() as stack:
        open_ones = [stack.enter_context(following(client)) for _ in range(most)]
        assert [next(events) for events in open_ones] == [{}] * most
        refusal = client.get("/v1/events/stream", params={"seconds": "0"})

    assert (refusal.status_code, refusal.json()["error"]) == (409, "streams-too-many")
    _until(lambda: streaming.gateway.feed.open_streams() == 0, "the streams do not end")


def test_stream_ends_when_its_client_is_disabled(streaming: Served) -> None:
    gateway = streaming.gateway
    made = gateway.database.run(lambda session: create_client(session, lei=LEI))
    bearer = gateway.tokens.issue(Principal(made.client_id, LEI, ORGANISATION_SCOPES))
    with streaming.client() as client:
        client.headers["Authorization"] = f"Bearer {bearer}"
        with following(client, seconds="25") as events:
            assert next(events) == {}
            gateway.database.run(lambda session: disable(session, client_of(session, made.client_id)))
            gateway.keys.refresh()
            say(streaming, 2)

            assert [event for event in events if event] == []
        assert client.get("/v1/events/stream").status_code == 401


def test_stream_ends_with_its_token(streaming: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = streaming.gateway.tokens
    with streaming.client() as client:
        monkeypatch.setattr(tokens, "lifetime_seconds", 10)
        bearer = tokens.issue(Principal("client_test", LEI, ORGANISATION_SCOPES))
        client.headers["Authorization"] = f"Bearer {bearer}"
        with following(client) as events:
            assert next(events) == {}
            assert [event for event in events if event] == []
        # The stream itself would have lasted longer, and it was not the gateway that stopped.
        assert client.get("/v1/events/stream").status_code == 401


def test_client_that_takes_nothing_is_cut_and_goes_on(streaming: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    told = say(streaming, 400, size=50_000)
    token = streaming.token()
    place = urlsplit(streaming.url)
    slow = socket.create_connection((place.hostname or "", place.port or 0))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(
        b"GET /v1/events/stream?after=evt_0000000000000000 HTTP/1.1\r\nHost: gateway\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
    )
    _until(lambda: streaming.gateway.feed.open_streams() == 1, "the stream does not begin")

    _until(lambda: streaming.gateway.feed.open_streams() == 0, "the slow client is not cut")
    slow.close()
    # A busy machine must not look like a client that takes nothing.
    patient = streaming.gateway.settings.events.model_copy(
        update={"slow_client_seconds": 60.0, "stream_seconds": 240.0}
    )
    monkeypatch.setattr(streaming.gateway.feed, "_settings", patient)

    with streaming.client() as client, following(client, after="evt_0000000000000000") as events:
        assert ids(events, 400) == told


def test_streams_end_when_the_gateway_stops(streaming: Served) -> None:
    with streaming.client() as client, following(client) as events:
        assert next(events) == {}
        streaming.gateway.feed.stop()

        assert [event for event in events if event] == []


def _until(what: Callable[[], Any], otherwise: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
