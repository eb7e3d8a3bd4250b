"""One id from the request to its transaction, to the lines of sender and indexer, and to the event."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import structlog
from served import LEI, OTHER_LEI, Served, serve, toy_router
from token_chain import TokenChain
from toy_events import TOY

from api.db import Database
from api.events.models import EventParty
from api.events.router import router as events_router
from api.settings import Settings

pytestmark = pytest.mark.node
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENT_WITH = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "Prefer": "wait=60"}


@pytest.fixture
def telling(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[Served]:
    """A gateway that listens, with the toy's writes and the log of events."""
    assert TOY.name == "toy"
    token_chain.request("evm_setAutomine", True)
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    with serve(settings, [toy_router(), events_router]) as running:
        yield running


def wrote(client: httpx.Client, **headers: str) -> tuple[httpx.Response, dict[str, Any]]:
    answer = client.post("/v1/tellings", json={"value": 1}, headers=headers)
    answer.raise_for_status()
    (transaction,) = answer.json()["transactions"]
    return answer, transaction


def traces_in(lines: list[Any], event: str, part: str) -> set[str]:
    return {each["trace_id"] for line in lines if line["event"] == event for each in line[part]}


def test_trace_goes_from_request_to_transaction_to_event(telling: Served) -> None:
    client = telling.client(lei=LEI)
    with structlog.testing.capture_logs() as lines:
        answer, transaction = wrote(client, **SENT_WITH)
        deadline = time.monotonic() + 120
        while not traces_in(lines, "transactions.settled", "settled") and time.monotonic() < deadline:
            time.sleep(0.02)

    assert answer.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert transaction["trace_id"] == TRACE
    assert client.get(f"/v1/transactions/{transaction['id']}").json()["trace_id"] == TRACE
    assert client.get("/v1/transactions").json()["items"][0]["trace_id"] == TRACE
    assert traces_in(lines, "transactions.sent", "sent") == {TRACE}
    assert traces_in(lines, "transactions.settled", "settled") == {TRACE}
    (event,) = client.get("/v1/events").json()["items"]
    assert (event["transaction_hash"], event["trace_id"]) == (transaction["hash"], TRACE)
    assert client.get(f"/v1/events/{event['id']}").json() == event
    assert f'"trace_id":"{TRACE}"' in client.get("/v1/events/stream?seconds=0&after=evt_0000000000000000").text


def test_parties_to_an_event_learn_nothing_of_the_request_but_its_trace(telling: Served) -> None:
    words = {"X-Request-Id": "order-of-a-secret-client", "tracestate": "vendor=another-secret"}
    wrote(telling.client(lei=LEI), **SENT_WITH, **words)
    with telling.gateway.database.transaction() as session:
        session.add(EventParty(lei=OTHER_LEI, sequence=1))

    stranger = telling.client(lei=OTHER_LEI)
    seen = stranger.get("/v1/events")

    assert [event["trace_id"] for event in seen.json()["items"]] == [TRACE]
    assert "secret" not in seen.text
    assert stranger.get("/v1/transactions").json()["items"] == []


def test_requests_without_a_trace_do_not_share_one(telling: Served) -> None:
    client = telling.client(lei=LEI)

    first, second = (wrote(client, Prefer="wait=60") for _ in range(2))

    for answer, transaction in (first, second):
        assert answer.headers["traceparent"].split("-")[1] == transaction["trace_id"]
    assert first[1]["trace_id"] != second[1]["trace_id"]
