"""What happens to every request: who sends it, the headers of EPCIS, one line in the log; every error as a problem."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oracles.capture.clients import Client, Clients
from oracles.capture.headers import VERSIONS, check_asked
from oracles.capture.problems import (
    MEDIA_TYPE,
    Absent,
    CaptureRefused,
    MethodRefused,
    NodeFailed,
    UriTooLong,
)
from oracles.capture.tokens import TokensUnusable
from oracles.metrics import Metrics

log = structlog.get_logger("oracles")

LONGEST_URI = 8_192
_FAILED = "The node failed; its log says more."


class EachRequest:
    """ASGI middleware. Nobody who is not known gets past it, so no body is read of theirs."""

    def __init__(self, app: ASGIApp, clients: Clients, metrics: Metrics) -> None:
        self._app, self._clients, self._metrics = app, clients, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, begun, who = time.perf_counter(), 500, False, ""

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message.get("headers", []), *_added(message, scope["method"])]
            await send(message)

        try:
            client = self._admitted(scope)
            who = client.name
            await self._app(scope, receive, answered)
        except ClientDisconnect:
            status = 499
        except Exception as error:  # noqa: BLE001 - the last boundary: logged here, and told without its inside
            if not isinstance(error, CaptureRefused):
                _complain(scope, error)
            refused = error if isinstance(error, CaptureRefused) else NodeFailed(_FAILED)
            if not begun:
                await problem_response(refused)(scope, receive, answered)
        finally:
            self._metrics.requests.labels(_known_method(scope), str(status)).inc()
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], client=who, status=status, milliseconds=milliseconds)

    def _admitted(self, scope: Scope) -> Client:
        """Raises CaptureRefused, TokensUnusable. The client and the answer's media type go with the request."""
        if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > LONGEST_URI:
            raise UriTooLong(f"a URI may have {LONGEST_URI} bytes")
        headers, state = Headers(scope=scope), scope.setdefault("state", {})
        client = self._clients.identify(headers.get("authorization"), state.get("peer_certificate"))
        state["client"], state["media_type"] = client, check_asked(headers)
        return client


def problem_response(error: CaptureRefused) -> Response:
    return Response(error.body, error.status, error.headers, MEDIA_TYPE)


def of_http(error: HTTPException, method: str, path: str) -> CaptureRefused:
    """What the framework refuses by itself: an unknown path, or method."""
    if error.status_code == 405:
        return MethodRefused(f"{method} is not possible there", dict(error.headers or {}))
    if error.status_code == 404:
        return Absent(f"there is nothing at {path[:200]}")
    return NodeFailed(_FAILED)


def _added(message: Message, method: str) -> list[tuple[bytes, bytes]]:
    """The versions; and, where a request was refused whose body may still be arriving, the end of the connection."""
    present = {name.lower() for name, _ in message.get("headers", [])}
    versions = [(name.lower().encode(), value.encode()) for name, value in VERSIONS.items()]
    added = [pair for pair in versions if pair[0] not in present]
    return [*added, (b"connection", b"close")] if message["status"] >= 400 and method != "GET" else added


def _known_method(scope: Mapping[str, str]) -> str:
    return scope["method"] if scope["method"] in ("GET", "POST", "OPTIONS", "DELETE") else "other"


def _complain(scope: Scope, error: Exception) -> None:
    """Never the body, which may quote itself in an error's text."""
    known = isinstance(error, DBAPIError | TokensUnusable | OSError)
    reason = str(getattr(error, "orig", error)) if known else type(error).__name__
    log.error(
        "request failed",
        method=scope["method"],
        reason=reason,
        operator_action_required=True,
        exc_info=None if known else error,
    )
