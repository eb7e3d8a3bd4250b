"""Turns: what only one of several gateway processes does at a time, such as sending one lane's transactions, or
reading the chain.

On PostgreSQL a turn is an advisory lock, held by a connection of its own. On SQLite it is the lock of a file beside the
database. Server or kernel gives either up as soon as the process is no more, however it died, and the next process has
it at its next attempt.

A turn keeps processes out of each other's way; it is not what makes them safe. Whoever writes under a turn that it lost
without knowing still meets the lane's row lock, or the cursor that has moved on.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.db import Database

INDEXER = "indexer"
# How soon the server notices that a host is gone without a word: 10 + 3 * 5 seconds.
_KEEP_ALIVE = text(
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_GIVE_UP = text("SELECT pg_advisory_unlock(:key)")


def lane(sender: str) -> str:
    """The name of an account's lane."""
    return f"lane {sender}"


class Turn(Protocol):
    """Held until it is given up."""

    def is_held(self) -> bool:
        """False where the connection that held it is gone: then somebody else may have it."""

    def give_up(self) -> None: ...


class Turns:
    """Hands out turns to this process. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str) -> Turn | None:
        """The turn, or None while another has it: another process, or another holder in this one."""
        digest = sha256(f"portolan turn {name}".encode()).digest()
        return self._lock_file(digest) if self._database.is_sqlite else self._lock_key(digest)

    @contextmanager
    def taken(self, name: str) -> Iterator[bool]:
        """Whether it is ours, until the end of the block."""
        turn = self.take(name)
        try:
            yield turn is not None
        finally:
            if turn is not None:
                turn.give_up()

    def _lock_key(self, digest: bytes) -> Turn | None:
        key = int.from_bytes(digest[:8], "big", signed=True)
        # Outside of transactions: one that stayed open would keep the server from tidying its tables.
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.execute(_TAKE, {"key": key}).scalar_one():
                connection.execute(_KEEP_ALIVE)
                return _KeyTurn(connection, key)
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        connection.close()
        return None

    def _lock_file(self, digest: bytes) -> Turn | None:
        folder = Path(f"{self._database.engine.url.database}.turns")
        folder.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(folder / digest.hex()[:32], os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return _FileTurn(descriptor)


class _KeyTurn:
    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._key = key

    def is_held(self) -> bool:
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def give_up(self) -> None:
        try:
            self._connection.execute(_GIVE_UP, {"key": self._key})
        except SQLAlchemyError:
            # With the connection its locks are gone; another user of the pool must not find them on it.
            self._connection.invalidate()
        self._connection.close()


class _FileTurn:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def is_held(self) -> bool:
        return True

    def give_up(self) -> None:
        os.close(self._descriptor)
