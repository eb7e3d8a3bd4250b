"""The migrations lead from nothing to the tables that the models describe, on both databases."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from api.db import Database
from api.migrations import is_current, migrate
from api.resources import load_tables


@pytest.fixture
def empty(database_url: str) -> Any:
    database = Database(database_url)
    yield database
    database.close()


def _ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """Tables that tests add are none of the gateway's."""
    return not (kind == "table" and name is not None and name.startswith("test_"))


def test_migrated_database_equals_the_models(empty: Database) -> None:
    load_tables()

    migrate(empty.engine)

    with empty.engine.connect() as connection:
        options = {"compare_type": True, "include_object": lambda thing, name, kind, *rest: _ours(thing, name, kind)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    assert not is_current(empty.engine)
    migrate(empty.engine)
    assert is_current(empty.engine)

    migrate(empty.engine)

    assert is_current(empty.engine)


def test_failed_migration_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op
    from sqlalchemy import inspect

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(op, "batch_alter_table", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(empty.engine)

    assert inspect(empty.engine).get_table_names() == []
    assert not is_current(empty.engine)


@pytest.mark.postgres
def test_gateways_that_start_together_take_turns(postgres_database: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as threads:
        for turn in [threads.submit(migrate, postgres_database.engine) for _ in range(3)]:
            turn.result()

    assert is_current(postgres_database.engine)
