"""A request's line has its caller's trace, or one of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from oracles.http.clients import Clients
from oracles.http.door import Door
from oracles.http.interfaces import Interface
from oracles.http.traces import trace_of_request
from oracles.metrics import Metrics

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TRACE,
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}",
    ],
)
def test_header_that_names_no_trace_is_replaced(header: str | None) -> None:
    found = trace_of_request(header)

    assert found != TRACE
    assert len(bytes.fromhex(found)) == 16
    assert trace_of_request(header) != found


@pytest.mark.parametrize("header", [f"00-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-00-what comes later"])
def test_callers_trace_is_taken(header: str) -> None:
    assert trace_of_request(header) == TRACE


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(("fails", "event"), [(False, "request"), (True, "request failed")])
def test_line_of_a_request_has_its_trace(fails: bool, event: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if fails:
            raise ZeroDivisionError
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Message) -> None:
        sent.append(message)

    sent: list[Message] = []
    clients: Any = Clients
    door = Door([Interface("papers", "/papers", app, knows_senders=True)], clients, Metrics())
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/papers",
        "headers": [(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())],
    }

    with capture_logs() as lines:
        asyncio.run(door(scope, _nothing_more, send))

    assert {line["trace_id"] for line in lines} == {TRACE}
    assert event in [line["event"] for line in lines]
    assert sent[0]["status"] == (500 if fails else 204)
