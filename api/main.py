"""Puts the gateway's web application together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool

from api import health
from api.auth.router import router as auth_router
from api.gateway import build_gateway
from api.middleware import EachRequest, install_error_handlers
from api.resources import load_routers
from api.settings import Settings
from api.transactions.router import router as transactions_router

DESCRIPTION = """Suppliers upload invoices, debtors accept and pay them, lenders fund pools; the network lends and
repays on what carriers and warehouses attest. Writes answer at once with the transactions they caused; `Prefer:
wait=N` waits for the chain."""


def create_app(settings: Settings, routers: Sequence[APIRouter] | None = None) -> FastAPI:
    """The application; its background loops run from start-up to shutdown. The database must be migrated."""
    resources = load_routers() if routers is None else routers
    gateway = build_gateway(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = settings.worker_threads
        await run_in_threadpool(gateway.start)
        yield
        await run_in_threadpool(gateway.stop)

    app = FastAPI(title="Portolan gateway", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.state.gateway = gateway
    app.add_middleware(EachRequest, metrics=gateway.metrics, largest_body_bytes=settings.largest_body_bytes)
    install_error_handlers(app)
    for router in (health.router, auth_router, transactions_router, *resources):
        app.include_router(router)
    return app
