"""Nodes are asked at the same time: one that does not answer delays no question to another."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chain_node.client import AddressBook
from chain_node.client.endpoints import EndpointRules, Watch

HUNG = 3.0
"""Seconds that a question waits for its fellow; shorter than a look gives a node."""
BLOCK = {"number": "0x0", "hash": "0x" + "11" * 32}
BOOK = AddressBook("n", 1, 1, {}, {})


class Together:
    """Servers of which none answers before each was asked; `alone` is set where one was kept waiting for another."""

    def __init__(self, count: int) -> None:
        self.barrier, self.alone = threading.Barrier(count), threading.Event()
        self.questions = Counter[object]()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                gate.questions[self.server.server_address] += 1
                try:
                    # A look asks each for its newest block and for hashes; the one that is chosen is asked once more.
                    if gate.questions[self.server.server_address] <= 2:
                        gate.barrier.wait(HUNG)
                except threading.BrokenBarrierError:
                    gate.alone.set()
                told = [{"jsonrpc": "2.0", "id": its["id"], "result": gate.answer(its["method"])} for its in asked]
                body = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing to tell."""

        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(count)]
        self.threads = [threading.Thread(target=its.serve_forever) for its in self.servers]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def answer(method: str) -> object:
        return "0x1" if method == "eth_chainId" else BLOCK

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{its.server_address[1]}" for its in self.servers]

    def close(self) -> None:
        self.barrier.abort()
        for server, thread in zip(self.servers, self.threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def together() -> Iterator[Together]:
    servers = Together(3)
    yield servers
    servers.close()


def test_endpoint_that_waits_keeps_no_other_from_being_asked(together: Together) -> None:
    watch = Watch(together.urls, BOOK, EndpointRules(), 10)

    try:
        watch.look(everyone=True)
    finally:
        watch.close()

    assert not together.alone.is_set()
    assert [its.answers for its in watch.endpoints] == [True, True, True]
