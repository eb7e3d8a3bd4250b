"""Access tokens: ES256 JWTs (RFC 9068) of the gateway's own keys."""

import hashlib
import time
import uuid
from collections import OrderedDict
from typing import Any, Final, Protocol

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from api.auth.issuers import Issuers, described
from api.auth.jose import claims_of, header_of, verified
from api.auth.keys import RingKey
from api.auth.principal import Principal
from api.errors import Unauthenticated

ALGORITHM: Final = "ES256"
_CACHED_TOKENS = 10_000
_REFUSALS = {
    "bad_signature": "The access token was not signed by this gateway.",
    "invalid_key_id": "The access token was not signed by this gateway.",
    "expired_token": "The access token has expired; ask for another at /oauth/token.",  # nosec B105 # a sentence
    "missing_claim": "The access token lacks a claim that this gateway needs.",
    "invalid_claim": "The access token is meant for another gateway, or not valid yet.",
}
_UNREADABLE = "The access token cannot be read: it is not one that this gateway issued."


class Keys(Protocol):
    """The signing keys, and which clients' tokens count no more."""

    generation: int

    def signing(self) -> RingKey: ...
    def verifying(self) -> tuple[RingKey, ...]: ...
    def look_again(self) -> bool: ...
    def is_disabled(self, client_id: str) -> bool: ...


def refused(error: Exception) -> Unauthenticated:
    """Why a token does not count, as one sentence."""
    detail = _REFUSALS.get(error.error, _UNREADABLE) if isinstance(error, JoseError) else _UNREADABLE
    return Unauthenticated("invalid-token", detail)


class Tokens:
    """Issues and checks access tokens of one issuer for one audience."""

    def __init__(
        self, keys: Keys, *, issuer: str, audience: str, lifetime_seconds: int, others: Issuers | None = None
    ) -> None:
        self._keys = keys
        self._others = others
        self._issuer = issuer
        self._audience = audience
        self.lifetime_seconds = lifetime_seconds
        self._checked: OrderedDict[bytes, tuple[Principal, float, tuple[int, int]]] = OrderedDict()
        self._generation = (0, 0)
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
            "client_id": principal.client_id,
            "scope": " ".join(sorted(principal.scopes)),
            "iat": now,
            "exp": now + self.lifetime_seconds,
            "jti": uuid.uuid4().hex,
        }
        if principal.lei is not None:
            claims["lei"] = principal.lei
        signing = self._keys.signing()
        header = {"alg": ALGORITHM, "kid": signing.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, signing.key, algorithms=[ALGORITHM])

    def principal(self, token: str) -> Principal:
        """Whom the token speaks for; Unauthenticated where it is not ours, is for others, or has ended."""
        # Taken before the check: what was found good by keys that went meanwhile is not found again.
        generation = (self._keys.generation, self._others.generation if self._others else 0)
        if self._generation != generation:
            self._checked.clear()
            self._generation = generation
        digest = hashlib.sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is not None and known[1] > time.time() and known[2] == generation:
            return known[0]
        principal, believed_until = self._check(token)
        self._checked[digest] = (principal, believed_until, generation)
        while len(self._checked) > _CACHED_TOKENS:
            self._checked.popitem(last=False)
        return principal

    def _check(self, token: str) -> tuple[Principal, float]:
        return self._check_others(token) or self._check_own(token)

    def _check_others(self, token: str) -> tuple[Principal, float] | None:
        """Of a token that another issuer has made; None where it does not say so."""
        if not self._others:
            return None
        try:
            issuer = self._others.of(claims_of(token).get("iss"))
            return None if issuer is None else issuer.check(token)
        except JoseError as error:
            raise Unauthenticated("invalid-token", described(error)) from error

    def _check_own(self, token: str) -> tuple[Principal, float]:
        try:
            claims = self._verified(token)
            self._claims.validate(claims)
        except (JoseError, ValueError) as error:
            raise refused(error) from error
        client_id, lei = str(claims["sub"]), claims.get("lei")
        if self._keys.is_disabled(client_id):
            raise Unauthenticated("invalid-token", "The client of this access token was disabled.")
        principal = Principal(client_id, str(lei) if lei else None, frozenset(str(claims["scope"]).split()))
        return principal, float(claims["exp"])

    def _verified(self, token: str) -> dict[str, Any]:
        """Another process may have made a key since this one last looked."""
        try:
            return verified(token, [key.public() for key in self._keys.verifying()])[1]
        except InvalidKeyIdError:
            if not (header_of(token).get("kid") and self._keys.look_again()):
                raise
            return verified(token, [key.public() for key in self._keys.verifying()])[1]

    def jwks(self) -> dict[str, Any]:
        """The public keys, for others that check our tokens; also those that will sign soon."""
        return {
            "keys": [
                {**dict(key.key.as_dict(private=False)), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
                for key in self._keys.verifying()
            ]
        }
