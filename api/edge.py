"""The edge of a request: one database transaction, committed here with its entry in the audit trail; idempotency keys;
waiting for the chain.

Routes of `api.routing` pass here. A write returns
`Written(session, view)`, where `view` renders the resource from a session: once for the answer 202, and once more when
the client asked to wait (`Prefer: wait=N`) and the chain has answered, then as 201.
"""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from inspect import iscoroutinefunction
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import Session

from api.auth.principal import Principal
from api.committing import Write
from api.compliance.audit import trail
from api.compliance.audit.trail import Act
from api.conditional import Expected, Resource, tagged
from api.db import AFTER_COMMIT, taken_over
from api.errors import GatewayError, Malformed, of_recorded, problem_response, status_of
from api.gateway import Gateway, gateway_of
from api.idempotency import HEADER, Answer, Attempted, attempted
from api.transactions import repository
from api.transactions.models import SUBMITTED, WAITING, Status, Transaction
from api.transactions.prepared import gathered, prepared_view
from api.transactions.preparing import asks_to_prepare, is_preparing, nothing_to_prepare
from api.transactions.schemas import TransactionView
from api.transactions.service import PREPARING

log = structlog.get_logger()
READING = {"GET", "HEAD", "OPTIONS"}
View = Callable[[Session], Any]
_LONGEST_WAIT_SECONDS = 60.0
_LONGEST_RESOURCE = 500
_KEY_MISSING = (
    f"A write needs an {HEADER}: a new one, such as a UUID, for each thing that you want done, and the same one "
    "again when you repeat the request."
)
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d+)")


class Written(JSONResponse):
    """The answer to a write. `view` answers a pydantic model or what JSON can say."""

    def __init__(self, session: Session, view: View, status_code: int = 202) -> None:
        self.view = view
        # A prepared write shows what it would send, and no thing that there will not be.
        super().__init__(None if is_preparing(session) else view(session), status_code)

    def render(self, content: Any) -> bytes:
        if isinstance(content, BaseModel):
            return content.model_dump_json().encode()
        return super().render(jsonable_encoder(content))


