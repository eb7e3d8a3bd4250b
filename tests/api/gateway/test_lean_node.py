"""The node's connection survives a node that hangs up, and names what is wrong otherwise."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api.lean_node import LeanNode
from chain_node.errors import AnswerMalformed, NodeUnavailable


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status, body, connections = 200, b'{"jsonrpc":"2.0","id":1,"result":"0x2a"}', 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = self.body if isinstance(asked, list) else self.body.replace(b'"id":1,', b'"id":%d,' % asked["id"])
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.path == "/hangs-up"

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def answering() -> Iterator[tuple[str, type[_Answering]]]:
    kind = type("Answering", (_Answering,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", kind
    server.shutdown()
    server.server_close()
    thread.join()


def test_connection_is_used_again(answering: tuple[str, type[_Answering]]) -> None:
    url, kind = answering
    node = LeanNode(url)

    assert [node.block_number() for _ in range(5)] == [42] * 5
    assert kind.connections == 1
    node.close()


def test_connection_that_the_node_closed_is_made_anew(answering: tuple[str, type[_Answering]]) -> None:
    url, kind = answering
    node = LeanNode(f"{url}/hangs-up")

    assert [node.block_number() for _ in range(3)] == [42] * 3
    assert kind.connections == 3
    node.close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, b"busy", NodeUnavailable),
        (200, b"<html>", AnswerMalformed),
        (200, b"[]", AnswerMalformed),
    ],
)
def test_answer_that_is_none_is_named(
    answering: tuple[str, type[_Answering]], status: int, body: bytes, error: type[Exception]
) -> None:
    url, kind = answering
    kind.status, kind.body = status, body

    with pytest.raises(error):
        LeanNode(url).block_number()


def test_node_that_is_away_is_named() -> None:
    with pytest.raises(NodeUnavailable, match=r"127\.0\.0\.1:9"):
        LeanNode("http://127.0.0.1:9").block_number()
