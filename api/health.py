"""/healthz: the process works. /readyz: it may be sent requests. /metrics: for monitoring."""

import time
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.endpoints import shown
from api.gateway import Gateway, gateway_of
from api.indexer.apply import count_poison
from api.transactions import repository

router = APIRouter(tags=["health"])
_HEAD_STALE_SECONDS = 10.0


_DOWN: Final[dict[int | str, dict[str, Any]]] = {503: {"description": "No; the body says what is amiss"}}


@router.get("/healthz", responses=_DOWN, summary="Whether the process works")
def healthz(request: Request) -> JSONResponse:
    loops = {loop.name: loop.is_alive() for loop in gateway_of(request).loops}
    return JSONResponse({"ok": all(loops.values()), "loops": loops}, 200 if all(loops.values()) else 503)


@router.get(
    "/readyz",
    responses=_DOWN,
    summary="Whether requests can be served: database, chain, indexer, rows, listener",
)
def readyz(request: Request) -> JSONResponse:
    gateway = gateway_of(request)
    database = _database_answers(gateway)
    lag = gateway.follower.lag_blocks() if database else None
    poison = _poison_events(gateway) if database else None
    checks = {
        "database": database,
        "chain": _chain_answers(gateway),
        "indexer": lag is not None and lag <= gateway.settings.ready_lag_blocks,
        # An event that no handler could take leaves rows that differ from the chain.
        "rows": poison == 0,
        # Without it requests that wait learn late of what another process recorded.
        "listener": gateway.notices.is_up(),
    }
    told: dict[str, Any] = {"indexer_lag_blocks": lag, "poison_events": poison}
    watch = gateway.link.watch
    if watch is not None:
        # Of several nodes one must be fit to be read from.
        checks["endpoints"] = watch.current is not None
        told["endpoints"] = [shown(status) for status in watch.status()]
    ready = all(checks.values())
    told = {"ready": ready, "checks": checks, **told}
    return JSONResponse(told, 200 if ready else 503)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    gateway = gateway_of(request)
    with gateway.database.session() as session:
        gateway.metrics.open.set(repository.count_open(session))
    gateway.metrics.poison_recorded.set(_poison_events(gateway))
    return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database_answers(gateway: Gateway) -> bool:
    try:
        with gateway.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _poison_events(gateway: Gateway) -> int:
    with gateway.database.engine.connect() as connection:
        return count_poison(connection)


def _chain_answers(gateway: Gateway) -> bool:
    return gateway.follower.head is not None and time.monotonic() - gateway.follower.head_seen < _HEAD_STALE_SECONDS
