"""A gateway with the rooms of compliance and no chain behind it: its clock is a row that the test writes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from office import NOW, Office
from served import serve

from api.db import Database
from api.indexer.models import Cursor
from api.resources import load_routers
from api.settings import Settings


@pytest.fixture
def office_with(
    database: Database, database_url: str, settings_for: Callable[..., Settings]
) -> Iterator[Callable[..., Office]]:
    """Opens the office with settings of compliance that differ."""
    running = []

    def open_office(**changes: Any) -> Office:
        with database.transaction() as session:
            seconds = int(NOW.timestamp())
            session.add(Cursor(block_number=1, block_hash="0x" + "00" * 32, block_timestamp=seconds))
        # The loops take one pass and end: a test takes each step itself.
        asleep = {"screening_interval_seconds": 3600.0, "monitoring": {"interval_seconds": 3600.0}}
        settings = settings_for(database_url=database_url, compliance={**asleep, **changes})
        served = serve(settings, list(load_routers()))
        running.append(served)
        made = served.__enter__()
        for loop in made.gateway.loops:
            if loop.name in ("screener", "watch"):
                loop.stop(timeout_seconds=120)
        return Office(made, settings)

    yield open_office
    for served in running:
        served.__exit__(None, None, None)


@pytest.fixture
def office(office_with: Callable[..., Office]) -> Office:
    return office_with()
