"""A node that sends its answer a byte at a time, or without an end, holds nobody."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from api.lean_node import LeanNode
from chain_node.client import Node, answers
from chain_node.errors import ChainError, NodeUnavailable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ANSWER = b'{"jsonrpc":"2.0","id":%d,"result":"0x2a"}'
Serve = Callable[[socket.socket, threading.Event], None]
both = pytest.mark.parametrize("kind", [Node, LeanNode])


@pytest.fixture
def served() -> Iterator[Callable[[Serve], str]]:
    """The address of a server whose connections are handled so, one after the other, until the test ends."""
    ended, threads, listening = threading.Event(), list[threading.Thread](), socket.create_server(("127.0.0.1", 0))

    def start(serve: Serve) -> str:
        def run() -> None:
            while not ended.is_set():
                connected, _ = listening.accept()
                with connected:
                    try:
                        serve(connected, ended)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=run))
        threads[0].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    ended.set()
    socket.create_connection(listening.getsockname()).close()
    for thread in threads:
        thread.join()
    listening.close()


def trickles(beginning: bytes) -> Serve:
    def serve(connected: socket.socket, ended: threading.Event) -> None:
        connected.recv(65_536)
        connected.sendall(beginning)
        while not ended.wait(0.02):
            connected.sendall(b" ")

    return serve


def asks(node: Node) -> ChainError | None:
    """The failure; None where it does not come. The wait is long, so that only a node that holds its caller fails."""
    found: list[ChainError] = []

    def ask() -> None:
        try:
            node.block_number()
        except ChainError as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(30)
    return found[0] if found else None


@both
@pytest.mark.parametrize(
    "beginning",
    [HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"\r\n", HEAD + b"X-Slow:", b"HTTP/1.1 200"],
    ids=["body", "body without a length", "fields", "first line"],
)
def test_answer_that_trickles_is_given_up(served: Callable[[Serve], str], kind: type[Node], beginning: bytes) -> None:
    node = kind(served(trickles(beginning)), 0.3)

    failure = asks(node)

    assert isinstance(failure, NodeUnavailable)
    assert "no answer in time" in str(failure)
    node.close()


@both
@pytest.mark.parametrize("length", [b"Content-Length: 999999999999\r\n", b""])
def test_answer_without_an_end_is_given_up(
    served: Callable[[Serve], str], monkeypatch: pytest.MonkeyPatch, kind: type[Node], length: bytes
) -> None:
    def serve(connected: socket.socket, ended: threading.Event) -> None:
        connected.recv(65_536)
        connected.sendall(HEAD + length + b"\r\n")
        while not ended.is_set():
            connected.sendall(b" " * 65_536)

    monkeypatch.setattr(answers, "MOST_BYTES", 2**20)
    node = kind(served(serve), 600.0)

    assert isinstance(asks(node), NodeUnavailable)
    node.close()


def test_long_answer_that_arrives_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own count of bytes: what arrives buys the seconds that the clock then takes."""
    now = [0.0]
    monkeypatch.setattr(answers, "monotonic", lambda: now[0])
    ours, theirs = socket.socketpair()
    ours.settimeout(5.0)
    incoming = answers.Incoming(ours, ours.makefile("rb", buffering=0))
    buffer = bytearray(2**17)
    sent = 0
    for _ in range(60):
        theirs.sendall(b" " * 2**16)
        sent += incoming.readinto(buffer) or 0
        now[0] += sent / answers._LEAST_BYTES_A_SECOND - now[0]
    assert now[0] > 5.0

    now[0] = sent / answers._LEAST_BYTES_A_SECOND + 6.0
    with pytest.raises(TimeoutError):
        incoming.readinto(buffer)
    assert ours.gettimeout() == 5.0
    incoming.close()
    ours.close()
    theirs.close()
