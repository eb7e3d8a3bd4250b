"""/healthz: the process works. /readyz: it may be sent requests. /metrics: for monitoring."""

import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.gateway import Gateway, gateway_of
from api.transactions import repository

router = APIRouter(tags=["health"])
_HEAD_STALE_SECONDS = 10.0


@router.get("/healthz", summary="Whether the process works")
def healthz(request: Request) -> JSONResponse:
    loops = {loop.name: loop.is_alive() for loop in gateway_of(request).loops}
    return JSONResponse({"ok": all(loops.values()), "loops": loops}, 200 if all(loops.values()) else 503)


@router.get("/readyz", summary="Whether requests can be served: database, chain and indexer")
def readyz(request: Request) -> JSONResponse:
    gateway = gateway_of(request)
    checks = {"database": _database_answers(gateway), "chain": _chain_answers(gateway), "indexer": False}
    lag = gateway.follower.lag_blocks() if checks["database"] else None
    checks["indexer"] = lag is not None and lag <= gateway.settings.ready_lag_blocks
    ready = all(checks.values())
    return JSONResponse({"ready": ready, "checks": checks, "indexer_lag_blocks": lag}, 200 if ready else 503)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    gateway = gateway_of(request)
    with gateway.database.session() as session:
        gateway.metrics.open.set(repository.count_open(session))
    return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database_answers(gateway: Gateway) -> bool:
    try:
        with gateway.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _chain_answers(gateway: Gateway) -> bool:
    return gateway.follower.head is not None and time.monotonic() - gateway.follower.head_seen < _HEAD_STALE_SECONDS
