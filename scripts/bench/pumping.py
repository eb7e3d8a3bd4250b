"""Pumps prepared HTTP requests into a server, from a process of its own with as little work a request as can be: what
is measured is the server, and this process shares its processors."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

PATIENCE_SECONDS = 120.0
_HEAD_END = b"\r\n\r\n"


def prepared(url: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """A POST of JSON as it goes over the wire."""
    told = {"Host": urlsplit(url).netloc, "Content-Type": "application/json", **(headers or {})}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Pump:
    """A process that is ready to send; as a context manager it is stopped at the end. Where there are several `urls`,
    its connections are dealt out to them in turn, as a balancer does."""

    def __init__(self, urls: Sequence[str], requests: Sequence[bytes], in_flight: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, self._theirs = context.Pipe()
        places = [(urlsplit(url).hostname, urlsplit(url).port) for url in urls]
        arguments = (self._theirs, places, list(requests), in_flight)
        self._process = context.Process(target=_run, args=arguments, daemon=True)

    def __enter__(self) -> Pump:
        self._process.start()
        # Now the process has the only one, whose end is noticed here.
        self._theirs.close()
        self._expect()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def go(self) -> list[bytes]:
        """Sends all and returns the answers' bodies in the order in which they came. Raises RuntimeError where one is
        a refusal, or none comes."""
        self._ours.send(None)
        answers: list[bytes] = self._expect()
        return answers

    def _expect(self) -> list[bytes]:
        if not self._ours.poll(PATIENCE_SECONDS):
            raise RuntimeError(f"the pump got no answer in {PATIENCE_SECONDS:g} s")
        try:
            told: list[bytes] | str = self._ours.recv()
        except EOFError:
            raise RuntimeError("the pump has ended without a word") from None
        if isinstance(told, str):
            raise RuntimeError(told)
        return told


@dataclass
class _Line:
    """A connection with one request under way, and what came of its answer."""

    socket: socket.socket
    got: bytearray = field(default_factory=bytearray)

    def heard(self) -> bytes | None:
        """Takes what has come; the answer's body once it is there as a whole. Raises RuntimeError for a refusal."""
        received = self.socket.recv(65_536)
        if not received:
            raise RuntimeError("the server hung up")
        self.got += received
        end = self.got.find(_HEAD_END)
        if end < 0:
            return None
        head = bytes(self.got[:end]).lower()
        _, named, rest = head.partition(b"\r\ncontent-length:")
        if not named:
            raise RuntimeError("an answer does not say how long it is")
        whole = end + len(_HEAD_END) + int(rest.partition(b"\r\n")[0])
        if len(self.got) < whole:
            return None
        body = bytes(self.got[end + len(_HEAD_END) : whole])
        del self.got[:whole]
        if not head[9:].startswith(b"2"):
            raise RuntimeError(f"refused: {head[9:12].decode()} {body[:300]!r}")
        return body


def _run(pipe: Connection, places: list[tuple[str, int]], requests: list[bytes], in_flight: int) -> None:
    pipe.send([])
    pipe.recv()
    try:
        pipe.send(_pumped(places, requests, in_flight))
    except (OSError, RuntimeError) as error:
        pipe.send(f"the pump failed: {error}")


def _pumped(places: list[tuple[str, int]], requests: list[bytes], in_flight: int) -> list[bytes]:
    left, answers = iter(requests), list[bytes]()
    with selectors.DefaultSelector() as selector:
        for place, request in zip(cycle(places), islice(left, in_flight), strict=False):
            line = _Line(socket.create_connection(place, PATIENCE_SECONDS))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.socket.sendall(request)
        while len(answers) < len(requests):
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise RuntimeError("no answer in time")
            for key, _ in ready:
                answer = key.data.heard()
                if answer is not None:
                    answers.append(answer)
                    key.data.socket.sendall(next(left, b""))
    return answers
