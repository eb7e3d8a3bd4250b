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
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, delete, update
from sqlmodel import Field, Session, SQLModel, col

from api.db import UtcDateTime, utc_now
from api.errors import Conflict, Malformed
from api.signers import write_private

HEADER: Final = "Idempotency-Key"
_LONGEST_KEY = 255
_KEPT = timedelta(days=30)


class StoredAnswer(SQLModel, table=True):
    __tablename__ = "idempotency_answers"

    key_hash: str = Field(primary_key=True)
    request_hash: str
    status: int
    media_type: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False, index=True))


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


def attempted(headers: Mapping[str, str], client_id: str, *asked: bytes) -> Attempted | None:
    """What the request is under its key; None without one. `asked` is method, path, query, media type and body."""
    key = headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        detail = f"The {HEADER} must have 1 to {_LONGEST_KEY} printable characters."
        raise Malformed("idempotency-key-malformed", detail)
    digest = hashlib.sha256()
    for part in asked:
        digest.update(len(part).to_bytes(8, "big") + part)
    return Attempted(hashlib.sha256(f"{client_id}\n{key}".encode()).hexdigest(), digest.hexdigest())


class Answers:
    """The stored answers, and a queue in this process for requests with one key."""

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            write_private(key_file, secrets.token_bytes(32))
        self._cipher = AESGCM(key_file.read_bytes())
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
        stored = session.get(StoredAnswer, attempt.key_hash)
        if stored is None:
            return None
        if not secrets.compare_digest(stored.request_hash, attempt.request_hash):
            detail = f"This {HEADER} was used for another request; take a new one."
            raise Conflict("idempotency-key-reused", detail)
        body = self._cipher.decrypt(stored.body[:12], stored.body[12:], attempt.key_hash.encode())
        return Answer(stored.status, stored.media_type, body)

    def store(self, session: Session, attempt: Attempted, answer: Answer) -> None:
        """Adds the answer to the request's transaction; the flush raises IntegrityError if another was first."""
        session.add(
            StoredAnswer(
                key_hash=attempt.key_hash,
                request_hash=attempt.request_hash,
                status=answer.status,
                media_type=answer.media_type,
                body=self._sealed(attempt, answer.body),
            )
        )
        session.flush()

    def replace(self, session: Session, attempt: Attempted, answer: Answer) -> None:
        """After waiting, the answer says more; it is the one to repeat."""
        values = {"status": answer.status, "body": self._sealed(attempt, answer.body)}
        session.connection().execute(
            update(StoredAnswer).where(col(StoredAnswer.key_hash) == attempt.key_hash).values(values)
        )

    def _sealed(self, attempt: Attempted, body: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, body, attempt.key_hash.encode())


def forget_old(session: Session) -> None:
    """Drops answers that nobody will ask for again."""
    session.connection().execute(delete(StoredAnswer).where(col(StoredAnswer.created_at) < utc_now() - _KEPT))