def wait_seconds(prefer: str | None) -> float:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most a minute; 0 without it."""
    found = _WAIT.search(prefer or "")
    return min(float(found.group(1)), _LONGEST_WAIT_SECONDS) if found else 0.0


@dataclass
class _Work:
    """One write under way; `left` is what it has left to the committer."""

    gateway: Gateway
    session: Session
    attempt: Attempted | None
    request: Request
    body_sha256: str
    left: Write | None = None

    def repeated(self) -> Response | None:
        """The answer that the key was given before."""
        answer = self.gateway.answers.load(self.session, self.attempt) if self.attempt is not None else None
        if answer is None:
            return None
        return Response(answer.body, answer.status, {"Idempotent-Replayed": "true"}, answer.media_type)

    def prepared(self) -> Response:
        """What would have been sent; nothing of it is kept."""
        submitted = list(self.session.info.get(SUBMITTED, {}))
        if not submitted:
            raise nothing_to_prepare()
        found = gathered(self.session, submitted)
        self.session.expunge_all()
        self.session.rollback()
        view = prepared_view(self.session, self.gateway.link, self.gateway.settings, found)
        return Response(view.model_dump_json(), media_type="application/json")

    def commit(self, response: Response) -> Response:
        """Stores the answer under its key and commits, both or neither; the answer of whoever was faster, if any."""
        if self.attempt is not None:
            self.left = self._leave(self.attempt, response)
            if self.left is not None:
                return response
            try:
                self.gateway.answers.store(self.session, self.attempt, _answer_of(response))
            except IntegrityError:
                self.session.rollback()
                self.session.info.clear()
                repeated = self.repeated()
                if repeated is None:
                    raise
                return repeated
        self._record(response.status_code)
        self.session.commit()
        return response

    def _leave(self, attempt: Attempted, response: Response) -> Write | None:
        """Leaves a write of nothing but intents to the committer; None where there is more to it."""
        session, info = self.session, self.session.info
        if not info[WAITING] or session.new or session.dirty or session.deleted or not taken_over(session.connection()):
            return None
        answer = self.gateway.answers.row(attempt, _answer_of(response))
        write = Write(answer, info[WAITING], self._entry(response.status_code), info.pop(AFTER_COMMIT, None))
        session.close()
        self.gateway.committer.commit(write)
        return write

    def overtaken(self) -> Response:
        """The answer of whoever used the key first, in this process or another."""
        self.session.info.clear()
        repeated = self.repeated()
        assert repeated is not None
        return repeated

    def _record(self, status: int) -> None:
        entry = self._entry(status)
        if entry is not None:
            trail.record(self.session, entry)

    def _entry(self, status: int) -> Act | None:
        """For the audit trail; None where nobody was asked who calls."""
        principal = _caller(self.request)
        if principal is None:
            return None
        detail: dict[str, Any] = {"body_sha256": self.body_sha256}
        if submitted := self.session.info.get(SUBMITTED):
            detail["transactions"] = list(submitted)
        return _act(self.request, principal, status, **detail)


def _caller(request: Request) -> Principal | None:
    """Whom the request was found to come from; None where it was not asked, or nobody."""
    return getattr(request.state, "principal", None)


def _act(request: Request, principal: Principal, status: int, **detail: Any) -> Act:
    operation = f"{request.method} {getattr(request.scope.get('route'), 'path', request.url.path)}"
    resource = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Act.by(principal, operation, resource[:_LONGEST_RESOURCE], status, **detail)


_WORK: ContextVar[_Work] = ContextVar("work")


def committing(endpoint: Callable[..., Any], status_code: int) -> Callable[..., Any]:
    """The endpoint, with its commit in the same thread.

    SQLite's one writer may be this thread. If the commit had to wait for a thread of the pool, all of which may be
    waiting for the writer, nobody would go on.
    """
    if iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint.__name__} writes, so it must be a plain function: it works in a thread of its own")

    @wraps(endpoint)
    def run(*args: Any, **kwargs: Any) -> Response:
        work = _WORK.get()
        if is_preparing(work.session):
            endpoint(*args, **kwargs)
            return work.prepared()
        if work.attempt is None:
            raise Malformed("idempotency-key-missing", _KEY_MISSING, header=HEADER)
        repeated = work.repeated()
        if repeated is not None:
            return repeated
        work.session.info[WAITING] = []
        answer = endpoint(*args, **kwargs)
        response = answer if isinstance(answer, Response) else JSONResponse(jsonable_encoder(answer), status_code)
        return work.commit(response)

    run.__dict__["commits"] = True
    return run


Handle = Callable[[Request], Awaitable[Response]]


async def read(request: Request, handle: Handle) -> Response:
    async def reading() -> Response:
        with gateway_of(request).database.session() as session:
            request.state.session = session
            return await handle(request)

    return await answered(request, reading)


async def answered(request: Request, reading: Callable[[], Awaitable[Response]]) -> Response:
    """The answer to a GET, with its ETag; that a supervisor has asked, and with what outcome, is recorded first."""
    status = GatewayError.status
    try:
        response = await reading()
        status = response.status_code
        return tagged(response, request.headers.get("if-none-match"))
    except Exception as error:
        status = status_of(error)
        raise
    finally:
        principal = _caller(request)
        if principal is not None and principal.is_supervisor:
            # Before the answer leaves: what cannot be recorded is not shown.
            await run_in_threadpool(gateway_of(request).database.run, _recording(_act(request, principal, status)))


def _recording(act: Act) -> Callable[[Session], None]:
    return lambda session: trail.record(session, act)


async def write(request: Request, handle: Handle) -> Response:
    gateway = gateway_of(request)
    if asks_to_prepare(request):
        with gateway.database.session() as session:
            session.info[PREPARING] = True
            request.state.session = session
            _WORK.set(_Work(gateway, session, None, request, ""))
            return await handle(request)
    if request.headers.get("idempotency-key") is None:
        return await _work(gateway, request, handle, None)
    principal = gateway.principal(request)
    asked = (request.method, request.url.path, request.url.query, request.headers.get("content-type", ""))
    attempt = attempted(request.headers, principal.speaker, *(a.encode() for a in asked), await request.body())
    assert attempt is not None
    async with gateway.answers.turn(attempt):
        return await _work(gateway, request, handle, attempt)


async def _work(gateway: Gateway, request: Request, handle: Handle, attempt: Attempted | None) -> Response:
    if_match = request.headers.get("if-match")
    digest = sha256(await request.body()).hexdigest()
    try:
        if if_match is None:
            return await _done(gateway, request, handle, attempt, digest, None)
        # Writers that name a state come one after the other, so that what one compares is not what another changes.
        resource = Resource.of(request)
        async with gateway.answers.turn(resource.turn):
            return await _done(gateway, request, handle, attempt, digest, Expected(if_match, resource))
    except Exception as error:
        principal = _caller(request)
        if principal is not None:
            act = _act(request, principal, status_of(error), body_sha256=digest)
            await run_in_threadpool(_record_refused, gateway, act)
        raise


def _record_refused(gateway: Gateway, act: Act) -> None:
    """The refusal stands whether or not it can be recorded: nothing was changed."""
    try:
        gateway.database.run(_recording(act))
    except SQLAlchemyError as error:
        log.error("audit.not-recorded", operation=act.operation, status=act.status, error=type(error).__name__)


async def _done(
    gateway: Gateway,
    request: Request,
    handle: Handle,
    attempt: Attempted | None,
    digest: str,
    expected: Expected | None,
) -> Response:
    with gateway.database.session() as session:
        request.state.session = session
        work = _Work(gateway, session, attempt, request, digest)
        if expected is not None and attempt is None:
            raise Malformed("idempotency-key-missing", _KEY_MISSING, header=HEADER)
        if expected is not None and await run_in_threadpool(work.repeated) is None:
            await expected.require(session)
        _WORK.set(work)
        response = await handle(request)
        if work.left is not None and not await gateway.committer.stored(work.left):
            response = await run_in_threadpool(work.overtaken)
        submitted: list[str] = list(session.info.get(SUBMITTED, {}))
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
