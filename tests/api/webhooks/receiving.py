"""A receiver of webhooks on 127.0.0.1 that does what a test tells it, and events to deliver."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from telling_events import tell

from api.db import Database

LEI = "999900SOUNDERSURVY30"
OTHER_LEI = "999900BAYARDCREDIT42"
FAST = {
    "timeout_seconds": 60.0,
    "first_retry_seconds": 0.01,
    "longest_retry_seconds": 0.05,
    "most_attempts": 3,
    "poll_interval_seconds": 0.02,
}
LOOPBACK = {"allowed_networks": ["127.0.0.0/8"]}


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def event(self) -> str:
        return str(self.told["id"])


@dataclass
class Receiver:
    """`answer` says the status for each request; `received` is in the order of arrival."""

    url: str = ""
    answer: Callable[[Received], int] = lambda _: 200
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Received) -> int:
        with self.lock:
            self.received.append(request)
        return self.answer(request)

    def events(self) -> list[str]:
        with self.lock:
            return [request.event for request in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed meanwhile
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Received(self.path, headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def say(database: Database, *resources: str, leis: Sequence[str] = (LEI,), type_: str = "receivable.paid") -> list[str]:
    """One event of each resource, as the indexer would write them; their ids."""
    told = [{"resource_id": each, "body": {"place": place}, "type_": type_} for place, each in enumerate(resources)]
    return tell(database, told, leis)


def until(what: Callable[[], Any], otherwise: str, seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)
    return found
