"""A database of any earlier version, with rows in each of its tables, is brought up to date, and what was in it is
still there; on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, insert, inspect, select, text
from sqlalchemy import types as kinds

from api.db import Database, chain_tables
from api.migrations import configuration, is_current, migrate
from api.resources import load_tables

_SCRIPTS = ScriptDirectory.from_config(configuration())
REVISIONS = [script.revision for script in reversed(list(_SCRIPTS.walk_revisions()))]
ROWS = 3
FROM_CHAIN = {"indexer_blocks", "indexer_cursor", "indexer_events", "indexer_journal", "pool_income"}
"""Beside the present ChainRows: a migration may drop these, for the chain to be read anew."""
AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Any:
    made = Database(database_url)
    yield made
    made.close()


def _upgrade(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        command.upgrade(configuration(connection), revision)
        connection.commit()


def _tables(database: Database) -> list[Table]:
    """As the database has them, parents first."""
    reflected = MetaData()
    reflected.reflect(database.engine)
    return [table for table in reflected.sorted_tables if table.name != "alembic_version"]


def _value(column: Any, number: int) -> Any:
    """Something that the column takes, other for each row."""
    for key in column.foreign_keys:
        return _value(key.column, number)
    kind = column.type
    if isinstance(kind, kinds.Boolean):
        return number % 2 == 0
    if isinstance(kind, kinds.DateTime):
        return AT
    if isinstance(kind, kinds.Date):
        return AT.date() + timedelta(days=number)
    if isinstance(kind, kinds.JSON):
        return {"number": number}
    if isinstance(kind, kinds.LargeBinary):
        return bytes([number]) * 32
    if isinstance(kind, kinds.Integer):
        return number
    if isinstance(kind, kinds.Numeric):
        return Decimal(number)
    assert isinstance(kind, kinds.String), f"{column} is of a kind that this test has no value for: {kind!r}"
    return f"{column.name[:20]} {number}"


def _fill(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Rows in every table; what was put in, by table."""
    filled: dict[str, list[dict[str, Any]]] = {}
    with database.engine.begin() as connection:
        for table in _tables(database):
            rows = [{column.name: _value(column, n) for column in table.columns} for n in range(1, ROWS + 1)]
            connection.execute(insert(table), rows)
            filled[table.name] = rows
    return filled


def _rows(database: Database, table: Table) -> list[dict[str, Any]]:
    with database.engine.connect() as connection:
        return sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)


def _kept(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as far as the table still has their columns."""
    return [{name: value for name, value in row.items() if name in table.columns} for row in rows]


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_an_earlier_version_outlive_the_upgrade(database: Database, revision: str) -> None:
    load_tables()
    from_chain = FROM_CHAIN | {str(kind.__tablename__) for kind in chain_tables()}
    _upgrade(database, revision)
    filled = _fill(database)

    migrate(database.engine)

    assert is_current(database.engine)
    present = {table.name: table for table in _tables(database)}
    for name, rows in filled.items():
        if name not in present:
            assert name in from_chain, f"{name} is gone, and no chain can give it back"
            continue
        table, found = present[name], _rows(database, present[name])
        old = [{key: row[key] for key in _kept(table, rows)[0]} for row in found]
        if name in from_chain and not found:
            continue  # read anew from the first block
        assert sorted(map(repr, map(_plain, old))) == sorted(map(repr, map(_plain, _kept(table, rows))))
    if any(name in from_chain and not _rows(database, present[name]) for name in filled if name in present):
        assert _rows(database, present["indexer_cursor"]) == []


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values as both databases mean them."""
    return {name: _utc(value) if isinstance(value, datetime) else value for name, value in sorted(row.items())}


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def test_upgraded_database_takes_what_a_gateway_writes(database: Database) -> None:
    """The oldest tables, upgraded with rows in them, are the ones that a fresh database has."""
    _upgrade(database, REVISIONS[0])
    _fill(database)
    migrate(database.engine)
    upgraded = _shape(database)

    with database.engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            cascade = "" if database.is_sqlite else " CASCADE"
            connection.execute(text(f"DROP TABLE {name}{cascade}"))
    migrate(database.engine)

    assert _shape(database) == upgraded


def _shape(database: Database) -> dict[str, Any]:
    """Tables, columns with their kinds, and indices."""
    found = inspect(database.engine)
    return {
        name: (
            {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(name)},
            sorted((str(i["name"]), str(i["column_names"]), bool(i["unique"])) for i in found.get_indexes(name)),
            sorted(found.get_pk_constraint(name)["constrained_columns"]),
        )
        for name in found.get_table_names()
    }
