"""The write-ahead store: statements are on the disk before they are signed, and nothing in it is ever changed.

An SQLite file of its own. Each row carries the hash of all rows before it, so that a head (number of rows, hash) stands
for everything in the store: the node's database remembers the head of its last signature, and a store that has lost or
changed a row is noticed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from oracles.protection.errors import ProtectionDamaged, ProtectionError
from oracles.protection.statements import (
    About,
    Objection,
    SignedStatement,
    Statement,
    StatementKey,
    contradict,
)

APPLICATION_ID: Final = 0x504C5350
VERSION: Final = 1
BUSY_SECONDS: Final = 30.0
NO_LINK: Final = bytes(32)
TABLES: Final = """
CREATE TABLE statement (
    number INTEGER PRIMARY KEY,
    about TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    contract TEXT NOT NULL,
    subject TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    moment INTEGER NOT NULL,
    figure TEXT NOT NULL,
    void_after INTEGER,
    signer TEXT NOT NULL,
    signed_at INTEGER NOT NULL,
    closes INTEGER NOT NULL,
    link BLOB NOT NULL
) STRICT;
CREATE INDEX by_key ON statement (about, chain_id, contract, subject, first, second);
"""
COLUMNS: Final = (
    "number, about, chain_id, contract, subject, first, second, moment, figure, void_after, signer, signed_at, closes"
)
Row = tuple[int, str, int, str, str, int, int, int, str, int | None, str, int, int]


@dataclass(frozen=True)
class Head:
    """How far a store has come: its number of rows and the hash of all of them."""

    number: int = 0
    link: bytes = NO_LINK


@dataclass(frozen=True)
class Merged:
    """What an import did: rows taken in, and keys that are closed since."""

    added: int
    closed: tuple[StatementKey, ...]


@dataclass(frozen=True)
class _History:
    """What was signed of one key, and whether it is closed."""

    signed: Sequence[SignedStatement]
    closed: bool

    def binds(self, its: Statement) -> bool:
        """Whether the same was signed, and binds for as long."""
        same = (old.statement.void_after for old in self.signed if old.statement.account == its.account)
        return any(until is None or (its.void_after is not None and its.void_after <= until) for until in same)

    def objection(self, its: Statement, now: int) -> Objection | None:
        if self.closed:
            return Objection(its, None)
        others = (old.statement for old in self.signed if old.statement.account != its.account)
        # Until the chain's clock has passed it, an earlier reading may yet count.
        binding = next((old for old in others if old.void_after is None or now <= old.void_after), None)
        return None if binding is None else Objection(its, binding)


class ProtectionStore:
    """Safe for several processes at once: whoever writes a statement first binds all of them."""

    def __init__(self, path: Path | None) -> None:
        """Opens the store, making it where there is none; without a path in memory. Raises ProtectionDamaged."""
        self.path = path or Path(":memory:")
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            self._connection = _opened(path)
            with self._writing():
                self._prepare()
        except sqlite3.DatabaseError as error:
            raise ProtectionDamaged(self.path, f"the protection store cannot be read: {error}") from error

    def close(self) -> None:
        self._connection.close()

    def head(self) -> Head:
        row = self._connection.execute("SELECT number, link FROM statement ORDER BY number DESC LIMIT 1").fetchone()
        return Head() if row is None else Head(int(row[0]), bytes(row[1]))

    def link_at(self, number: int) -> bytes | None:
        """The hash of the first `number` rows; None where there are fewer."""
        if number == 0:
            return NO_LINK
        row = self._connection.execute("SELECT link FROM statement WHERE number = ?", (number,)).fetchone()
        return None if row is None else bytes(row[0])

    def allow(self, statements: Sequence[Statement], signer: str, now: int) -> list[Objection | None]:
        """The one question before every signature: binds what may be signed, and says of the rest why it may not.

        Returns one answer a statement, in their order; None: it is on the disk, sign it. A reading's `now` is the
        chain's time. One commit for all, and none where all of them were bound before. Raises ProtectionError.
        """
        with self._told():
            if all(self._binds_already(its, now) for its in statements):
                return [None] * len(statements)
            with self._writing():
                return [self._allow(its, signer, now) for its in statements]

    def merge(self, signed: Iterable[SignedStatement], closed: Iterable[StatementKey] = ()) -> Merged:
        """Takes in what was signed elsewhere. Never loosens: what contradicts closes its key for good."""
        added, shut = 0, list[StatementKey]()
        with self._told(), self._writing():
            for its in signed:
                history = self._history(its.statement.key)
                if history.closed or history.binds(its.statement):
                    continue
                closes = any(contradict(old, its) for old in history.signed)
                self._append(its, closes=closes)
                added += 1
                if closes:
                    shut.append(its.statement.key)
            for key in closed:
                if not self._history(key).closed:
                    self._append(SignedStatement(Statement(key, 0, 0), "", 0), closes=True)
                    added += 1
                    shut.append(key)
        return Merged(added, tuple(shut))

    def signed(self) -> Iterator[SignedStatement]:
        """Everything that was signed, in order."""
        for row in self._connection.execute(f"SELECT {COLUMNS} FROM statement ORDER BY number"):  # noqa: S608  # nosec B608 # names are constants
            its = _signed(row)
            if its.signer:
                yield its

    def closed(self) -> list[StatementKey]:
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM statement WHERE closes ORDER BY number")  # noqa: S608  # nosec B608 # names are constants
        return list(dict.fromkeys(_signed(row).statement.key for row in rows))

    def check(self) -> None:
        """Reads all of it. Raises ProtectionDamaged where the file is torn or a row is not as it was written."""
        with self._told():
            (answer,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
            if answer != "ok":
                raise ProtectionDamaged(self.path, f"the protection store is damaged: {answer}")
            link = NO_LINK
            rows = self._connection.execute(f"SELECT {COLUMNS}, link FROM statement ORDER BY number")  # noqa: S608  # nosec B608 # names are constants
            for place, (*row, found) in enumerate(rows, 1):
                link = _link(link, tuple(row))
                if row[0] != place or found != link:
                    raise ProtectionDamaged(
                        self.path, f"the protection store is damaged: row {place} was changed or lost"
                    )

    # One key

    def _allow(self, its: Statement, signer: str, now: int) -> Objection | None:
        history = self._history(its.key)
        objection = history.objection(its, now)
        if objection is None and not history.binds(its):
            self._append(SignedStatement(its, signer, now), closes=False)
        return objection

    def _binds_already(self, its: Statement, now: int) -> bool:
        history = self._history(its.key)
        return history.binds(its) and history.objection(its, now) is None

    def _history(self, key: StatementKey) -> _History:
        where = "about = ? AND chain_id = ? AND contract = ? AND subject = ? AND first = ? AND second = ?"
        values = (key.about, key.chain_id, key.contract, key.subject.hex(), key.first, key.second)
        query = f"SELECT {COLUMNS} FROM statement WHERE {where} ORDER BY number"  # noqa: S608  # nosec B608 # names are constants
        rows = self._connection.execute(query, values).fetchall()
        return _History([_signed(row) for row in rows], closed=any(row[-1] for row in rows))

    def _append(self, its: SignedStatement, *, closes: bool) -> None:
        head, key = self.head(), its.statement.key
        row: Row = (
            head.number + 1,
            str(key.about),
            key.chain_id,
            key.contract,
            key.subject.hex(),
            key.first,
            key.second,
            its.statement.moment,
            str(its.statement.figure),
            its.statement.void_after,
            its.signer,
            its.signed_at,
            int(closes),
        )
        places = ", ".join("?" * (len(row) + 1))
        self._connection.execute(f"INSERT INTO statement VALUES ({places})", (*row, _link(head.link, row)))  # noqa: S608  # nosec B608 # names are constants

    # The file

    def _prepare(self) -> None:
        application, version = (
            int(self._connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version")
        )
        if application == APPLICATION_ID:
            if version > VERSION:
                text = f"written by a later version (protection {version}, this program knows {VERSION})"
                raise ProtectionError(self.path, text)
            return
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise ProtectionDamaged(self.path, "is not a protection store")
        for statement in TABLES.strip().split(";\n"):
            self._connection.execute(statement.rstrip(";"))
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone among all processes from its first read on; on the disk when it ends."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ProtectionError(self.path, f"the protection store cannot be written: {error}") from error
        except sqlite3.DatabaseError as error:
            raise ProtectionDamaged(self.path, f"the protection store is damaged: {error}") from error


def _opened(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    # FULL with a write-ahead log: one sync a commit, and a commit that returned is on the disk.
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def _link(before: bytes, row: Sequence[object]) -> bytes:
    return sha256(before + repr(tuple(row)).encode()).digest()


def _signed(row: Row) -> SignedStatement:
    _, about, chain_id, contract, subject, first, second, moment, figure, void_after, signer, signed_at, _ = row
    key = StatementKey(About(about), chain_id, contract, bytes.fromhex(subject), first, second)
    return SignedStatement(Statement(key, moment, int(figure), void_after), signer, signed_at)
