"""The benchmark's pump: whatever it says was answered was asked once and answered well."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.bench.pumping import Pump, prepared

REQUESTS, IN_FLIGHT = 40, 8


class Server(ThreadingHTTPServer):
    """Answers a request's body with itself, in two pieces, with the status that `judge` gives it."""

    judge: Callable[[bytes], int]
    seen: list[bytes]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.seen.append(body)
        self.send_response(server.judge(body))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1])
        self.wfile.flush()
        self.wfile.write(body[1:])

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


@contextmanager
def serving(judge: Callable[[bytes], int]) -> Iterator[tuple[str, list[bytes]]]:
    server = Server(("127.0.0.1", 0), Handler)
    server.judge, server.seen = judge, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bodies() -> list[bytes]:
    return [b'{"number": %d}' % number for number in range(REQUESTS)]


def test_refused_request_stops_the_pump() -> None:
    with (
        serving(lambda body: 409 if b" 20}" in body else 202) as (url, _),
        Pump([url], [prepared(url, "/", body) for body in bodies()], IN_FLIGHT) as pump,
        pytest.raises(RuntimeError, match="409"),
    ):
        pump.go()


def test_each_request_is_asked_once_and_each_answer_is_whole() -> None:
    with (
        serving(lambda _: 202) as (url, seen),
        Pump([url], [prepared(url, "/", body) for body in bodies()], IN_FLIGHT) as pump,
    ):
        answers = pump.go()

    assert sorted(answers) == sorted(seen) == sorted(bodies())


def test_nothing_is_sent_before_the_word() -> None:
    with serving(lambda _: 202) as (url, seen), Pump([url], [prepared(url, "/", b"{}")], IN_FLIGHT) as pump:
        assert seen == []
        pump.go()
        assert seen == [b"{}"]
