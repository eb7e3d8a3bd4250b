"""Asks the node with the least work for each question: of hundreds of writes a second each is tried first."""

import itertools
import ssl
from collections import deque
from collections.abc import Sequence
from io import BufferedReader
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson
from urllib3.util import make_headers

from chain_node.client import Node
from chain_node.client.answers import MOST_BYTES, Incoming
from chain_node.errors import AnswerMalformed, ChainError, NodeUnavailable

MOST_IN_BATCH: Final = 200
_LONGEST_LINE: Final = 65_536


class LeanNode(Node):
    """A `Node` whose requests go over plain connections that stay open. Safe to share between threads."""

    def __init__(self, rpc_url: str, timeout_seconds: float = 10.0) -> None:
        super().__init__(rpc_url, timeout_seconds)
        address = urlsplit(rpc_url)
        self._secure = address.scheme == "https"
        self._host, self._port = address.hostname or "", address.port or (443 if self._secure else 80)
        self._head = _head_of(rpc_url)
        self._timeout_seconds = timeout_seconds
        self._idle: deque[_Line] = deque()
        self._ids = itertools.count(1)

    def request(self, method: str, *params: Any, contract: str | None = None) -> Any:
        number = next(self._ids)
        answer = self._exchange({"jsonrpc": "2.0", "id": number, "method": method, "params": params}, method)
        # The answer to another question is as bad as none.
        if not isinstance(answer, dict) or answer.get("id", number) != number:
            raise AnswerMalformed(f"the node at {self.rpc_url} answered {method} with what is not an answer to it")
        return self._result(method, answer, contract)

    def try_batch(self, requests_: Sequence[tuple[str, Sequence[Any]]], contract: str | None = None) -> list[Any]:
        results: list[Any] = []
        for start in range(0, len(requests_), MOST_IN_BATCH):
            results += self._batch(requests_[start : start + MOST_IN_BATCH], contract)
        return results

    def _batch(self, requests_: Sequence[tuple[str, Sequence[Any]]], contract: str | None) -> list[Any]:
        """Each answer is known by its number: a node may give them in any order."""
        asked = {next(self._ids): request for request in requests_}
        batch = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in asked.items()
        ]
        answers = self._exchange(batch, "a batch")
        found = {a.get("id"): a for a in answers if isinstance(a, dict)} if isinstance(answers, list) else {}
        if found.keys() != asked.keys():
            raise AnswerMalformed(f"the node at {self.rpc_url} did not answer each of {len(batch)} requests")
        return [self._settled(method, found[number], contract) for number, (method, _) in asked.items()]

    def _settled(self, method: str, answer: dict[str, Any], contract: str | None) -> Any:
        try:
            return self._result(method, answer, contract)
        except ChainError as refusal:
            return refusal

    def _exchange(self, asked: Any, what: str) -> Any:
        try:
            status, body = self._post(orjson.dumps(asked))
        except TimeoutError as error:
            raise NodeUnavailable(self.rpc_url, "no answer in time") from error
        except OSError as error:
            raise NodeUnavailable(self.rpc_url, "no connection") from error
        if status >= 500 or status == 429:
            raise NodeUnavailable(self.rpc_url, f"HTTP status {status}")
        try:
            return orjson.loads(body)
        except ValueError as error:
            raise AnswerMalformed(f"the node at {self.rpc_url} answered {what} with what is not JSON") from error

    def close(self) -> None:
        super().close()
        while self._idle:
            self._idle.pop().close()

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """A connection that the node has closed meanwhile is noticed only in use: then a fresh one is taken, once."""
        try:
            line = self._idle.pop()
        except IndexError:
            return self._ask(self._connect(), body)
        try:
            return self._ask(line, body)
        except ConnectionError:
            return self._ask(self._connect(), body)

    def _ask(self, line: "_Line", body: bytes) -> tuple[int, bytes]:
        try:
            status, answer, stays_open = line.ask(self._head + b"%d\r\n\r\n" % len(body) + body)
        except BaseException:
            line.close()
            raise
        if stays_open:
            self._idle.append(line)
        else:
            line.close()
        return status, answer

    def _connect(self) -> "_Line":
        connected = create_connection((self._host, self._port), self._timeout_seconds)
        connected.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if self._secure:
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=self._host)
        return _Line(connected)


def _head_of(rpc_url: str) -> bytes:
    """What each request begins with, up to the number of its bytes."""
    address = urlsplit(rpc_url)
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    fields = {"Host": address.netloc.rpartition("@")[2], "Content-Type": "application/json"}
    if address.username is not None:
        fields |= make_headers(basic_auth=f"{unquote(address.username)}:{unquote(address.password or '')}")
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "Content-Length: "]
    return "\r\n".join(lines).encode("ascii")


class _Line:
    """One connection: as much of HTTP/1.1 as a node's answers need. Raises OSError where there is no whole answer."""

    def __init__(self, connected: Any) -> None:
        self._socket = connected
        self._arriving = Incoming(connected, connected.makefile("rb", buffering=0))
        self._incoming = BufferedReader(self._arriving)

    def ask(self, request: bytes) -> tuple[int, bytes, bool]:
        """Status, body, and whether the connection may be used again."""
        self._socket.sendall(request)
        self._arriving.begin()
        first = self._incoming.readline(_LONGEST_LINE)
        if not first:
            raise ConnectionResetError("the node hung up")
        if not first.startswith(b"HTTP/1.") or not first[9:12].isdigit():
            raise OSError("this is not HTTP")
        fields = self._fields()
        body, whole = self._body(fields)
        return int(first[9:12]), body, whole and fields.get(b"connection", b"").lower() != b"close"

    def _fields(self) -> dict[bytes, bytes]:
        fields = {}
        while (line := self._incoming.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n"):
            if not line:
                raise OSError("the node hung up before its answer's end")
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        return fields

    def _body(self, fields: dict[bytes, bytes]) -> tuple[bytes, bool]:
        """With whether its end is known without the connection's."""
        if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            return self._chunks(), True
        if b"content-length" not in fields:
            return self._incoming.read(), False
        if not fields[b"content-length"].isdigit():
            raise OSError("the length of the node's answer is no number")
        return self._exactly(int(fields[b"content-length"])), True

    def _chunks(self) -> bytes:
        chunks = []
        while size := self._size():
            chunks.append(self._exactly(size))
            self._exactly(2)
        self._fields()
        return b"".join(chunks)

    def _size(self) -> int:
        try:
            return int(self._incoming.readline(_LONGEST_LINE).partition(b";")[0], 16)
        except ValueError as error:
            raise OSError("the length of a part of the node's answer is no number") from error

    def _exactly(self, size: int) -> bytes:
        if size > MOST_BYTES:
            raise OSError("the node's answer is too long")
        read: bytes = self._incoming.read(size)
        if len(read) < size:
            raise OSError("the node hung up before its answer's end")
        return read

    def close(self) -> None:
        self._incoming.close()
        self._socket.close()
