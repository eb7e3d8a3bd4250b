"""Puts the gateway's web application together."""

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from api import conditional, health
from api.auth.router import router as auth_router
from api.building import build_gateway
from api.description import describe
from api.middleware import EachRequest, install_error_handlers
from api.observing import Observed
from api.pool_figures import PoolFigures
from api.resources import load_routers
from api.settings import Settings
from api.straight import Straight
from api.transactions.router import router as transactions_router

DESCRIPTION = """Suppliers upload invoices, debtors accept and pay them, lenders fund pools; the network lends and
repays on what carriers and warehouses attest. Writes answer at once with the transactions they caused; `Prefer:
wait=N` waits for the chain."""


COLLECTED_EVERY = 20_000
"""Objects made beyond those dropped before the collector looks for rings among them: a request makes some hundred that
live until its answer, and hardly a ring."""
_ALWAYS = (health.router, auth_router, transactions_router)


def all_routers() -> tuple[APIRouter, ...]:
    """Every router of the gateway; what is proven of each operation is proven of these."""
    return (*_ALWAYS, *load_routers())


def create_app(settings: Settings, routers: Sequence[APIRouter] | None = None) -> FastAPI:
    """The application; its background loops run from start-up to shutdown. The database must be migrated."""
    gateway = build_gateway(settings)
    gateway.metrics.registry.register(Observed(gateway))
    gateway.metrics.registry.register(PoolFigures(gateway.database, lambda: gateway.link.connected))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = settings.worker_threads
        # What is here now stays for good: the collector need not look through it each time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECTED_EVERY, *gc.get_threshold()[1:])
        await run_in_threadpool(gateway.start)
        yield
        await run_in_threadpool(gateway.stop)

    served = all_routers() if routers is None else (*_ALWAYS, *routers)
    app = _served(served, lifespan)
    app.state.gateway = gateway
    app.add_middleware(
        EachRequest,
        straight=Straight(served),
        metrics=gateway.metrics,
        usage=gateway.usage,
        largest_body_bytes=settings.largest_body_bytes,
        limits=settings.limits,
    )
    install_error_handlers(app)
    return app


def openapi() -> dict[str, Any]:
    """The OpenAPI description of a gateway with all its resources; nothing is read or started for it."""
    return _served(all_routers()).openapi()


def _served(served: Sequence[APIRouter], lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """An application that knows its operations and describes them."""
    app = FastAPI(title="Portolan gateway", version="1", description=DESCRIPTION, lifespan=lifespan)
    for router in served:
        app.include_router(router)
    app.state.resources = conditional.resources(served)
    app.state.routes = [route for router in served for route in router.routes if isinstance(route, APIRoute)]
    describe(app, served)
    return app
