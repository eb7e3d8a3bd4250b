"""Clients: made once, checked at each request for a token."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from api.auth.jose import public_keys
from api.auth.models import Client
from api.auth.principal import Principal
from api.auth.scopes import granted
from api.auth.secrets import NOBODY, hash_secret, new_secret, secret_matches
from api.db import utc_now

_ID = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True)
class NewClient:
    """A client and its secret, the only time that it is known; empty where the client signs with a key of its own."""

    client_id: str
    client_secret: str
    lei: str | None
    scopes: tuple[str, ...]


def create_client(
    session: Session,
    *,
    lei: str | None,
    scopes: tuple[str, ...] = (),
    name: str = "",
    operator: bool = False,
    jwks: Mapping[str, Any] | None = None,
) -> NewClient:
    """A new client for an organisation, or for the operator. No scopes: all that its kind may hold.

    With `jwks`, its public keys, it has no secret; JwksInvalid where they cannot be used."""
    held = tuple(sorted(granted(scopes, operator=operator)))
    if jwks is not None:
        public_keys(jwks)
    secret = new_secret() if jwks is None else ""
    client = Client(
        id=f"client_{secrets.token_hex(10)}",
        secret_hash=hash_secret(secret) if secret else "",
        lei=lei,
        name=name,
        scopes=list(held),
        operator=operator,
        jwks=None if jwks is None else dict(jwks),
    )
    session.add(client)
    session.flush()
    return NewClient(client.id, secret, lei, held)


def clients_of(session: Session, lei: str) -> list[Client]:
    return list(session.exec(select(Client).where(col(Client.lei) == lei).order_by(Client.id)))


def client_of(session: Session, client_id: str) -> Client | None:
    """The client of that id; None for what cannot be one, which no database has to be asked about."""
    return session.get(Client, client_id) if _ID.fullmatch(client_id) else None


def authenticate(session: Session, client_id: str, client_secret: str) -> Principal | None:
    """Whom the credentials belong to; None where they are wrong, in the same time either way."""
    client = client_of(session, client_id)
    matches = secret_matches(client_secret, (client.secret_hash if client else "") or NOBODY)
    if client is not None and not matches and _overlaps(client):
        matches = secret_matches(client_secret, client.previous_secret_hash or NOBODY)
    if client is None or not matches or client.disabled_at is not None:
        return None
    return principal_of(client)


def principal_of(client: Client) -> Principal:
    return Principal(client.id, client.lei, frozenset(client.scopes))


def _overlaps(client: Client) -> bool:
    return client.previous_secret_ends_at is not None and client.previous_secret_ends_at > utc_now()


def renew_secret(session: Session, client: Client, overlap: timedelta) -> str:
    """A new secret, told this once. The one before counts for the overlap, any older one no more."""
    made = new_secret()
    client.previous_secret_hash = client.secret_hash or None
    client.previous_secret_ends_at = utc_now() + overlap if client.secret_hash and overlap else None
    client.secret_hash = hash_secret(made)
    client.jwks = None
    session.add(client)
    session.flush()
    return made


def take_keys(session: Session, client: Client, jwks: Mapping[str, Any]) -> None:
    """From now on the client signs with one of these keys, and its secrets count no more; JwksInvalid otherwise."""
    public_keys(jwks)
    client.jwks = dict(jwks)
    client.secret_hash, client.previous_secret_hash, client.previous_secret_ends_at = "", None, None
    session.add(client)
    session.flush()


def disable(session: Session, client: Client) -> None:
    """No more tokens for it; those that it has end within seconds, in every process."""
    client.disabled_at = client.disabled_at or utc_now()
    session.add(client)
    session.flush()
