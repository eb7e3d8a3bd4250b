"""Asking a node's capture interface, within the process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from oracle_bench import Bench
from oracle_fakes import epcis_event
from sqlmodel import select
from starlette.types import ASGIApp

from oracles.checkpoints import Checkpoint, go_on
from oracles.http.clients import Clients
from oracles.http.door import Door
from oracles.http.interfaces import Interface
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.services import Surroundings, interfaces
from oracles.sources.drop import tag_of
from oracles.store.captures import CapturedEventRow, CaptureRow

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "epcis"
JSON = "application/json"


def lone(step: str = "receiving", **more: Any) -> dict[str, Any]:
    """An event that stands alone."""
    return {"@context": [CONTEXT]} | epcis_event(step, **more)


@dataclass
class Desk:
    """A bench whose node listens; `post` and `get` are two clients, each with the one right it needs."""

    bench: Bench
    _tokens: dict[str, str] = field(default_factory=dict)

    @cached_property
    def app(self) -> ASGIApp:
        settings = self.bench.settings
        assert settings.http is not None
        return Door(self.interfaces(), Clients(settings.http), self.bench.node.metrics)

    def interfaces(self) -> list[Interface]:
        """As the node's process would have them."""
        bench = self.bench
        around = Surroundings(bench.settings, bench.database, bench.checkpoint, bench.node.metrics, bench.captures)
        return list(interfaces(around))

    def restart(self, checkpoint: Checkpoint = go_on) -> None:
        """A new process on the same disk."""
        self.bench.restart(checkpoint)
        self.__dict__.pop("app", None)

    def token(self, name: str, *rights: Right, days: int | None = None) -> str:
        settings = self.bench.settings.http
        assert settings is not None
        assert settings.tokens is not None
        if name not in self._tokens:
            self._tokens[name] = TokenFile(settings.tokens).create(name, frozenset(rights), days)
        return self._tokens[name]

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        return asyncio.run(self.send(method, path, token=token, headers=headers, content=content))

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        content: Any = None,
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            return await client.request(method, path, headers=sent | dict(headers or {}), content=content)

    def post(self, path: str, body: bytes | Mapping[str, Any], client: str = "wms", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        token = self.token(client, Right.CAPTURE)
        return self.ask("POST", path, token=token, headers={"Content-Type": JSON} | named, content=content)

    def get(self, path: str, right: Right = Right.QUERY, headers: Mapping[str, str] | None = None) -> httpx.Response:
        client = "wms" if right is Right.CAPTURE else "auditor"
        return self.ask("GET", path, token=self.token(client, right), headers=headers)

    def capture(self, body: bytes | Mapping[str, Any], client: str = "wms", **headers: str) -> str:
        """The id of the job of a document that was acknowledged."""
        answer = self.post("/capture", body, client, **headers)
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"].removeprefix("/capture/")

    def job(self, capture_id: str) -> dict[str, Any]:
        answer = self.get(f"/capture/{capture_id}", Right.CAPTURE)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def run(self, body: bytes | Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """The job of a document once the node has looked at it."""
        capture_id = self.capture(body, **headers)
        self.bench.turn()
        return self.job(capture_id)

    def found(self, *, headers: Mapping[str, str] | None = None, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.get(f"/events?{urlencode(parameters)}", headers=headers)
        assert answer.status_code == 200, answer.text
        return events_of(answer)

    def event(self, event_id: str, headers: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        answer = self.get(f"/events/{quote(event_id, safe='')}", headers=headers)
        assert answer.status_code == 200, answer.text
        return events_of(answer)

    def captured(self) -> list[CapturedEventRow]:
        with self.bench.database.session() as session:
            return list(session.exec(select(CapturedEventRow)))

    def documents(self) -> list[CaptureRow]:
        with self.bench.database.session() as session:
            return list(session.exec(select(CaptureRow)))


def filed_as(capture_id: str, client: str = "wms") -> str:
    """The name of a captured document in archive or quarantine."""
    return f"http~{tag_of(f'token {client}')}-{capture_id}.json"


def new_desk(folder: Path) -> Desk:
    return Desk(Bench(folder, settings_changes={"http": {"tokens": folder / "tokens.json"}, "capture": {}}))


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    return list(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
