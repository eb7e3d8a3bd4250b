"""/v1/clients: the programs that act for an organisation."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends

from api.clients.listing import CLIENTS
from api.clients.schemas import (
    ClientRequest,
    ClientView,
    ClientWithSecret,
    KeysRequest,
    SecretRequest,
)
from api.clients.service import Clients
from api.deps import Principal, SessionDep, SettingsDep, gateway_router, requires
from api.lists import Asked
from api.problems import problems
from api.values import Page

router = gateway_router("/v1/clients", "clients")
READ = problems(404, 422)
WRITE = problems(404, 409, 422)


def _clients(session: SessionDep, settings: SettingsDep, principal: Principal) -> Clients:
    return Clients(session, principal, settings.operator_lei)


def _reading(
    session: SessionDep, settings: SettingsDep, principal: Annotated[Principal, Depends(requires("clients:read"))]
) -> Clients:
    return _clients(session, settings, principal)


def _writing(
    session: SessionDep, settings: SettingsDep, principal: Annotated[Principal, Depends(requires("clients:write"))]
) -> Clients:
    return _clients(session, settings, principal)


ReadingDep = Annotated[Clients, Depends(_reading)]
WritingDep = Annotated[Clients, Depends(_writing)]


@router.lists("", Page[ClientView], CLIENTS, "List the clients of one's organisation")
def list_clients(clients: ReadingDep, asked: Annotated[Asked, Depends(CLIENTS.asked)]) -> Page[ClientView]:
    found = clients.page(asked)
    return Page(items=[ClientView.of(client) for client in found.rows], next=found.next)


@router.get("/{client_id}", responses=READ, summary="One client")
def show_client(client_id: str, clients: ReadingDep) -> ClientView:
    return ClientView.of(clients.one(client_id))


@router.post("", status_code=201, responses=WRITE, summary="Make a client; its secret is shown this once")
def make_client(body: ClientRequest, clients: WritingDep) -> ClientWithSecret:
    return ClientWithSecret.made(*clients.make(body))


@router.post(
    "/{client_id}/secrets", status_code=201, responses=WRITE, summary="Change a client's secret, with an overlap"
)
def renew_secret(client_id: str, body: SecretRequest, clients: WritingDep) -> ClientWithSecret:
    return ClientWithSecret.made(*clients.renew_secret(client_id, timedelta(seconds=body.overlap_seconds)))


@router.post("/{client_id}/keys", responses=WRITE, summary="Let a client sign with keys of its own (private_key_jwt)")
def take_keys(client_id: str, body: KeysRequest, clients: WritingDep) -> ClientView:
    return ClientView.of(clients.take_keys(client_id, body.jwks))


@router.post("/{client_id}/disabling", responses=WRITE, summary="Disable a client for good; its tokens end")
def disable(client_id: str, clients: WritingDep) -> ClientView:
    return ClientView.of(clients.disable(client_id))
