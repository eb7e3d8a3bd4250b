"""Asks the node with the least work for each question: of hundreds of writes a second each is tried first."""

import http.client
import json
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from chain_node.client import Node
from chain_node.errors import AnswerMalformed, NodeUnavailable

_HEADERS = {"Content-Type": "application/json"}


class LeanNode(Node):
    """A `Node` whose single requests go over plain connections that stay open. Safe to share between threads."""

    def __init__(self, rpc_url: str, timeout_seconds: float = 10.0) -> None:
        super().__init__(rpc_url, timeout_seconds)
        address = urlsplit(rpc_url)
        self._secure = address.scheme == "https"
        self._host, self._port = address.hostname or "", address.port
        self._path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        self._timeout_seconds = timeout_seconds
        self._idle: deque[http.client.HTTPConnection] = deque()

    def request(self, method: str, *params: Any, contract: str | None = None) -> Any:
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        try:
            status, body = self._post(asked)
        except TimeoutError as error:
            raise NodeUnavailable(self.rpc_url, "no answer in time") from error
        except (OSError, http.client.HTTPException) as error:
            raise NodeUnavailable(self.rpc_url, "no connection") from error
        if status >= 500 or status == 429:
            raise NodeUnavailable(self.rpc_url, f"HTTP status {status}")
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise AnswerMalformed(f"the node at {self.rpc_url} answered {method} with what is not JSON") from error
        if not isinstance(answer, dict):
            raise AnswerMalformed(f"the node at {self.rpc_url} answered {method} with what is not an answer")
        return self._result(method, answer, contract)

    def close(self) -> None:
        super().close()
        while self._idle:
            self._idle.pop().close()

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """A connection that the node has closed meanwhile is noticed only in use: then a fresh one is taken, once."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._ask(self._connect(), body)
        try:
            return self._ask(connection, body)
        except (ConnectionError, http.client.RemoteDisconnected):
            return self._ask(self._connect(), body)

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
        try:
            connection.request("POST", self._path, body, _HEADERS)
            answer = connection.getresponse()
            result = answer.status, answer.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return result

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=self._timeout_seconds)
