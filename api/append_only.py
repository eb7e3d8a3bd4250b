"""Tables that are written once: triggers of the database refuse to change or delete what is in them.

They stop a slip and a stolen application, not the owner of the database, who may drop them. What he changes then is
found by the hash chain of the audit trail.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, event

_REFUSAL = "is append-only"


def forbidding(dialect: str, table: str, *, sealed: Iterable[str] = (), once: str | None = None) -> list[str]:
    """The statements that make `table` append-only.

    Without `sealed` no column may be changed. With it those columns may not, and the others until `once`, one of
    them, has a value: so a row can be completed a single time.
    """
    if dialect == "postgresql":
        return _postgresql(table, list(sealed), once)
    return _sqlite(table, list(sealed), once)


def _sqlite(table: str, sealed: list[str], once: str | None) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} {_REFUSAL}'); END"
    made = [f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"]
    if once is None:
        return [*made, f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}"]
    columns = ", ".join(f'"{name}"' for name in sealed)
    return [
        *made,
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} {refuse}",
        f'CREATE TRIGGER {table}_once BEFORE UPDATE ON {table} WHEN OLD."{once}" IS NOT NULL {refuse}',
    ]


def _postgresql(table: str, sealed: list[str], once: str | None) -> list[str]:
    execute = f"EXECUTE FUNCTION {table}_refuse()"
    made = [
        f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} {_REFUSAL}'; END $$",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {execute}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {execute}",
    ]
    if once is None:
        return [*made, f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {execute}"]
    columns = ", ".join(f'"{name}"' for name in sealed)
    return [
        *made,
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW {execute}",
        f'CREATE TRIGGER {table}_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD."{once}" IS NOT NULL) {execute}',
    ]


def append_only(table: Table, **options: Any) -> None:
    """Makes the table append-only wherever it is created from the metadata, as its migration does."""

    def created(_: Table, connection: Connection, **__: Any) -> None:
        for statement in forbidding(connection.dialect.name, table.name, **options):
            connection.exec_driver_sql(statement)

    def dropped(_: Table, connection: Connection, **__: Any) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table.name}_refuse() CASCADE")

    event.listen(table, "after_create", created)
    event.listen(table, "after_drop", dropped)
