"""Personal data: sealed in the database, compared by keyed digests, never in a log."""

import hmac
import json
import secrets
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.settings import Settings
from api.signers import write_private

_NONCE_BYTES = 12
_DIGEST_LABEL = b"portolan personal digest 1\0"


class Personal:
    """One key of 32 bytes, with which personal data is sealed (AES-256-GCM) and digested (HMAC-SHA256)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._digest_key = hmac.new(key, _DIGEST_LABEL, sha256).digest()

    def seal(self, what: dict[str, Any], owner: str) -> bytes:
        """`what` sealed for the row `owner`: it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, json.dumps(what).encode(), owner.encode())

    def unseal(self, sealed: bytes, owner: str) -> dict[str, Any]:
        opened = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        told: dict[str, Any] = json.loads(opened)
        return told

    def digest(self, *parts: str) -> str:
        """The same for the same parts; without the key nobody can try whose they are."""
        return hmac.new(self._digest_key, json.dumps(parts).encode(), sha256).hexdigest()


@cache
def _load(path: Path) -> Personal:
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return Personal(path.read_bytes())


def personal_of(settings: Settings) -> Personal:
    return _load(settings.data_dir / "personal-data.key")
