"""`/metrics`, `/ready` and `/live`, on the loopback interface only: for monitors, and for what restarts processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from oracles.errors import PortUnusable
from oracles.operating.health import Health

LOOPBACK: Final = "127.0.0.1"
JSON: Final = "application/json"
READ_SECONDS: Final = 10
"""How long a connection may take to ask."""


@contextmanager
def monitored(port: int, registry: CollectorRegistry, health: Health) -> Iterator[int]:
    """Listens until the block ends; the port, chosen by the system for 0. Raises PortUnusable."""

    class Handler(_Handler):
        pages = _Pages(registry, health)

    try:
        server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError as error:
        raise PortUnusable(port, error.strerror or str(error)) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="monitor", daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Pages:
    def __init__(self, registry: CollectorRegistry, health: Health) -> None:
        self._registry, self._health = registry, health

    def page(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
        problems = [asdict(problem) for problem in self._health.problems()]
        if path == "/ready":
            return (503 if problems else 200), JSON, _json({"ready": not problems, "problems": problems})
        if path == "/live":
            alive = self._health.is_alive
            return (200 if alive else 503), JSON, _json({"alive": alive})
        return 404, JSON, _json({"error": "there are /metrics, /ready and /live"})


class _Handler(BaseHTTPRequestHandler):
    pages: _Pages
    timeout = READ_SECONDS
    server_version, sys_version = "portolan", ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """The node's log has its decisions, not every look of a monitor."""

    def _answer(self, *, with_body: bool) -> None:
        status, kind, body = self.pages.page(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _json(content: object) -> bytes:
    return json.dumps(content).encode() + b"\n"
