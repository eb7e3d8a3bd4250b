"""Clients: made once, checked at each request for a token."""

import secrets
from dataclasses import dataclass

from sqlmodel import Session, col, select

from api.auth.models import Client
from api.auth.principal import Principal
from api.auth.scopes import granted
from api.auth.secrets import NOBODY, hash_secret, new_secret, secret_matches


@dataclass(frozen=True)
class NewClient:
    """A client and its secret, the only time that it is known."""

    client_id: str
    client_secret: str
    lei: str | None
    scopes: tuple[str, ...]


def create_client(
    session: Session, *, lei: str | None, scopes: tuple[str, ...] = (), name: str = "", operator: bool = False
) -> NewClient:
    """A new client for an organisation, or for the operator. No scopes: all that its kind may hold."""
    held = tuple(sorted(granted(scopes, operator=operator)))
    secret = new_secret()
    client = Client(
        id=f"client_{secrets.token_hex(10)}", secret_hash=hash_secret(secret), lei=lei, name=name, scopes=list(held)
    )
    session.add(client)
    session.flush()
    return NewClient(client.id, secret, lei, held)


def clients_of(session: Session, lei: str) -> list[Client]:
    return list(session.exec(select(Client).where(col(Client.lei) == lei).order_by(Client.id)))


def authenticate(session: Session, client_id: str, client_secret: str) -> Principal | None:
    """Whom the credentials belong to; None where they are wrong, in the same time either way."""
    client = session.get(Client, client_id)
    matches = secret_matches(client_secret, client.secret_hash if client else NOBODY)
    if client is None or not matches or client.disabled_at is not None:
        return None
    return Principal(client.id, client.lei, frozenset(client.scopes))
