"""The gateway's database: SQLite with write-ahead log by default, PostgreSQL by URL, one behaviour on both.

Tables are of two kinds. A `ChainRow` says what the chain says: only the indexer's handlers write it, it is undone on a
reorganisation and can be thrown away and rebuilt from genesis. Every other table belongs to requests. Sessions refuse
to mix the two, see `_keep_kinds_apart`.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Engine, Integer, Table, TypeDecorator, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session, SQLModel

WRITE_LOCK_TIMEOUT_SECONDS = 30.0
POOL_SIZE = 48


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite forgets the zone, so it is put back on reading; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: the database takes aware UTC times only")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only where the key is exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


def utc_now() -> datetime:
    """The machine's clock; for records of what the gateway did, never for business checks (those use the chain's)."""
    return datetime.now(UTC)


class ChainRow(SQLModel):
    """Base of tables that say what the chain says: `class Holding(ChainRow, table=True)`. Give them natural keys."""


class RowKindsMixed(Exception):
    """A request wrote what belongs to the chain, or a handler wrote what belongs to requests."""

    def __init__(self, table: str, indexing: bool) -> None:
        writer, kind = ("An indexer handler", "not a ChainRow") if indexing else ("A request", "a ChainRow")
        super().__init__(f"{writer} wrote to {table}, which is {kind}.")


INDEXING = "indexing"


def chain_tables() -> list[type[ChainRow]]:
    """Every mapped table that is rebuilt from the chain."""

    def below(kind: type[ChainRow]) -> Iterator[type[ChainRow]]:
        for child in kind.__subclasses__():
            if hasattr(child, "__table__"):
                yield child
            yield from below(child)

    return list(below(ChainRow))


AFTER_COMMIT = "after commit"


@event.listens_for(OrmSession, "after_commit")
def _tell(session: OrmSession) -> None:
    """Calls what was left in the session's `info` to be called once its work is stored."""
    told = session.info.pop(AFTER_COMMIT, None)
    if told is not None:
        told()


@event.listens_for(OrmSession, "before_flush")
def _keep_kinds_apart(session: OrmSession, *_: Any) -> None:
    indexing = bool(session.info.get(INDEXING))
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, ChainRow) is not indexing:
            raise RowKindsMixed(type(row).__name__, indexing)


class _WalSync:
    """Makes commits durable in groups: one fdatasync of the write-ahead log serves every commit made before it began.

    SQLite's own `synchronous=FULL` syncs for each commit while all other writers wait. With NORMAL it leaves the log to
    us; it still syncs the log before it copies it into the database. The log only grows between such copies, so a sync
    for one commit covers all that went before it, whoever made them.
    """

    def __init__(self, database: str) -> None:
        self._log = f"{database}-wal"
        self._counting = threading.Lock()
        self._syncing = threading.Lock()
        self._committed = self._synced = 0

    def sync(self) -> None:
        """Returns once the caller's commit outlives a power cut."""
        with self._counting:
            self._committed += 1
            mine = self._committed
        with self._syncing:
            if self._synced >= mine:
                return
            covered = self._committed
            log = os.open(self._log, os.O_RDONLY)
            try:
                os.fdatasync(log)
            finally:
                os.close(log)
            self._synced = covered


class _SerialConnection(sqlite3.Connection):
    """SQLite has one writer: threads queue for it here, in turn, instead of in its busy handler's naps. A commit gives
    up its turn before it waits for the disk, so that those behind it share the wait."""

    writers: threading.Lock
    log: _WalSync
    _writing = False

    def begin_writing(self) -> None:
        if self._writing:
            return
        if not self.writers.acquire(timeout=WRITE_LOCK_TIMEOUT_SECONDS):
            raise sqlite3.OperationalError("database is locked: another thread has been writing for too long")
        self._writing = True

    def _end_writing(self) -> None:
        if self._writing:
            self._writing = False
            self.writers.release()

    def commit(self) -> None:
        # A failed commit keeps the turn: its rollback, which always follows, gives it up.
        super().commit()
        if self._writing:
            self._end_writing()
            self.log.sync()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._end_writing()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._end_writing()


_READS = ("SELECT", "PRAGMA", "EXPLAIN")


def _sqlite_engine(url: str) -> Engine:
    writers = threading.Lock()
    log = _WalSync(str(make_url(url).database))
    factory = type("SerialConnection", (_SerialConnection,), {"writers": writers, "log": log})
    # IMMEDIATE: reads before the first write take no lock, the first write takes the only one, as in READ COMMITTED.
    arguments = {
        "isolation_level": "IMMEDIATE",
        "timeout": WRITE_LOCK_TIMEOUT_SECONDS,
        "check_same_thread": False,
        "factory": factory,
    }
    engine = create_engine(
        url, connect_args=arguments, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        # What a client was told has happened outlives a power cut, not only a killed process: by _WalSync.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "before_cursor_execute")
    def _queue(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            cursor.connection.begin_writing()

    return engine


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…` (driver psycopg 3)."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    return create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True, hide_parameters=True)


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Inserts a row unless one with its key is there; whether it did."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = list(table.primary_key.columns)
    inserted = dialect.insert(table).values(values).on_conflict_do_nothing().returning(*key)
    return connection.execute(inserted).first() is not None


class Database:
    """An engine and its sessions."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def session(self) -> Session:
        """A session for requests: reads anything, writes everything but ChainRows."""
        return Session(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        with self.session() as session, session.begin():
            yield session

    def run(self, work: Callable[[Session], Any]) -> Any:
        """`work` within one transaction; answers what it answers."""
        with self.transaction() as session:
            return work(session)

    def close(self) -> None:
        self.engine.dispose()
