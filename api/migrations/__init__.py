"""The database's history (alembic). `migrate(url)` brings any database, empty or older, to the present tables.

A change of the models needs a new file in versions/: `python -m api.migrations "what changes"` writes it from the
difference between the models and a database that has been migrated so far. A test proves that both agree on SQLite
and PostgreSQL.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

_LOCK = 7_306_101  # any number, the same for all gateways


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Applies what is missing, all or nothing; gateways that start together on PostgreSQL take turns."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(configuration(connection), "head")
        connection.commit()


def is_current(engine: Engine) -> bool:
    """Whether the database has the tables that this version of the gateway wants."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
