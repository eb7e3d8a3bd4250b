"""Who sent a request: the holder of a bearer token, or of a client certificate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography import x509

from oracles.http.problems import Forbidden, Unknown
from oracles.http.settings import HttpSettings, Right
from oracles.http.tokens import TokenFile

SCHEME: Final = "bearer"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="Portolan node"'}


@dataclass(frozen=True)
class Client:
    """`name` is unique: its jobs are known by it."""

    name: str
    rights: frozenset[Right]

    def needs(self, right: Right) -> None:
        """Raises Forbidden."""
        if right not in self.rights:
            raise Forbidden(f"{self.name} may not {right} here")


class Clients:
    """Those whom the settings let in. A bearer token that is sent must be right, whatever certificate comes with it."""

    def __init__(self, settings: HttpSettings) -> None:
        self._tokens = None if settings.tokens is None else TokenFile(settings.tokens)
        self._subjects = settings.client_subjects

    def identify(self, authorization: str | None, certificate: bytes | None) -> Client:
        """`certificate` was checked against the CA already. Raises Unknown, Forbidden, TokensUnusable."""
        if authorization is not None:
            return self._bearer(authorization)
        if certificate is None:
            raise Unknown("send a bearer token, or use a client certificate where the node takes them", CHALLENGE)
        subject = _subject(certificate)
        if subject not in self._subjects:
            raise Forbidden(f"the certificate of {subject} is good, but nobody let it in")
        return Client(f"certificate {subject}", self._subjects[subject])

    def _bearer(self, authorization: str) -> Client:
        scheme, _, secret = authorization.partition(" ")
        token = None
        if scheme.lower() == SCHEME and self._tokens is not None:
            token = self._tokens.find(secret.strip().encode())
        if token is None:
            raise Unknown("the bearer token is not known, or no longer good", CHALLENGE)
        return Client(f"token {token.name}", token.rights)


@lru_cache(maxsize=256)
def _subject(certificate: bytes) -> str:
    return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
