"""The capture interface as a web application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI, Request, Response

from oracles.capture import answers, headers
from oracles.capture.headers import EpcFormat
from oracles.capture.parameters import parse_paging, parse_query
from oracles.capture.problems import TYPES, LimitExceeded, NotOffered
from oracles.capture.queries import Queries
from oracles.capture.reception import Reception
from oracles.capture.requests import Negotiating
from oracles.capture.settings import CaptureSettings
from oracles.capture.store import CaptureStore, location
from oracles.http.apps import new_app
from oracles.http.bodies import read_body
from oracles.http.clients import Client
from oracles.http.interfaces import Interface, Limits
from standards import strict_json

Answer = TypeVar("Answer")

WORKERS: Final = 4
"""Bodies that are read into events at one time."""

NOT_OFFERED: Final = ("queries", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")


def capture_interface(settings: CaptureSettings, store: CaptureStore, limits: Limits) -> Interface:
    """At the root, where the standard has its paths."""
    queries = Queries(store.database, settings.page_limit, settings.page_seconds)
    reception = Reception(store, queries, limits.body_bytes, settings.event_limit)
    app = new_app("EPCIS 2.0 capture")
    app.state.desk = Desk(reception, limits, CapacityLimiter(WORKERS))
    _add_routes(app)
    return Interface("capture", "", Negotiating(app), problem_types=TYPES, headers=headers.VERSIONS)


class Desk:
    """What a route works with; the reception's work is done in threads."""

    def __init__(self, reception: Reception, limits: Limits, limiter: CapacityLimiter) -> None:
        self._reception, self._limits, self._limiter = reception, limits, limiter
        self.limits = headers.capture_limits(reception.event_limit, limits.body_bytes)

    async def ask(self, work: Callable[[Reception], Answer]) -> Answer:
        return await to_thread.run_sync(work, self._reception, limiter=self._limiter)

    async def body(self, request: Request) -> bytes:
        headers.check_sent(request.headers)
        most = f"a document may have {self._limits.body_bytes} bytes and {self._reception.event_limit} events"
        return await read_body(request, self._limits, LimitExceeded(most, self.limits))


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _client(request: Request) -> Client:
    client: Client = request.state.client
    return client


DeskDep = Annotated[Desk, Depends(_desk)]
ClientDep = Annotated[Client, Depends(_client)]


async def capture(request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """A document, a query document or a bare event: 202 once it is on disk, with the job's place."""
    behaviour = headers.error_behaviour(request.headers)
    document = await desk.body(request)
    row = await desk.ask(lambda reception: reception.capture(client, document, behaviour))
    told = {"Location": f"/capture/{row.capture_id}", "GS1-Capture-Error-Behaviour": behaviour}
    return Response(status_code=202, headers=told)


async def capture_jobs(request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """The client's own jobs, newest first."""
    query = parse_paging(_query(request))
    page = await desk.ask(lambda reception: reception.jobs(client, query))
    told = answers.page_headers(page, request.scope["path"], _query(request))
    return _json(request, [answers.job(row) for row in page.rows], told)


async def capture_job(capture_id: str, request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """What became of a document."""
    row = await desk.ask(lambda reception: reception.job(client, capture_id))
    return _json(request, answers.job(row))


async def capture_event(request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """One event: 201 once it is on disk, 409 where it was captured before."""
    data = await desk.body(request)
    row = await desk.ask(lambda reception: reception.capture_event(client, data))
    made = answers.event(row, EpcFormat.AS_CAPTURED, alone=True)
    return _json(request, made, {"Location": location(row.event_id)}, 201)


async def events(request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """What was captured and fits the query."""
    form, query = headers.epc_format(request.headers), parse_query(_query(request))
    page = await desk.ask(lambda reception: reception.events(client, query))
    told = answers.page_headers(page, request.scope["path"], _query(request))
    return _json(request, await desk.ask(lambda _: answers.query_document(page.rows, form)), told)


async def event(event_id: str, request: Request, desk: DeskDep, client: ClientDep) -> Response:
    """One event by its id or its hash, with what declares it an error."""
    form = headers.epc_format(request.headers)
    rows = await desk.ask(lambda reception: reception.event(client, event_id))
    return _json(request, answers.query_document(rows, form))


async def discover(request: Request, desk: DeskDep) -> Response:
    """What there is at a path, and within which limits."""
    path = request.scope["path"]
    allowed = "OPTIONS, GET"
    told = dict(headers.DISCOVERY)
    if path == "/":
        allowed = "OPTIONS"
    elif path == "/capture":
        allowed = "OPTIONS, POST, GET"
        told |= desk.limits | {"GS1-Capture-Error-Behaviour": "all"}
    elif path == "/events":
        allowed = "OPTIONS, GET, POST"
    return Response(status_code=204, headers=told | {"Allow": allowed})


async def not_offered(request: Request) -> Response:
    raise NotOffered("offered are /capture and /events")


def _add_routes(app: FastAPI) -> None:
    app.add_api_route("/capture", capture, methods=["POST"])
    app.add_api_route("/capture", capture_jobs, methods=["GET"])
    app.add_api_route("/capture/{capture_id}", capture_job, methods=["GET"])
    app.add_api_route("/events", capture_event, methods=["POST"])
    app.add_api_route("/events", events, methods=["GET"])
    for path in ("/", "/capture", "/capture/{capture_id}", "/events", "/events/{event_id:path}"):
        app.add_api_route(path, discover, methods=["OPTIONS"])
    app.add_api_route("/events/{event_id:path}", event, methods=["GET"])
    for name in NOT_OFFERED:
        app.add_api_route(f"/{name}", not_offered, methods=["GET", "POST", "OPTIONS"])
        app.add_api_route(f"/{name}/{{rest:path}}", not_offered, methods=["GET", "POST", "DELETE", "OPTIONS"])
    app.add_api_route("/nextPageToken/{token}", not_offered, methods=["DELETE"])


def _query(request: Request) -> str:
    """As it came, still percent-encoded."""
    return bytes(request.scope["query_string"]).decode("latin-1")


def _json(request: Request, value: Any, told: Any = None, status: int = 200) -> Response:
    return Response(strict_json.write(value).encode(), status, told, request.state.media_type)
