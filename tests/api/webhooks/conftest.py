"""A gateway whose deliverer a test steps itself, and one that serves."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from hook_door import Door
from receiving import FAST, LOOPBACK, Receiver, receiving

from api.db import Database
from api.events.router import router as events_router
from api.main import create_app
from api.settings import Settings
from api.webhooks.router import router as webhooks_router


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
def fast_settings(database: Database, database_url: str, settings_for: Callable[..., Settings]) -> Settings:
    """Of a gateway that calls receivers on this machine, and soon again."""
    return settings_for(database_url=database_url, webhooks=FAST, outgoing=LOOPBACK)


@pytest.fixture
def door(fast_settings: Settings) -> Iterator[Door]:
    app = create_app(fast_settings, [events_router, webhooks_router])
    # Not as a context: the loops stay still.
    yield Door(app.state.gateway, TestClient(app))
    app.state.gateway.deliverer.close()
    app.state.gateway.database.close()
