"""Opening a node's database: one process at a time, every commit on disk."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateColumn
from sqlmodel import Session, col, create_engine, text

from oracles.errors import DatabaseInUse, DatabaseTooNew
from oracles.store import (
    blocks,
    bundles,
    captures,
    folders,
    movements,
    operations,
    polls,
    protection,
    resolutions,
    retractions,
    sensors,
    versions,
)
from oracles.store.models import NodeTable

TABLES: Final = (
    NodeTable,
    blocks.SeenBlockRow,
    captures.CaptureRow,
    captures.CapturedEventRow,
    captures.CapturedKeyRow,
    resolutions.ResolutionRow,
    retractions.RetractionRow,
    bundles.BundleRow,
    movements.MovementRow,
    movements.MessageRow,
    polls.PollRow,
    protection.ProtectionMarkRow,
    versions.PaperVersionRow,
    folders.FolderFileRow,
    sensors.SensorReadingRow,
    sensors.SensorDocumentRow,
    sensors.SensorDeviceRow,
    sensors.SensorSourceRow,
    operations.HeartbeatRow,
    operations.OperatorActRow,
)
BUSY_SECONDS = 10.0
"""How long a write waits for another program that writes."""

MOST_VALUES: Final = 10_000
"""That one statement compares with: SQLite takes three times as many."""

SCHEMA_VERSION: Final = 4
"""2: readings and reports; 3: what was captured over HTTP; 4: stage D. A later version only adds tables, and columns
that may be empty or have a default, so that an older database gets what it lacks and loses nothing."""


class Database:
    """Sessions on one file; `session()` commits at its end or leaves nothing behind."""

    def __init__(self, path: Path | None) -> None:
        """Without a path: in memory, for a dry run."""
        self.path = path or Path(":memory:")
        self._engine = _engine(path)

    def prepare(self) -> None:
        """Makes the tables where they are missing. Raises DatabaseTooNew."""
        with self._engine.connect() as connection:
            found = int(connection.execute(text("PRAGMA user_version")).scalar_one())
            if found > SCHEMA_VERSION:
                raise DatabaseTooNew(self.path, found, SCHEMA_VERSION)
            if found == SCHEMA_VERSION and not _lacks_something(connection):
                return
        with self._engine.begin() as connection:
            # A node that starts and a command that asks about it may both find the database new.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            NodeTable.metadata.create_all(connection)
            for table in NodeTable.metadata.sorted_tables:
                _add_columns(connection, table)
                for index in table.indexes:
                    index.create(connection, checkfirst=True)
            connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self._engine.dispose()


def rows_with(session: Session, statement: Any, column: object, values: Collection[str]) -> list[Any]:
    """What a statement finds where the column has one of the values, however many these are."""
    left, found = iter(values), list[Any]()
    while part := list(islice(left, MOST_VALUES)):
        found += session.exec(statement.where(col(column).in_(part)))
    return found


@contextmanager
def database_lock(path: Path) -> Iterator[None]:
    """Holds the node's database for this process. Raises DatabaseInUse. The kernel lets go when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatabaseInUse(path) from error
        yield
    finally:
        os.close(handle)


def _lacks_something(connection: Connection) -> bool:
    names = {row.name for row in connection.execute(text("SELECT name FROM sqlite_master"))}
    for table in NodeTable.metadata.sorted_tables:
        if not names.issuperset({table.name, *(str(index.name) for index in table.indexes)}):
            return True
        if not _columns(connection, table).issuperset(table.columns.keys()):
            return True
    return False


def _add_columns(connection: Connection, table: Table) -> None:
    """What an earlier version's table lacks. Every such column has a server default or may be empty."""
    found = _columns(connection, table)
    for column in table.columns:
        if column.name not in found:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))


def _columns(connection: Connection, table: Table) -> set[str]:
    return {row.name for row in connection.execute(text(f"PRAGMA table_info({table.name})"))}


def _engine(path: Path | None) -> Engine:
    if path is None:
        return create_engine("sqlite://", poolclass=StaticPool)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "do_connect")
    def _private(*_: Any) -> None:
        # It holds papers and signed transactions; SQLite's files beside it have the rights of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _: Any) -> None:
        # FULL: a commit returns only when it is on the disk, so what was sent is never forgotten.
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
