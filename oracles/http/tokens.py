"""Bearer tokens: made here, shown once, kept as hashes.

A token is 256 random bits, so its SHA-256 can neither be guessed nor turned back; no slow hash is needed.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from oracles.errors import OracleError
from oracles.http.settings import Right

PREFIX: Final = "portolan_"
"""So that a scanner for leaked secrets can know one."""


class TokensUnusable(OracleError):
    """The file of tokens cannot be read, or not be changed as asked."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Token:
    """What is kept of a token: never itself."""

    name: str
    sha256: str
    rights: frozenset[Right]
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


@dataclass
class TokenFile:
    """The file, read again when it changed: a token is revoked while the node runs."""

    path: Path
    _stamp: tuple[int, int, int] | None = None
    _tokens: Sequence[Token] = field(default_factory=list)

    def tokens(self) -> Sequence[Token]:
        """Those of the file; none where there is no file. Raises TokensUnusable."""
        try:
            status = self.path.stat()
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            if stamp != self._stamp:
                self._tokens, self._stamp = _read(self.path), stamp
        except FileNotFoundError:
            self._tokens, self._stamp = [], None
        except OSError as error:
            raise TokensUnusable(self.path, f"cannot be read: {error.strerror}") from error
        return self._tokens

    def find(self, secret: bytes) -> Token | None:
        """The token whose secret this is. Compares with every one, each in constant time."""
        digest, found = sha256(secret).hexdigest(), None
        for token in self.tokens():
            if hmac.compare_digest(token.sha256, digest):
                found = token
        return None if found is None or found.is_over else found

    def create(self, name: str, rights: frozenset[Right], days: int | None = None) -> str:
        """Adds a token and returns its secret, which nobody can ask for again. Raises TokensUnusable."""
        known = list(self.tokens())
        if any(token.name == name for token in known):
            raise TokensUnusable(self.path, f"there is a token {name!r} already; revoke it first")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC).replace(microsecond=0)
        expires_at = None if days is None else now + timedelta(days=days)
        self._write([*known, Token(name, sha256(secret.encode()).hexdigest(), rights, now, expires_at)])
        return secret

    def revoke(self, name: str) -> None:
        """Takes a token away, at once. Raises TokensUnusable."""
        left = [token for token in self.tokens() if token.name != name]
        if len(left) == len(self.tokens()):
            raise TokensUnusable(self.path, f"there is no token {name!r}")
        self._write(left)

    def _write(self, tokens: Sequence[Token]) -> None:
        part = self.path.with_name(f".{self.path.name}.part")
        text = json.dumps([_entry(token) for token in tokens], indent=2) + "\n"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def _entry(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "sha256": token.sha256,
        "rights": sorted(token.rights),
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def _read(path: Path) -> list[Token]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(entries, list):
            raise TypeError("not a list")
        return [_token(entry) for entry in entries]
    except (ValueError, TypeError, KeyError) as error:
        raise TokensUnusable(path, "is not a file of tokens as `portolan oracle token` writes it") from error


def _token(entry: dict[str, Any]) -> Token:
    digest = bytes.fromhex(entry["sha256"])
    if len(digest) != sha256().digest_size:
        raise ValueError("not a SHA-256")
    rights = frozenset(Right(right) for right in entry["rights"])
    expires_at = _moment(entry["expires_at"]) if entry["expires_at"] else None
    return Token(str(entry["name"]), digest.hex(), rights, _moment(entry["created_at"]), expires_at)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment
