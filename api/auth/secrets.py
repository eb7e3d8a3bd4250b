"""Client secrets: random, shown once, stored as scrypt hashes."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_N, _R, _P = 2**14, 8, 1  # 16 MiB and about 40 ms a guess
_FORMAT: Final = "scrypt"


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def _scrypt(secret: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def hash_secret(secret: str) -> str:
    """`scrypt$n$r$p$salt$hash`, the last two in base64."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(secret, salt, _N, _R, _P)
    return "$".join(
        [_FORMAT, str(_N), str(_R), str(_P), base64.b64encode(salt).decode(), base64.b64encode(digest).decode()]
    )


def secret_matches(secret: str, stored: str) -> bool:
    """Whether the secret is the hashed one; in constant time as far as the hash goes."""
    _, n, r, p, salt, digest = stored.split("$")
    guess = _scrypt(secret, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(guess, base64.b64decode(digest))


# An unknown client costs as much time as a known one with a wrong secret.
NOBODY: Final = hash_secret(new_secret())
