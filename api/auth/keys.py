"""The keys that access tokens are signed with: in the database, sealed, so that all processes have the same.

A new key is published at once and signs a while later, when everybody has seen it; the old one verifies until the last
token that it signed has ended. Nothing is stopped for it. Times are the machine's: they count tokens, not trades.
"""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlmodel import Session, col, delete, or_, select

from api.auth.jose import PublicKey
from api.auth.models import Client, SigningKey
from api.db import Database, utc_now
from api.vault import Vault

PURPOSE: Final = "token signing keys"
PUBLISHED_BEFORE: Final = timedelta(minutes=10)
"""How long before it signs a key can be seen: twice as long as others may keep our JWKS, see `router.jwks`."""
REFRESH_SECONDS: Final = 5.0
_LOOK_AGAIN_SECONDS: Final = 1.0


class KeyUnknown(Exception):
    def __init__(self, kid: str) -> None:
        super().__init__(f"There is no signing key {kid}; `portolan gateway keys list` shows them.")


class LastKey(Exception):
    def __init__(self, kid: str) -> None:
        super().__init__(f"{kid} is the key that signs now; rotate at once first, then retire it.")


@dataclass(frozen=True)
class RingKey:
    """A signing key, opened."""

    kid: str
    key: ECKey
    signs_from: datetime
    verifies_until: datetime | None

    def public(self) -> PublicKey:
        return PublicKey(self.kid, self.key, frozenset({"ES256"}))


class KeyRing:
    """The keys as this process last read them, and the clients whose tokens count no more."""

    def __init__(
        self, database: Database, vault: Vault, *, token_lifetime_seconds: int, old_key_file: Path | None = None
    ) -> None:
        self._database, self.vault = database, vault
        self._lifetime = timedelta(seconds=token_lifetime_seconds)
        self._old_key_file = old_key_file
        self._keys: tuple[RingKey, ...] = ()
        self._disabled: frozenset[str] = frozenset()
        self._opened: dict[str, ECKey] = {}
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self.generation = 0
        """Grows when a key or client stopped counting: what was found good before is to be looked at again."""

    def signing(self) -> RingKey:
        counting = sorted(self.verifying(), key=lambda key: (key.signs_from, key.kid))
        now = utc_now()
        # The first of all may have been made by a machine whose clock is ahead of ours.
        return next((key for key in reversed(counting) if key.signs_from <= now), counting[0])

    def verifying(self) -> tuple[RingKey, ...]:
        return tuple(key for key in self._all() if _counts(key, utc_now()))

    def is_disabled(self, client_id: str) -> bool:
        self._all()
        return client_id in self._disabled

    def look_again(self) -> bool:
        """Reads the keys anew for a kid that nobody here knows; at most once a second, whoever sends it."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return False
        self.refresh()
        return True

    def refresh(self) -> bool:
        """Reads what other processes have changed; makes the first key. Answers False: there is no more to do."""
        with self._lock:
            self._looked = time.monotonic()
            rows, disabled = self._database.run(self._read)
            if not rows:
                self._database.run(self._begin)
                rows, disabled = self._database.run(self._read)
            self._forget_old_file()
            keys = tuple(self._open(row) for row in rows)
            gone = {key.kid for key in self._keys} - {key.kid for key in keys} or disabled - self._disabled
            self._keys, self._disabled = keys, disabled
            self.generation += bool(gone)
        return False

    def _all(self) -> tuple[RingKey, ...]:
        if not self._keys:
            self.refresh()
        return self._keys

    def _read(self, session: Session) -> tuple[list[SigningKey], frozenset[str]]:
        now = utc_now()
        counts = or_(col(SigningKey.verifies_until).is_(None), col(SigningKey.verifies_until) > now)
        rows = session.exec(select(SigningKey).where(counts).order_by(SigningKey.kid)).all()
        ended = session.exec(select(Client.id).where(col(Client.disabled_at) > now - self._lifetime)).all()
        return list(rows), frozenset(ended)

    def _begin(self, session: Session) -> None:
        """The first key: that of an earlier version, or a new one. Processes that start together take turns."""
        _one_at_a_time(session)
        if session.exec(select(SigningKey.kid)).first() is None:
            old = self._old_key_file
            key = ECKey.import_key(old.read_bytes()) if old is not None and old.exists() else None
            session.add(new_key(self.vault, utc_now(), key))

    def _forget_old_file(self) -> None:
        """What an earlier version kept in the clear is in the database now."""
        if self._old_key_file is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._old_key_file)

    def _open(self, row: SigningKey) -> RingKey:
        if row.kid not in self._opened:
            self._opened[row.kid] = ECKey.import_key(self.vault.open(PURPOSE, row.sealed, row.kid))
        return RingKey(row.kid, self._opened[row.kid], row.signs_from, row.verifies_until)


def _counts(key: RingKey, now: datetime) -> bool:
    return key.verifies_until is None or key.verifies_until > now


def _one_at_a_time(session: Session) -> None:
    """Takes the table for this transaction, and drops keys that nothing can be checked by any more."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("LOCK TABLE oauth_signing_keys IN EXCLUSIVE MODE"))
    session.connection().execute(delete(SigningKey).where(col(SigningKey.verifies_until) < utc_now()))


def new_key(vault: Vault, signs_from: datetime, key: ECKey | None = None) -> SigningKey:
    """A key as it is stored; `key` is one that an earlier version made, whose tokens name it by its thumbprint."""
    made = key or ECKey.generate_key("P-256", private=True)
    # A thumbprint may begin with a hyphen, and a command would take it for an option.
    kid = made.thumbprint() if key is not None else f"k{made.thumbprint()}"
    return SigningKey(kid=kid, sealed=vault.seal(PURPOSE, made.as_pem(private=True), kid), signs_from=signs_from)


def rotate(session: Session, vault: Vault, *, token_lifetime_seconds: int, at_once: bool = False) -> SigningKey:
    """A new key, which signs in ten minutes; those before it verify until their last token has ended.

    `at_once`: it signs now, and third parties that keep our JWKS refuse its tokens until they fetch it anew."""
    _one_at_a_time(session)
    signs_from = utc_now() + (timedelta(0) if at_once else PUBLISHED_BEFORE)
    ends = signs_from + timedelta(seconds=token_lifetime_seconds)
    for row in session.exec(select(SigningKey)):
        row.verifies_until = ends if row.verifies_until is None else min(row.verifies_until, ends)
        session.add(row)
    made = new_key(vault, signs_from)
    session.add(made)
    session.flush()
    return made


def retire(session: Session, kid: str) -> None:
    """A key that is not to be trusted any more: its tokens end within seconds, in every process."""
    _one_at_a_time(session)
    row = session.get(SigningKey, kid)
    if row is None:
        raise KeyUnknown(kid)
    now = utc_now()
    others = session.exec(select(SigningKey).where(col(SigningKey.kid) != kid)).all()
    if not any(other.signs_from <= now for other in others):
        raise LastKey(kid)
    session.delete(row)


def listed(session: Session) -> list[SigningKey]:
    """Newest first."""
    return list(session.exec(select(SigningKey).order_by(col(SigningKey.signs_from).desc())))
