"""The gateway's database: SQLite with write-ahead log by default, PostgreSQL by URL, one behaviour on both.

Tables are of two kinds. A `ChainRow` says what the chain says: only the indexer's handlers write it, it is undone on a
reorganisation and can be thrown away and rebuilt from genesis. Every other table belongs to requests. Sessions refuse
to mix the two, see `_keep_kinds_apart`.
"""

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Engine,
    Integer,
    Table,
    TypeDecorator,
    create_engine,
    event,
    insert,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.types import TypeEngine
from sqlmodel import Session, SQLModel

from api.reading import Reads

WRITE_LOCK_TIMEOUT_SECONDS = 30.0
POOL_SIZE = 48
_FEWEST_TO_COPY = 20


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
_LOCKS = ("FOR UPDATE", "advisory")

# What a transaction has done so far, in its connection's `info`.
_WROTE = "wrote"
_DEFERRED = "deferred"
Deferred = Callable[[Connection], None]


def defer(connection: Connection, what: Deferred) -> bool:
    """Puts off what the transaction has to write until its next statement; whether it could be: not where it has
    written or locked something, which belongs together. What was put off and never done is taken over by `taken_over`,
    or forgotten with the transaction. So nothing is read or written before it that would have been after it."""
    if connection.info.get(_WROTE):
        return False
    connection.info[_DEFERRED] = what
    return True


def is_put_off(connection: Connection) -> bool:
    return _DEFERRED in connection.info


def taken_over(connection: Connection) -> bool:
    """Whether something is still put off; it is the caller's to write now."""
    return connection.info.pop(_DEFERRED, None) is not None


def passes(connection: Connection, statement: str) -> None:
    """Before each statement: does what was put off until now."""
    put_off = connection.info.pop(_DEFERRED, None)
    if put_off is not None:
        put_off(connection)
    if not statement.lstrip().upper().startswith(_READS) or any(word in statement for word in _LOCKS):
        connection.info[_WROTE] = True


def _watch(engine: Engine) -> Engine:
    @event.listens_for(engine, "before_cursor_execute")
    def _passes(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        passes(connection, statement)

    @event.listens_for(engine, "checkin")
    def _forget(_: Any, record: Any) -> None:
        record.info.pop(_WROTE, None)
        record.info.pop(_DEFERRED, None)

    return engine


def begin_writing(connection: Any) -> None:
    """Before a driver's connection is given something to write: takes SQLite's turn, where it is SQLite's."""
    if isinstance(connection, _SerialConnection):
        connection.begin_writing()


def _json(value: Any) -> str:
    """Numbers of more than 64 bits, and keys that are not text, are left to the slower way."""
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    except TypeError:
        return json.dumps(value)


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
        url,
        connect_args=arguments,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        hide_parameters=True,
        json_serializer=_json,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        # What a client was told has happened outlives a power cut, not only a killed process: by _WalSync.
        # secure_delete: what is deleted, such as the keys of an erased document, is overwritten in the file.
        pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON", "cache_size=-16000")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "before_cursor_execute")
    def _queue(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            cursor.connection.begin_writing()

    return _watch(engine)


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…` (driver psycopg 3)."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    return _watch(
        create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_json,
        )
    )


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Inserts a row unless one with its key is there; whether it did."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = list(table.primary_key.columns)
    inserted = dialect.insert(table).values(values).on_conflict_do_nothing().returning(*key)
    return connection.execute(inserted).first() is not None


def try_to_hold(session: Session, name: str) -> bool:
    """Whether the session holds a name, as one at a time of all processes does until its transaction ends. Where there
    is one process only, on SQLite, the caller has seen to that already."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return True
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}).scalar())


def insert_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows that all name the same columns; by COPY where the database has it."""
    if not rows:
        return
    if connection.dialect.name != "postgresql" or len(rows) < _FEWEST_TO_COPY:
        connection.execute(insert(table), list(rows))
        return
    names = list(rows[0])
    columns = [_column(connection.dialect, table.c[name].type, [row[name] for row in rows]) for name in names]
    quoted = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)
    raw: Any = connection.connection.driver_connection
    with raw.cursor().copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
        for values in zip(*columns, strict=True):
            copy.write_row(values)


def _column(dialect: Dialect, kind: TypeEngine[Any], values: list[Any]) -> list[Any]:
    """As COPY takes them. What the driver is slow with is written out here: objects, and moments, which are mostly the
    same in all rows."""
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    if isinstance(kind, UtcDateTime):
        texts = {value: None if value is None else process(value).isoformat() for value in set(values)}
        return [texts[value] for value in values]
    if isinstance(kind, JSON):
        return [process(value) if value is None else _json(value) for value in values]
    return [process(value) for value in values]


class Database:
    """An engine and its sessions."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.reads = Reads(self.engine)

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
        self.reads.close()
        self.engine.dispose()
