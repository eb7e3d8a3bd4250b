"""Tokens of other issuers, checked by their keys, which are fetched ahead and kept.

No request waits for an issuer: a loop fetches the keys, soon where a token names one that is not known yet, and ever
more seldom where the issuer does not answer. Until then the keys of before count, for a day at most.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from api.auth.issuer_settings import IssuerSettings
from api.auth.jose import JwksInvalid, PublicKey, public_keys, verified
from api.auth.principal import Principal
from api.auth.scopes import ORGANISATION_SCOPES
from api.errors import GatewayError, Unauthenticated, Unavailable
from api.outgoing import Answered, TargetUnavailable

log = structlog.get_logger()
LOOK_SECONDS: Final = 1.0
_FIRST_PAUSE_SECONDS: Final = 2.0
_LONGEST_PAUSE_SECONDS: Final = 300.0
_UNKNOWN_KEY_PAUSE_SECONDS: Final = 10.0
_KEPT_SECONDS: Final = 86_400.0
_LONGEST_SUBJECT: Final = 200


class Fetching(Protocol):
    def request(self, method: str, url: str) -> Answered: ...


class Issuer:
    """One issuer, and its keys as they were fetched last."""

    def __init__(
        self, settings: IssuerSettings, outgoing: Fetching, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._outgoing, self._clock = outgoing, clock
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched = self._tried = float("-inf")
        self._pause = 0.0
        self._asked_for = False
        self.generation = 0
        """Grows when a key stopped counting: what was found good before is to be looked at again."""
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def fetch_if_due(self) -> None:
        """Fetches the keys when it is time, or somebody has asked; keeps those of before where that fails."""
        pause = self._pause or (_UNKNOWN_KEY_PAUSE_SECONDS if self._asked_for else self.settings.refresh_seconds)
        if self._clock() - self._tried < pause:
            return
        self._tried, self._asked_for = self._clock(), False
        try:
            keys = public_keys(self._jwks())
        except (JwksInvalid, TargetUnavailable, GatewayError, OSError, ValueError, RecursionError) as error:
            self._pause = min(max(self._pause * 2, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            why = str(error) if isinstance(error, JwksInvalid | TargetUnavailable | GatewayError) else ""
            log.warning(
                "issuer.keys-not-fetched", issuer=self.settings.issuer, error=type(error).__name__, said=why,
                pause_seconds=self._pause,
            )  # fmt: skip
        else:
            gone = _identities(self._keys) - _identities(keys)
            self._keys, self._pause, self._fetched = keys, 0.0, self._clock()
            self.generation += bool(gone)

    def _jwks(self) -> Mapping[str, Any]:
        if self.settings.jwks_file is not None:
            content = self.settings.jwks_file.read_bytes()
        else:
            answer = self._outgoing.request("GET", self.settings.jwks_uri)
            if answer.status != 200:
                raise TargetUnavailable(f"It answered {answer.status}.")
            content = answer.body
        read = json.loads(content)
        return read if isinstance(read, dict) else {}

    def check(self, token: str) -> tuple[Principal, float]:
        """Whom the token speaks for, and until when this may be believed (Unix seconds): no longer than the token says,
        than the keys are kept, or than to their next fetch.

        JoseError where it is not the issuer's, or not for us; Unavailable while its keys are not known."""
        kept_seconds = _KEPT_SECONDS - (self._clock() - self._fetched)
        if kept_seconds < 0:
            detail = "The keys of the token's issuer cannot be fetched just now."
            raise Unavailable("issuer-unavailable", detail, issuer=self.settings.issuer)
        try:
            _, claims = verified(token, self._keys)
        except InvalidKeyIdError:
            self._asked_for = True  # it may have made a new one
            raise
        self._claims.validate(claims)
        believed_until = time.time() + min(kept_seconds, self.settings.refresh_seconds)
        return self._principal(claims), float(min(claims["exp"], believed_until))

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        named = claims.get(self.settings.organisation_claim)
        lei = self.settings.organisations.get(named) if isinstance(named, str) else None
        if lei is None:
            raise Unauthenticated("organisation-unknown", "The token names no organisation that its issuer speaks for.")
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject.isprintable() or len(subject) > _LONGEST_SUBJECT:
            raise Unauthenticated(
                "invalid-token", f"sub of the token is no text of up to {_LONGEST_SUBJECT} characters."
            )
        return Principal(f"{self.settings.issuer}|{subject}", lei, self._scopes(claims.get(self.settings.scope_claim)))

    def _scopes(self, told: Any) -> frozenset[str]:
        """Ours, of those that the token names; never one of the operator's."""
        words = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
        named = [word for word in words if isinstance(word, str)]
        if self.settings.scopes:
            named = [scope for word in named for scope in self.settings.scopes.get(word, [])]
        return frozenset(named) & ORGANISATION_SCOPES


def _identities(keys: tuple[PublicKey, ...]) -> set[tuple[str | None, str, frozenset[str]]]:
    return {(each.kid, each.key.thumbprint(), each.algorithms) for each in keys}


class Issuers:
    """The issuers that the settings name."""

    def __init__(self, settings: tuple[IssuerSettings, ...], outgoing: Fetching) -> None:
        self._issuers = {one.issuer: Issuer(one, outgoing) for one in settings}

    @property
    def generation(self) -> int:
        """Grows when a key of any of them stopped counting."""
        return sum(issuer.generation for issuer in self._issuers.values())

    def of(self, claimed: Any) -> Issuer | None:
        """The issuer that a token claims to come from; None where it is not one of these."""
        return self._issuers.get(claimed) if isinstance(claimed, str) else None

    def step(self) -> bool:
        for issuer in self._issuers.values():
            issuer.fetch_if_due()
        return False

    def __bool__(self) -> bool:
        return bool(self._issuers)


def described(error: JoseError) -> str:
    """Why another issuer's token does not count."""
    told = {
        "expired_token": "The access token has expired; ask its issuer for another.",  # nosec B105 # a sentence
        "missing_claim": "The access token lacks a claim that this gateway needs.",
        "invalid_claim": "The access token is not for this gateway, or not valid yet.",
    }
    return told.get(error.error, "The access token was not signed with a key that its issuer has published.")
