"""Idempotency keys: the same key with the same body gets the same answer and causes nothing twice.

The record is written in the request's own database transaction, under a unique key. So of two equal requests at once,
on whatever process, one commits; the other's work is rolled back, with its intents, and it answers what the first one
did. Refusals are not recorded: they changed nothing, and the same request may be tried again. Answers are stored
encrypted, since some hold a secret that is shown once.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Connection, LargeBinary, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from api.compiled_sql import CompiledSql
from api.db import UtcDateTime, utc_now
from api.errors import Conflict, Malformed

HEADER: Final = "Idempotency-Key"
_LONGEST_KEY = 255
_KEPT = timedelta(days=30)
FORGET_EVERY_SECONDS: Final = 3_600.0
# Few enough that whoever writes besides does not wait for long.
FORGOTTEN_AT_ONCE: Final = 500


class StoredAnswer(SQLModel, table=True):
    __tablename__ = "idempotency_answers"

    key_hash: str = Field(primary_key=True)
    request_hash: str
    status: int
    media_type: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False, index=True))


# Statements past the unit of work: each write passes here twice.
_ANSWERS = SQLModel.metadata.tables[str(StoredAnswer.__tablename__)]
_STORE = CompiledSql(insert(_ANSWERS), [column.name for column in _ANSWERS.c])
_STORE_FIRST = {
    name: CompiledSql(
        kind.insert(_ANSWERS).inline().on_conflict_do_nothing(),
        [column.name for column in _ANSWERS.c],
    )
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}
_TOLD = (_ANSWERS.c.request_hash, _ANSWERS.c.status, _ANSWERS.c.media_type, _ANSWERS.c.body)
_STORED = CompiledSql(select(*_TOLD).where(_ANSWERS.c.key_hash == bindparam("key")), ["key"])


@dataclass(frozen=True)
class Attempted:
    """One request under one key: whose it is and what it asks for, both as hashes."""

    key_hash: str
    request_hash: str


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    body: bytes


def attempted(headers: Mapping[str, str], speaker: str, *asked: bytes) -> Attempted | None:
    """What the request is under its key; None without one. `speaker` is whose keys these are; `asked` is method, path,
    query, media type and body."""
    key = headers.get(HEADER)
    if key is None:
        return None
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        detail = f"The {HEADER} must have 1 to {_LONGEST_KEY} printable ASCII characters."
        raise Malformed("idempotency-key-malformed", detail)
    digest = hashlib.sha256()
    for part in asked:
        digest.update(len(part).to_bytes(8, "big") + part)
    return Attempted(hashlib.sha256(f"{speaker}\n{key}".encode()).hexdigest(), digest.hexdigest())


class Answers:
    """The stored answers, and a queue in this process for requests with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._busy: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, attempt: Attempted) -> AsyncIterator[None]:
        """Lets requests with one key through one at a time, so that only the first does the work."""
        lock, waiting = self._busy.get(attempt.key_hash, (asyncio.Lock(), 0))
        self._busy[attempt.key_hash] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._busy.pop(attempt.key_hash)
            if waiting > 1:
                self._busy[attempt.key_hash] = (lock, waiting - 1)

    def load(self, session: Session, attempt: Attempted) -> Answer | None:
        """The answer given before; Conflict where the key was used for another request."""
        found = _STORED.run(session.connection(), {"key": attempt.key_hash})
        if not found:
            return None
        request_hash, status, media_type, sealed = found[0]
        if not secrets.compare_digest(request_hash, attempt.request_hash):
            detail = f"This {HEADER} was used for another request; take a new one."
            raise Conflict("idempotency-key-reused", detail)
        body = self._cipher.decrypt(sealed[:12], sealed[12:], attempt.key_hash.encode())
        return Answer(status, media_type, body)

    def store(self, session: Session, attempt: Attempted, answer: Answer) -> None:
        """Adds the answer to the request's transaction; raises IntegrityError if another was first."""
        session.flush()
        _STORE.run(session.connection(), self.row(attempt, answer))

    def row(self, attempt: Attempted, answer: Answer) -> dict[str, Any]:
        """The answer as it is stored."""
        return {
            "key_hash": attempt.key_hash,
            "request_hash": attempt.request_hash,
            "status": answer.status,
            "media_type": answer.media_type,
            "body": self._sealed(attempt, answer.body),
            "created_at": utc_now(),
        }

    @staticmethod
    def store_first(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Stores answers but for those whose keys were used before; how many it has stored. Waits for whoever is about
        to use one of the keys."""
        return _STORE_FIRST[connection.dialect.name].run_all(connection, rows)

    def replace(self, session: Session, attempt: Attempted, answer: Answer) -> None:
        """After waiting, the answer says more; it is the one to repeat."""
        values = {"status": answer.status, "body": self._sealed(attempt, answer.body)}
        session.connection().execute(
            update(StoredAnswer).where(col(StoredAnswer.key_hash) == attempt.key_hash).values(values)
        )

    def _sealed(self, attempt: Attempted, body: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, body, attempt.key_hash.encode())


def forget_old(session: Session) -> bool:
    """Drops a portion of the answers that nobody will ask for again, the oldest; whether there may be more. What
    another process is just dropping is left to it."""
    chosen = (
        select(_ANSWERS.c.key_hash)
        .where(_ANSWERS.c.created_at < utc_now() - _KEPT)
        .order_by(_ANSWERS.c.created_at)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    keys = session.connection().execute(chosen).scalars().all()
    if keys:
        session.connection().execute(delete(_ANSWERS).where(_ANSWERS.c.key_hash.in_(keys)))
    return len(keys) == FORGOTTEN_AT_ONCE
