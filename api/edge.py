"""The edge of a request: one database transaction, committed here; idempotency keys; waiting for the chain.

Routers of resources are made with `gateway_router(...)`, so that their routes pass here. A write returns
`Written(session, view)`, where `view` renders the resource from a session: once for the answer 202, and once more when
the client asked to wait (`Prefer: wait=N`) and the chain has answered, then as 201.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.errors import GatewayError, of_recorded, problem_response
from api.gateway import Gateway, gateway_of
from api.idempotency import Answer, Attempted, attempted
from api.problems import WRITE_PROBLEMS
from api.transactions import repository
from api.transactions.models import Status, Transaction
from api.transactions.schemas import TransactionView
from api.transactions.service import SUBMITTED

_READING = {"GET", "HEAD", "OPTIONS"}
View = Callable[[Session], Any]
_LONGEST_WAIT_SECONDS = 60.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d+)")


class Written(JSONResponse):
    """The answer to a write. `view` answers a pydantic model or what JSON can say."""

    def __init__(self, session: Session, view: View, status_code: int = 202) -> None:
        self.view = view
        super().__init__(view(session), status_code)

    def render(self, content: Any) -> bytes:
        if isinstance(content, BaseModel):
            return content.model_dump_json().encode()
        return super().render(jsonable_encoder(content))


def wait_seconds(prefer: str | None) -> float:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most a minute; 0 without it."""
    found = _WAIT.search(prefer or "")
    return min(float(found.group(1)), _LONGEST_WAIT_SECONDS) if found else 0.0


@dataclass(frozen=True)
class _Work:
    """One write under way."""

    gateway: Gateway
    session: Session
    attempt: Attempted | None

    def repeated(self) -> Response | None:
        """The answer that the key was given before."""
        answer = self.gateway.answers.load(self.session, self.attempt) if self.attempt is not None else None
        if answer is None:
            return None
        return Response(answer.body, answer.status, {"Idempotent-Replayed": "true"}, answer.media_type)

    def commit(self, response: Response) -> Response:
        """Stores the answer under its key and commits, both or neither; the answer of whoever was faster, if any."""
        if self.attempt is not None:
            try:
                self.gateway.answers.store(self.session, self.attempt, _answer_of(response))
            except IntegrityError:
                self.session.rollback()
                self.session.info.clear()
                repeated = self.repeated()
                if repeated is None:
                    raise
                return repeated
        self.session.commit()
        return response


_WORK: ContextVar[_Work] = ContextVar("work")


def _committing(endpoint: Callable[..., Any], status_code: int) -> Callable[..., Any]:
    """The endpoint, with its commit in the same thread.

    SQLite's one writer may be this thread. If the commit had to wait for a thread of the pool, all of which may be
    waiting for the writer, nobody would go on.
    """
    if iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint.__name__} writes, so it must be a plain function: it works in a thread of its own")

    @wraps(endpoint)
    def run(*args: Any, **kwargs: Any) -> Response:
        work = _WORK.get()
        repeated = work.repeated()
        if repeated is not None:
            return repeated
        answer = endpoint(*args, **kwargs)
        response = answer if isinstance(answer, Response) else JSONResponse(jsonable_encoder(answer), status_code)
        return work.commit(response)

    run.__dict__["commits"] = True
    return run


class GatewayRoute(APIRoute):
    """A route whose handler works in `request.state.session`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        writes = not set(options.get("methods") or ("GET",)) <= _READING
        if writes and "commits" not in endpoint.__dict__:
            endpoint = _committing(endpoint, options.get("status_code") or 200)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def at_the_edge(request: Request) -> Response:
            if request.method in _READING:
                return await _read(request, handle)
            return await _write(request, handle)

        return at_the_edge


class GatewayRouter(APIRouter):
    """The router of a resource."""

    def write(self, path: str, answer: type[BaseModel], summary: str, **options: Any) -> Callable[..., Any]:
        """A POST that causes transactions: 202 and `answer` with them, or 201 once they are in a block."""
        told = {"responses": WRITE_PROBLEMS, **options}
        return self.post(path, status_code=202, response_model=answer, summary=summary, **told)


def gateway_router(prefix: str, tag: str) -> GatewayRouter:
    return GatewayRouter(prefix=prefix, tags=[tag], route_class=GatewayRoute)


Handle = Callable[[Request], Awaitable[Response]]


async def _read(request: Request, handle: Handle) -> Response:
    with gateway_of(request).database.session() as session:
        request.state.session = session
        return await handle(request)


async def _write(request: Request, handle: Handle) -> Response:
    gateway = gateway_of(request)
    if request.headers.get("idempotency-key") is None:
        return await _work(gateway, request, handle, None)
    principal = gateway.principal(request)
    asked = (request.method, request.url.path, request.url.query, request.headers.get("content-type", ""))
    attempt = attempted(request.headers, principal.client_id, *(a.encode() for a in asked), await request.body())
    assert attempt is not None
    async with gateway.answers.turn(attempt):
        return await _work(gateway, request, handle, attempt)


async def _work(gateway: Gateway, request: Request, handle: Handle, attempt: Attempted | None) -> Response:
    with gateway.database.session() as session:
        request.state.session = session
        _WORK.set(_Work(gateway, session, attempt))
        response = await handle(request)
        submitted: list[str] = session.info.get(SUBMITTED, [])
    seconds = wait_seconds(request.headers.get("prefer"))
    if seconds <= 0 or not submitted or not isinstance(response, Written):
        return response
    return await _wait(gateway, attempt, response, submitted, seconds)


def _answer_of(response: Response) -> Answer:
    return Answer(response.status_code, response.media_type or "application/json", bytes(response.body))


async def _wait(
    gateway: Gateway, attempt: Attempted | None, response: Written, submitted: list[str], seconds: float
) -> Response:
    await gateway.settling.settled(submitted, seconds)
    return await run_in_threadpool(_after_waiting, gateway, attempt, response, submitted)


def _after_waiting(gateway: Gateway, attempt: Attempted | None, response: Written, submitted: list[str]) -> Response:
    with gateway.database.session() as session:
        transactions = repository.by_ids(session, submitted)
        waited = _waited_answer(session, response, transactions)
        waited.headers["Preference-Applied"] = "wait"
        if attempt is not None and waited.status_code != 202:
            gateway.answers.replace(session, attempt, _answer_of(waited))
            session.commit()
    return waited


def _waited_answer(session: Session, response: Written, transactions: list[Transaction]) -> Response:
    """201 once all is in blocks, 202 while something is under way, the contract's reason where it refused after all."""
    refused = [t for t in transactions if t.status in (Status.REVERTED, Status.FAILED)]
    if refused and refused[0].error is not None:
        return problem_response(_refusal(refused[0], transactions))
    done = all(t.status == Status.MINED for t in transactions)
    return Written(session, response.view, 201 if done else 202)


def _refusal(refused: Transaction, transactions: list[Transaction]) -> GatewayError:
    assert refused.error is not None
    views = [TransactionView.of(t).model_dump(mode="json") for t in transactions]
    return of_recorded(refused.error, transactions=views)
