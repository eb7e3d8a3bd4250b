"""Speaks for organisations at a gateway whose loops do not run."""

import uuid
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from receiving import LEI, until

from api.auth.principal import Principal
from api.auth.scopes import OPERATOR_SCOPES, ORGANISATION_SCOPES
from api.gateway import Gateway

BODY: dict[str, Any] = {"url": "http://127.0.0.1:1/hook", "types": ["receivable.*"]}


def refused(answer: Any, status: int, error: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["error"] == error, problem
    return problem


@dataclass
class Door:
    """The gateway and a client of its application."""

    gateway: Gateway
    client: TestClient

    def ask(
        self, method: str, path: str, body: Any = None, *, lei: str | None = LEI, scopes: frozenset[str] | None = None
    ) -> Response:
        held = scopes if scopes is not None else (ORGANISATION_SCOPES if lei else OPERATOR_SCOPES)
        token = self.gateway.tokens.issue(Principal("client_test", lei, held))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
        answer: Response = self.client.request(method, path, json=body, headers=headers)
        return answer

    def get(self, path: str, **query: str) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.ask("GET", f"{path}?{asked}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def hook(self, url: str, *types: str, lei: str | None = LEI) -> dict[str, Any]:
        answer = self.ask("POST", "/v1/webhooks", {"url": url, "types": list(types or ["*"])}, lei=lei)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def deliveries(self, hook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
        """The oldest first."""
        found: list[dict[str, Any]] = self.get(
            f"/v1/webhooks/{hook['id']}/deliveries", limit="200", sort="-number", **query
        )["items"]
        return found[::-1]

    def deliver(self, *hooks: dict[str, Any]) -> None:
        """Until nothing waits for these webhooks."""

        def nothing_waits() -> bool:
            self.gateway.deliverer.step()
            return not any(self.deliveries(hook, status="pending") for hook in hooks)

        self.gateway.deliverer.step()
        until(nothing_waits, "deliveries do not come to an end")
