"""/healthz: the process works. /readyz: it may be sent requests. /metrics: for monitoring."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.endpoints import shown
from api.gateway import gateway_of
from api.observing import poison_events, readiness

router = APIRouter(tags=["health"])
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
    checks = readiness(gateway)
    lag, poison = None, None
    if checks["database"]:
        lag, poison = gateway.follower.lag_blocks(), poison_events(gateway)
    told: dict[str, Any] = {"indexer_lag_blocks": lag, "poison_events": poison}
    if gateway.link.watch is not None:
        told["endpoints"] = [shown(status) for status in gateway.link.watch.status()]
    ready = all(checks.values())
    told = {"ready": ready, "checks": checks, **told}
    return JSONResponse(told, 200 if ready else 503)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request) -> Response:
    return Response(generate_latest(gateway_of(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)
