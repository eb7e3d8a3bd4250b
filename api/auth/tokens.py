"""Access tokens: ES256 JWTs, signed with a key that is made at first start and never leaves the data directory."""

import hashlib
import os
import time
import uuid
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from api.auth.principal import Principal
from api.errors import Unauthenticated

_ALGORITHMS = ["ES256"]
_CACHED_TOKENS = 10_000
_REFUSALS = {
    "bad_signature": "The access token was not signed by this gateway.",
    "expired_token": "The access token has expired; ask for another at /oauth/token.",
    "missing_claim": "The access token lacks a claim that this gateway needs.",
    "invalid_claim": "The access token is meant for another gateway, or not valid yet.",
}
_UNREADABLE = "The access token cannot be read: it is not one that this gateway issued."


def load_or_make_key(path: Path) -> ECKey:
    """The signing key at `path`, made there (0600) on first use. Two processes may race: the first one's key stands."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(ECKey.generate_key("P-256", private=True).as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key is read below
            os.link(fresh, path)
        fresh.unlink()
    key = ECKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def _refusal(error: Exception) -> str:
    """Why a token does not count, as one sentence."""
    return _REFUSALS.get(error.error, _UNREADABLE) if isinstance(error, JoseError) else _UNREADABLE


class Tokens:
    """Issues and checks access tokens of one issuer for one audience."""

    def __init__(self, key: ECKey, *, issuer: str, audience: str, lifetime_seconds: int) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self.lifetime_seconds = lifetime_seconds
        self._checked: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            scope={"essential": True, "allow_blank": True},
        )

    def issue(self, principal: Principal) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": principal.client_id,
            "scope": " ".join(sorted(principal.scopes)),
            "iat": now,
            "exp": now + self.lifetime_seconds,
            "jti": uuid.uuid4().hex,
        }
        if principal.lei is not None:
            claims["lei"] = principal.lei
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=_ALGORITHMS)

    def principal(self, token: str) -> Principal:
        """Whom the token speaks for; Unauthenticated where it is not ours, is for others, or has expired."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is not None and known[1] > time.time():
            return known[0]
        principal, expires_at = self._check(token)
        self._checked[digest] = (principal, expires_at)
        while len(self._checked) > _CACHED_TOKENS:
            self._checked.popitem(last=False)
        return principal

    def _check(self, token: str) -> tuple[Principal, float]:
        try:
            claims = jwt.decode(token, self._key, algorithms=_ALGORITHMS).claims
            self._claims.validate(claims)
        except (JoseError, ValueError) as error:
            raise Unauthenticated("invalid-token", _refusal(error)) from error
        lei = claims.get("lei")
        principal = Principal(str(claims["sub"]), str(lei) if lei else None, frozenset(str(claims["scope"]).split()))
        return principal, float(claims["exp"])

    def jwks(self) -> dict[str, Any]:
        """The public key, for others that check our tokens."""
        keys: dict[str, Any] = dict(KeySet([self._key]).as_dict(private=False))
        for key in keys["keys"]:
            key.update(use="sig", alg="ES256")
        return keys
