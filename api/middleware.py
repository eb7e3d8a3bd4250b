"""What happens to every request: an id, limits on its size and time, headers that keep browsers from mischief, one log
line, the metrics, a count of use; and every error as a problem."""

import asyncio
import random
import re
import time
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
    MethodNotAllowed,
    NotFound,
    TooLarge,
    TooSlow,
    of_chain,
    problem_response,
)
from api.failures import describe
from api.json_body import BodyRefused
from api.limits import LimitSettings
from api.metrics import Metrics
from api.straight import Straight, StraightRoute
from api.tracing import begin
from api.usage.counting import UsageCounter
from api.values import WORDS
from chain_node.errors import ChainError

log = structlog.get_logger()
_FAILED = "Something went wrong in the gateway; its log names the request by its X-Request-Id."
_SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"strict-transport-security": b"max-age=31536000",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
"""An answer's own header of such a name stands. No answer is kept by a cache unless it says so itself."""
_TOLD = (GatewayError, ChainError, RequestValidationError, HTTPException)
"""What is a refusal; everything else is a failure of ours."""
_PAGES = ("/docs", "/redoc")
"""Pages of the framework that load their scripts from elsewhere, as README says."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class EachRequest:
    """ASGI middleware, so that a streamed body is measured while it arrives."""

    def __init__(
        self,
        app: ASGIApp,
        straight: Straight,
        metrics: Metrics,
        usage: UsageCounter,
        largest_body_bytes: int,
        limits: LimitSettings,
    ) -> None:
        self._app = app
        self._straight = straight
        self._metrics = metrics
        self._usage = usage
        self._largest = largest_body_bytes
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        trace = begin(scope["headers"])
        structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=trace.id)
        started = time.perf_counter()
        status, begun = 500, False

        async def answered(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*_headers(scope, message.get("headers", []), request_id), trace.header]
            await send(message)

        try:
            if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
                await problem_response(Malformed("text-invalid", "An address holds NUL."))(scope, receive, answered)
                return
            route = self._straight.found(scope)
            if route is not None:
                await _straight_answer(route, scope, receive, answered)
                return
            await self._app(scope, self._measured(scope, receive), answered)
        except Exception as error:  # noqa: BLE001 - the last boundary: logged here, and told without its inside
            log.error("request.failed", path=scope["path"], error=describe(error))
            if not begun:
                await problem_response(GatewayError("internal-error", _FAILED))(scope, receive, answered)
        finally:
            self._count(scope, status, time.perf_counter() - started)

    def _measured(self, scope: Scope, receive: Receive) -> Receive:
        left, ends = self._largest, asyncio.get_running_loop().time() + self._limits.body_seconds
        whole = False

        async def receive_measured() -> Message:
            nonlocal left, whole
            if whole:  # what comes now is that the caller has gone; a stream waits for that as long as it likes
                return await receive()
            left_seconds = ends - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(min(self._limits.request_seconds, max(left_seconds, 0.0))):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The body did not come in time.") from None
            whole = not message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                # The framework lets this kind through and would call any other a malformed body.
                raise HTTPException(413, f"A request may have at most {self._largest} bytes.")
            return message

        return receive_measured

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.answered(scope["method"], route, status, seconds)
        principal = scope.get("state", {}).get("principal")
        if principal is not None:
            tags = getattr(scope.get("route"), "tags", None) or ["other"]
            self._usage.add(principal.lei, str(tags[0]), scope["method"], status)
        log.info("request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1))


async def _straight_answer(route: StraightRoute, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    try:
        response = await route.answer(request)
    except _TOLD as error:
        response = _problem_of(error, request)
    await response(scope, receive, send)


def _headers(scope: Scope, given: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """The answer's headers, and ours where it has none of that name."""
    named = {name.lower() for name, _ in given}
    security = [header for header in _SECURITY.items() if header[0] not in named]
    if scope["path"].startswith(_PAGES):
        security = [header for header in security if header[0] != b"content-security-policy"]
    limits = scope.get("state", {}).get("limit_headers", [])
    return [*given, *security, *limits, (b"x-request-id", request_id.encode())]


def _request_id(scope: Scope) -> str:
    """The caller's own id where it is a plain word; a new one otherwise."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return f"{random.getrandbits(128):032x}"  # nosec B311 # a name, not a secret


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
    if isinstance(error, BodyRefused):
        return error.problem
    if error.status_code == 404:
        return NotFound("not-found", f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        methods = _methods_at(request)
        detail = f"{request.method} is not possible at {request.url.path}; possible: {', '.join(methods)}."
        return MethodNotAllowed(detail, methods)
    if error.status_code == 408:
        return _too_slow(str(error.detail))
    if error.status_code == 413:
        return _too_large(str(error.detail))
    if error.status_code == 400:
        return Malformed("body-unreadable", "The body cannot be read: it is not what its Content-Type says.")
    return HttpRefusal(error.status_code, "http-refusal", "Refused", str(error.detail))


def _methods_at(request: Request) -> list[str]:
    """What the path can be asked, whichever of its operations was tried."""
    routes = getattr(request.app.state, "routes", ())
    return sorted({m for its in routes if its.path_regex.match(request.url.path) for m in its.methods or ()})


def _too_slow(detail: str) -> GatewayError:
    return TooSlow("body-too-slow", detail)


def _too_large(detail: str) -> GatewayError:
    return TooLarge("body-too-large", detail)


def _problem_of(error: Exception, request: Request) -> Response:
    if isinstance(error, GatewayError):
        return problem_response(error, request.url.path)
    if isinstance(error, ChainError):
        return problem_response(of_chain(error), request.url.path)
    if isinstance(error, RequestValidationError):
        return problem_response(_of_validation(error), request.url.path)
    assert isinstance(error, HTTPException)
    response = problem_response(_of_http(error, request), request.url.path)
    if error.status_code != 405:  # the framework names one route's methods only
        response.headers.update(error.headers or {})
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Every refusal leaves as `application/problem+json`; what nobody foresaw is `EachRequest`'s."""

    async def handler(request: Request, error: Exception) -> Response:
        return _problem_of(error, request)

    for kind in _TOLD:
        app.add_exception_handler(kind, handler)
