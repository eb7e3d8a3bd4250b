"""The operator's compliance officer at a gateway that listens, and the time it is there."""

from datetime import UTC, datetime
from typing import Any

import httpx
from served import Served

from api.compliance.screening.sweep import Screener
from api.settings import Settings

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class Office:
    """The operator's compliance officer at the gateway."""

    def __init__(self, served: Served, settings: Settings) -> None:
        self.served, self.settings = served, settings
        self.database = served.gateway.database
        self.client = served.client(lei=None)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        answer = self.client.post(path, json=body, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, path: str, content: bytes, media_type: str, **query: Any) -> httpx.Response:
        return self.client.post(path, content=content, params=query, headers={"Content-Type": media_type})

    def upload(self, text: str, name: str = "eu", status: int = 200, **query: Any) -> Any:
        answer = self.send(f"/v1/screening/lists/{name}/versions", text.encode(), "text/csv", **query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def sweep(self) -> None:
        Screener(self.database, self.settings).step()

    def hits(self, **query: Any) -> Any:
        return self.get("/v1/screening/hits", **query)["items"]
