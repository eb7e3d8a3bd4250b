"""A network and a gateway on each kind of database, shared by the tests of one file."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from refusing import traces
from served import keyed
from sqlmodel import SQLModel
from trading import LEIS, Trading, invoice, operator_of, start_network

from api.main import create_app
from api.migrations import migrate


@pytest.fixture(scope="module")
def trading(kept_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trading]:
    """A fresh network, its gateway, and all parties admitted."""
    network = start_network(tmp_path_factory.mktemp("network"))
    app = create_app(network.settings(tmp_path_factory.mktemp("gateway"), kept_database_url))
    gateway = app.state.gateway
    migrate(gateway.database.engine)
    SQLModel.metadata.create_all(gateway.database.engine)  # tables that other tests have brought
    with TestClient(app) as client:
        client.event_hooks = {"request": [keyed]}
        made = Trading(network, gateway, client, operator_of(gateway, client))
        network.mine_at_once()
        for name in LEIS:
            made.admit(name)
        network.mine_by_the_clock()
        yield made
    network.engine.stop()


@pytest.fixture(scope="module")
def sold(trading: Trading) -> Any:
    trading.network.mine_at_once()
    return trading.sell(invoice(), "container:ZZXU2605127")


@pytest.fixture
def unchanged(trading: Trading, sold: Any) -> Iterator[None]:
    before = traces(trading)
    yield
    assert traces(trading) == before
