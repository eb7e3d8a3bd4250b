"""Who may make and change which client. Nobody gains by it what it may not do itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from api.auth import service as auth
from api.auth.jose import JwksInvalid
from api.auth.models import Client
from api.auth.principal import Principal
from api.auth.scopes import ScopeForOperatorOnly, ScopeUnknown
from api.clients.schemas import ClientRequest
from api.errors import Conflict, Forbidden, Malformed, NotFound
from api.lists import Asked, Slice

T = TypeVar("T")


@dataclass(frozen=True)
class Clients:
    """The clients as one caller may see and change them."""

    session: Session
    principal: Principal
    operator_lei: str

    def page(self, asked: Asked) -> Slice[Client]:
        """The caller's own; for operator and supervisor everybody's."""
        wanted = select(Client)
        if not self.principal.sees_all:
            wanted = wanted.where(col(Client.lei) == self.principal.organisation(), col(Client.operator).is_(False))
        return asked.page(self.session, wanted)

    def one(self, client_id: str) -> Client:
        client = auth.client_of(self.session, client_id)
        if client is None or not self._sees(client):
            raise NotFound("client-unknown", f"There is no client {client_id}.", id=client_id)
        return client

    def make(self, asked: ClientRequest) -> tuple[Client, str]:
        """A client and its secret. For another organisation, or the operator itself, by the operator only."""
        lei = self._owner(asked)
        scopes = frozenset(asked.scopes)
        if not self.principal.is_operator:
            self._refuse_beyond(scopes)
            scopes = scopes or self.principal.scopes
        made = _told(
            lambda: auth.create_client(
                self.session,
                lei=lei,
                scopes=tuple(sorted(scopes)),
                name=asked.name,
                operator=asked.operator,
                jwks=asked.jwks,
            )
        )
        return self.one(made.client_id), made.client_secret

    def renew_secret(self, client_id: str, overlap: timedelta) -> tuple[Client, str]:
        client = self._changeable(client_id)
        return client, auth.renew_secret(self.session, client, overlap)

    def take_keys(self, client_id: str, jwks: Mapping[str, Any]) -> Client:
        client = self._changeable(client_id)
        _told(lambda: auth.take_keys(self.session, client, jwks))
        return client

    def disable(self, client_id: str) -> Client:
        client = self.one(client_id)
        self._refuse_beyond(client.scopes)
        auth.disable(self.session, client)
        return client

    def _sees(self, client: Client) -> bool:
        """The operator's clients are nobody else's business, even where both go by one LEI."""
        return self.principal.sees_all or (self.principal.sees(client.lei) and not client.operator)

    def _owner(self, asked: ClientRequest) -> str | None:
        if self.principal.is_operator:
            if asked.operator == (asked.lei is not None):
                raise Malformed("client-owner-missing", "Say for whom the client is: by `lei`, or `operator`: true.")
            return asked.lei or self.operator_lei or None
        if asked.operator or asked.lei not in (None, self.principal.lei):
            raise Forbidden("operator-only", "Only the operator makes clients for others than its own organisation.")
        return self.principal.organisation()

    def _changeable(self, client_id: str) -> Client:
        client = self.one(client_id)
        self._refuse_beyond(client.scopes)
        if client.disabled_at is not None:
            raise Conflict("client-disabled", "This client was disabled; make a new one.", id=client_id)
        return client

    def _refuse_beyond(self, scopes: frozenset[str] | list[str]) -> None:
        """Whoever could renew the secret of a client that may do more would be able to do more itself."""
        beyond = sorted(set(scopes) - self.principal.scopes)
        if beyond and not self.principal.is_operator:
            detail = f"The caller itself does not hold {', '.join(beyond)}, and cannot give or take it."
            raise Forbidden("scope-beyond-own", detail, beyond=beyond)


def _told(work: Callable[[], T]) -> T:
    """What is wrong with scopes and keys, as a refusal."""
    try:
        return work()
    except JwksInvalid as error:
        raise Malformed("jwks-invalid", str(error)) from error
    except (ScopeUnknown, ScopeForOperatorOnly) as error:
        raise Malformed("scope-invalid", str(error)) from error
