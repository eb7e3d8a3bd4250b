"""A carrier on this machine: pages its events, and fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from standards.epcis.times import instant

Fault = Callable[["Handler"], None]


@dataclass
class Asked:
    """A request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Carrier:
    """`links`: how the next page is named, as `cursor`, `url`, `path` or, of 3.0, `next-cursor`. Each fault is for one
    request, in order."""

    events: list[dict[str, Any]] = field(default_factory=list)
    links: str = "cursor"
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    most_per_page: int = 100
    gone: set[str] = field(default_factory=set)

    def page(self, query: dict[str, str]) -> tuple[list[dict[str, Any]], str]:
        """Events made since then, in the order that they were published in, and the cursor after them."""
        since = query.get("eventCreatedDateTime:gte", query.get("eventUpdatedDateTimeMin"))
        start, limit = int(query.get("cursor", "0").removeprefix("c")), int(query.get("limit", "100"))
        found = [event for event in self.events if since is None or _made(event) >= instant(since)]
        end = start + min(limit, self.most_per_page)
        return found[start:end], f"c{end}" if end < len(found) else ""

    @contextmanager
    def running(self) -> Iterator[Carrier]:
        server = Server(("127.0.0.1", 0), Handler)
        server.carrier = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side went away, which these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        carrier: Carrier = self.server.carrier  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        carrier.asked.append(Asked(parts.path, query, dict(self.headers.items())))
        if carrier.faults:
            carrier.faults.pop(0)(self)
            return
        if query.get("cursor") in carrier.gone:
            self.answer(410, b"{}")
            return
        events, cursor = carrier.page(query)
        self.answer(200, body_of(carrier, events), self._next(carrier, parts.query, cursor))

    def _next(self, carrier: Carrier, query: str, cursor: str) -> dict[str, str]:
        if not cursor:
            return {}
        kept = "&".join(part for part in query.split("&") if not part.startswith("cursor="))
        if carrier.links == "url":
            return {"Next-Page": f"{carrier.url}/v2/events?{kept}&cursor={cursor}"}
        if carrier.links == "path":
            return {"Next-Page": f"/v2/events?{kept}&cursor={cursor}"}
        return {"Next-Page-Cursor" if carrier.links == "next-cursor" else "Next-Page": cursor}

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


def body_of(carrier: Carrier, events: list[dict[str, Any]]) -> bytes:
    return json.dumps({"events": events} if carrier.links == "next-cursor" else events).encode()


def says(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, body, named)


def hangs_up(handler: Handler) -> None:
    """In the middle of its answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[{")
    handler.close_connection = True


def never_ends(handler: Handler) -> None:
    """A body without end, until the other side has had enough."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65_536)
    except OSError:
        handler.close_connection = True


def _made(event: dict[str, Any]) -> Any:
    return instant(event.get("eventCreatedDateTime") or event["eventUpdatedDateTime"])
