"""A party at the gateway's door: logs in, asks, and hears a refusal as an exception. Plain HTTP, as anyone would."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

WAIT_SECONDS = 20


class GatewayRefused(Exception):
    """The gateway said no: `status` and the RFC 9457 problem as it came."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('error', '')}: {problem.get('detail') or problem.get('title', '')}")
        self.status = status
        self.problem = problem

    @property
    def error(self) -> str:
        return str(self.problem.get("error", ""))


@dataclass(frozen=True)
class Credentials:
    client_id: str
    client_secret: str


class GatewayClient:
    """One organisation's session. Every write carries an Idempotency-Key and waits until the chain has it."""

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=WAIT_SECONDS + 10, trust_env=False)
        self._http.headers["Authorization"] = f"Bearer {access_token(base_url, credentials)}"

    def get(self, path: str, **query: str) -> Any:
        return read_answer(self._http.get(path, params=query))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return read_answer(self._http.post(path, json=body, headers=self._write_headers()))

    def upload(self, path: str, content: bytes, media_type: str, query: Mapping[str, list[str]]) -> Any:
        headers = {**self._write_headers(), "Content-Type": media_type}
        return read_answer(self._http.post(path, content=content, params=query, headers=headers))

    def raw(self, method: str, path: str, content: bytes, media_type: str) -> bytes:
        """The answer's body as it comes, whatever its kind. Raises `GatewayRefused`."""
        headers = {} if method == "GET" else {**self._write_headers(), "Content-Type": media_type}
        answer = self._http.request(method, path, content=content, headers=headers)
        if not answer.is_success:
            read_answer(answer)
        return answer.content

    def close(self) -> None:
        self._http.close()

    @staticmethod
    def _write_headers() -> dict[str, str]:
        return {"Idempotency-Key": str(uuid.uuid4()), "Prefer": f"wait={WAIT_SECONDS}"}


def access_token(base_url: str, credentials: Credentials) -> str:
    """A bearer token for the client. Raises `GatewayRefused`."""
    answer = httpx.post(
        f"{base_url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(credentials.client_id, credentials.client_secret),
        timeout=WAIT_SECONDS + 10,
        trust_env=False,
    )
    return str(read_answer(answer)["access_token"])


def read_answer(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
    except ValueError:
        problem = {"title": answer.text[:200]}
    raise GatewayRefused(answer.status_code, problem)
