"""What every request goes through: whose it is, who sends it, one line in the log; every error is a problem."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from oracles.http.apps import problem_response
from oracles.http.clients import Clients
from oracles.http.interfaces import Interface, by_length
from oracles.http.problems import Absent, Failed, RequestRefused, UriTooLong
from oracles.http.tokens import TokensUnusable
from oracles.http.traces import trace_of_request
from oracles.metrics import Metrics

log = structlog.get_logger("oracles")

LONGEST_URI: Final = 8_192


class Door:
    """The one ASGI application that the server has. Nobody who is not known gets to an interface that leaves it to us
    to know its senders."""

    def __init__(self, interfaces: Iterable[Interface], clients: Clients, metrics: Metrics) -> None:
        self._interfaces, self._clients, self._metrics = by_length(interfaces), clients, metrics
        self._nowhere = Interface("none", "", _nothing, knows_senders=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        interface = next((known for known in self._interfaces if known.has(scope["path"])), self._nowhere)
        state = scope.setdefault("state", {})
        state["interface"] = interface
        state["trace_id"] = trace_of_request(Headers(scope=scope).get("traceparent"))
        started, status, begun = time.perf_counter(), 500, False

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message.get("headers", []), *_added(message, scope["method"], interface)]
            await send(message)

        try:
            self._admit(scope, interface)
            await interface.app(scope, receive, answered)
        except ClientDisconnect:
            status = 499
        except Exception as error:  # noqa: BLE001 - the last boundary: logged here, and told without its inside
            if not isinstance(error, RequestRefused):
                _complain(scope, interface, error)
            if not begun:
                refused = error if isinstance(error, RequestRefused) else Failed()
                await problem_response(refused, interface.problem_types)(scope, receive, answered)
        finally:
            self._tell(scope, interface, status, started)

    def _admit(self, scope: Scope, interface: Interface) -> None:
        """Raises RequestRefused, TokensUnusable. The client goes with the request."""
        if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > LONGEST_URI:
            raise UriTooLong(f"a URI may have {LONGEST_URI} bytes")
        if not interface.knows_senders:
            certificate = scope["state"].get("peer_certificate")
            scope["state"]["client"] = self._clients.identify(Headers(scope=scope).get("authorization"), certificate)

    def _tell(self, scope: Scope, interface: Interface, status: int, started: float) -> None:
        method, client = _known_method(scope), scope["state"].get("client")
        self._metrics.requests.labels(interface.name, method, str(status)).inc()
        log.info(
            "request",
            interface=interface.name,
            method=method,
            client=client.name if client is not None else "",
            status=status,
            trace_id=scope["state"]["trace_id"],
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )


async def _nothing(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise Absent(f"there is nothing at {scope['path'][:200]}")


def _added(message: Message, method: str, interface: Interface) -> list[tuple[bytes, bytes]]:
    """The interface's own; and, where a request was refused whose body may still be arriving, the connection's end."""
    present = {name.lower() for name, _ in message.get("headers", [])}
    own = [(name.lower().encode(), value.encode()) for name, value in interface.headers.items()]
    added = [pair for pair in own if pair[0] not in present]
    return [*added, (b"connection", b"close")] if message["status"] >= 400 and method != "GET" else added


def _known_method(scope: Mapping[str, str]) -> str:
    return scope["method"] if scope["method"] in ("GET", "POST", "OPTIONS", "DELETE") else "other"


def _complain(scope: Scope, interface: Interface, error: Exception) -> None:
    """Never the body, which may quote itself in an error's text."""
    known = isinstance(error, DBAPIError | TokensUnusable | OSError)
    reason = str(getattr(error, "orig", error)) if known else type(error).__name__
    log.error(
        "request failed",
        interface=interface.name,
        method=_known_method(scope),
        reason=reason,
        trace_id=scope["state"]["trace_id"],
        operator_action_required=True,
        exc_info=None if known else error,
    )
