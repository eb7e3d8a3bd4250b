"""A gateway that really listens, with one toy resource on the token chain."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import httpx
import uvicorn
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, SecretStr
from sqlmodel import col, select
from token_chain import call_of

from api.auth.service import create_client
from api.deps import (
    Principal,
    SessionDep,
    SignersDep,
    TransactionsDep,
    Written,
    gateway_router,
    requires,
    transaction_views,
)
from api.gateway import Gateway
from api.main import create_app
from api.protocol import PatientProtocol
from api.settings import Settings
from api.transactions.models import Transaction

LEI = "999900SOUNDERSURVY30"
OTHER_LEI = "999900BAYARDCREDIT42"


def keyed(request: httpx.Request) -> None:
    """A hook of clients: every write has an Idempotency-Key, a new one where the test gives none."""
    if request.method not in ("GET", "HEAD"):
        request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))


class Told(BaseModel):
    value: int
    comment: str = ""
    pin: SecretStr = SecretStr("")


def toy_router() -> APIRouter:
    router = gateway_router("/v1/tellings", "tellings")

    @router.post("", status_code=202)
    def tell(
        body: Told,
        principal: Annotated[Principal, Depends(requires("invoices:write"))],
        session: SessionDep,
        transactions: TransactionsDep,
        signers: SignersDep,
    ) -> Response:
        signer = signers.create_organisation(principal.organisation())
        told = transactions.submit(
            session, signer=signer.name, call=call_of(body.value), owner_lei=principal.lei, purpose="telling"
        )
        return Written(session, lambda s: {"value": body.value, "transactions": transaction_views(s, [told.id])})

    @router.get("/count")
    def count(principal: Annotated[Principal, Depends(requires("invoices:read"))], session: SessionDep) -> int:
        mine = select(Transaction).where(col(Transaction.owner_lei) == principal.lei)
        return len(session.exec(mine).all())

    @router.post("/broken")
    def broken(body: Told, session: SessionDep) -> Response:
        raise RuntimeError(f"the vault's combination is {body.comment}")

    return router


@dataclass
class Served:
    gateway: Gateway
    url: str

    def token(self, *, lei: str | None = LEI, scopes: tuple[str, ...] = ()) -> str:
        made = self.gateway.database.run(
            lambda session: create_client(session, lei=lei, scopes=scopes, operator=lei is None)
        )
        answer = httpx.post(
            f"{self.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(made.client_id, made.client_secret),
            timeout=120,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def client(self, *, lei: str | None = LEI, scopes: tuple[str, ...] = ()) -> httpx.Client:
        """An HTTP client that speaks for the organisation; for the operator where there is no LEI."""
        headers = {"Authorization": f"Bearer {self.token(lei=lei, scopes=scopes)}"}
        hooks = {"request": [keyed]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False, event_hooks=hooks)


@contextmanager
def serve(settings: Settings, routers: list[APIRouter] | None = None) -> Iterator[Served]:
    """Runs the application until the block ends."""
    app = create_app(settings, [toy_router()] if routers is None else routers)
    config = uvicorn.Config(app, port=0, host="127.0.0.1", http=PatientProtocol, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 240
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(app.state.gateway, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive()
