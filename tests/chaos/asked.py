"""What was asked of the gateway, each with its Idempotency-Key, and what came of it.

Whoever asks keeps asking, under the same key, until there is an answer: a connection that breaks or an answer of 5xx
says nothing about whether the request was taken."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from scripts.gateway_client import Credentials, GatewayRefused, access_token

PATIENCE_SECONDS: Final = float(os.environ.get("CHAOS_PATIENCE_SECONDS", 300))
"""Rounds without a block get longer and longer while the chain halts; a busy machine makes them longer still."""
PAUSE_SECONDS: Final = 0.3
NOT_YET: Final = {404, 409}
"""What the gateway says of things that its reading of the chain has not come to."""
ONE_OF_AGAIN: Final = 5
"""Each fifth accepted request is sent once more, as a client does that lost the answer."""


class NoAnswer(AssertionError):
    """Nobody took the request within the patience."""


@dataclass
class Asked:
    """One request; `transactions` are the ids of the gateway's transactions for it, once it was accepted."""

    kind: str
    key: str
    amount: int = 0
    tries: int = 0
    answer: dict[str, Any] = field(default_factory=dict, repr=False)
    """As it came; it may hold a client's secret."""
    accepted: bool = False
    refused: str = ""
    mined: list[str] | None = None
    """The hashes of its transactions, once the gateway has said of each that it is in a block."""

    @property
    def transactions(self) -> list[str]:
        return [its["id"] for its in self.answer.get("transactions", [])]


class Book:
    """All requests of all clients, in the order in which they were first sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Asked] = []
        self.problems: list[str] = []

    def open(self, kind: str, amount: int = 0) -> Asked:
        asked = Asked(kind, str(uuid.uuid4()), amount)
        with self._lock:
            self._all.append(asked)
        return asked

    def problem(self, what: str) -> None:
        with self._lock:
            self.problems.append(what)

    def accepted(self, kind: str = "") -> list[Asked]:
        with self._lock:
            return [its for its in self._all if its.accepted and kind in ("", its.kind)]

    def unanswered(self) -> list[Asked]:
        with self._lock:
            return [its for its in self._all if not its.accepted and not its.refused]

    def __iter__(self) -> Iterator[Asked]:
        with self._lock:
            return iter(list(self._all))


@dataclass
class Desk:
    """One organisation's client at the gateway."""

    url: str
    credentials: Credentials = field(repr=False)
    book: Book = field(repr=False)

    def __post_init__(self) -> None:
        self._local = threading.local()
        self._token = ""

    def post(self, kind: str, path: str, body: Mapping[str, Any], amount: int = 0) -> Asked:
        """Asks until there is an answer. Raises `GatewayRefused` where it is no, `NoAnswer` where there is none."""
        return self._write(self.book.open(kind, amount), path, {"json": dict(body)})

    def upload(self, kind: str, path: str, content: bytes) -> Asked:
        sent = {"content": content, "headers": {"Content-Type": "application/xml"}}
        return self._write(self.book.open(kind), path, sent)

    def get(self, path: str, **query: str) -> Any:
        """Raises `NoAnswer` where there is none within the patience."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._try("GET", path, {"params": query})
            if answer is not None and answer.is_success:
                return answer.json()
            if time.monotonic() > deadline:
                raise NoAnswer(f"GET {path}: {_shown(answer)}")
            time.sleep(PAUSE_SECONDS)

    def _write(self, asked: Asked, path: str, sent: dict[str, Any]) -> Asked:
        answer = self._until_answered(asked, path, sent)
        if not answer.is_success:
            asked.refused = _shown(answer)
            raise GatewayRefused(answer.status_code, _problem(answer))
        asked.answer, asked.accepted = answer.json(), True
        if len(self.book.accepted()) % ONE_OF_AGAIN == 0:
            self._ask_again(asked, path, sent)
        return asked

    def _until_answered(self, asked: Asked, path: str, sent: dict[str, Any]) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            asked.tries += 1
            answer = self._try("POST", path, sent, asked.key)
            if answer is not None and answer.status_code < 500 and answer.status_code not in NOT_YET:
                return answer
            if time.monotonic() > deadline:
                asked.refused = _shown(answer) if answer is not None and answer.status_code < 500 else ""
                raise NoAnswer(f"{asked.kind} ({path}), {asked.tries} times: {_shown(answer)}")
            time.sleep(PAUSE_SECONDS)

    def _ask_again(self, asked: Asked, path: str, sent: dict[str, Any]) -> None:
        again = self._until_answered(asked, path, sent)
        if not again.is_success or [its["id"] for its in again.json()["transactions"]] != asked.transactions:
            self.book.problem(f"{asked.kind} {asked.key}: asked again under its key, the answer was {_shown(again)}")

    def _try(self, method: str, path: str, sent: dict[str, Any], key: str = "") -> httpx.Response | None:
        """None where no answer came."""
        headers = dict(sent.get("headers", {})) | ({"Idempotency-Key": key} if key else {})
        try:
            for _ in range(2):
                self._token = self._token or access_token(self.url, self.credentials)
                headers["Authorization"] = f"Bearer {self._token}"
                answer = self._client().request(method, path, **{**sent, "headers": headers})
                if answer.status_code != 401:
                    return answer
                self._token = ""
        except (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError):
            return None
        return answer

    def _client(self) -> httpx.Client:
        """One for each thread: a connection is one's own."""
        if not hasattr(self._local, "client"):
            self._local.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        client: httpx.Client = self._local.client
        return client


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {"title": answer.text[:200]}


def _shown(answer: httpx.Response | None) -> str:
    return "no answer" if answer is None else f"{answer.status_code} {answer.text[:300]}"
