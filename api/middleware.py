"""What happens to every request: an id, a limit on its size, one log line, the metrics; and every error as a
problem."""

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import (
    GatewayError,
    HttpRefusal,
    Malformed,
    NotFound,
    TooLarge,
    of_chain,
    problem_response,
)
from api.failures import describe
from api.metrics import Metrics
from api.values import WORDS
from chain_node.errors import ChainError

log = structlog.get_logger()
_FAILED = "Something went wrong in the gateway; its log names the request by its X-Request-Id."
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class EachRequest:
    """ASGI middleware, so that a streamed body is measured while it arrives."""

    def __init__(self, app: ASGIApp, metrics: Metrics, largest_body_bytes: int) -> None:
        self._app = app
        self._metrics = metrics
        self._largest = largest_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status, begun = 500, False

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, self._measured(scope, receive), answered)
        except Exception as error:  # noqa: BLE001 - the last boundary: logged here, and told without its inside
            log.error("request.failed", path=scope["path"], error=describe(error))
            if not begun:
                await problem_response(GatewayError("internal-error", _FAILED))(scope, receive, answered)
        finally:
            self._count(scope, status, time.perf_counter() - started)

    def _measured(self, scope: Scope, receive: Receive) -> Receive:
        left = self._largest

        async def receive_measured() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                # The framework lets this kind through and would call any other a malformed body.
                raise HTTPException(413, f"A request may have at most {self._largest} bytes.")
            return message

        return receive_measured

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.request_seconds.labels(scope["method"], route).observe(seconds)
        log.info("request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1))


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is a plain word; a new one otherwise."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return uuid.uuid4().hex


def _pointer(parts: tuple[Any, ...]) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _why(error: Mapping[str, Any]) -> str:
    pattern = error.get("ctx", {}).get("pattern")
    return WORDS.get(pattern, str(error["msg"]))


def _of_validation(error: RequestValidationError) -> GatewayError:
    """What was wrong where. The values stay out: they may be secrets, and they are in the caller's hands anyway."""
    problems = [{"where": _pointer(tuple(e["loc"])), "why": _why(e)} for e in error.errors()]
    detail = "; ".join(f"{p['where']}: {p['why']}" for p in problems[:3])
    return Malformed("request-invalid", f"The request does not have the form it should: {detail}.", problems=problems)


def _of_http(error: HTTPException, request: Request) -> GatewayError:
    if error.status_code == 404:
        return NotFound("not-found", f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        detail = f"{request.method} is not possible at {request.url.path}."
        return HttpRefusal(405, "method-not-allowed", "Method not allowed", detail)
    if error.status_code == 413:
        return TooLarge("body-too-large", str(error.detail))
    return HttpRefusal(error.status_code, "http-refusal", "Refused", str(error.detail))


def _problem_of(error: Exception, request: Request) -> Response:
    if isinstance(error, GatewayError):
        return problem_response(error, request.url.path)
    if isinstance(error, ChainError):
        return problem_response(of_chain(error), request.url.path)
    if isinstance(error, RequestValidationError):
        return problem_response(_of_validation(error), request.url.path)
    assert isinstance(error, HTTPException)
    response = problem_response(_of_http(error, request), request.url.path)
    response.headers.update(error.headers or {})
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Every refusal leaves as `application/problem+json`; what nobody foresaw is `EachRequest`'s."""

    async def handler(request: Request, error: Exception) -> Response:
        return _problem_of(error, request)

    for kind in (GatewayError, ChainError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handler)
