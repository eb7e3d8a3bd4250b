"""Bounds one answer of a node, as a whole: a time limit on each read alone lets a node that sends a byte now and then
hold its caller for ever."""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MOST_BYTES: Final = 256 * 2**20
"""Of one answer."""
_LEAST_BYTES_A_SECOND: Final = 256 * 2**10
"""A long answer may take longer than the time limit, while so much arrives."""
_LONGEST: Final = 10
"""Times the time limit, however much arrives."""


class Incoming(io.RawIOBase):
    """What arrives at a connection, with the connection's own time limit for a whole answer. Raises TimeoutError, and
    OSError where the answer is too long."""

    def __init__(self, connected: socket.socket, raw: io.RawIOBase) -> None:
        self._socket, self._raw = connected, raw
        self._timeout_seconds = connected.gettimeout() or 0.0
        self.begin()

    def begin(self) -> None:
        """From now on the next answer is waited for."""
        self._began, self._received = monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        size = self._raw.readinto(buffer) if self._received == 0 else self._read_later(buffer)
        self._received += size or 0
        if self._received > MOST_BYTES:
            raise OSError(f"the answer has more than {MOST_BYTES} bytes")
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _read_later(self, buffer: Any) -> int | None:
        """The first read has the whole time; each other what is left of it."""
        limit = self._timeout_seconds
        if not limit:
            return self._raw.readinto(buffer)
        allowed = min(limit + self._received / _LEAST_BYTES_A_SECOND, _LONGEST * limit)
        left = self._began + allowed - monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._socket.settimeout(min(left, limit))
        try:
            return self._raw.readinto(buffer)
        finally:
            # The next question has the whole time again.
            self._socket.settimeout(limit)


class BoundedAdapter(HTTPAdapter):
    """Bounds the answers of a `requests.Session`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(Incoming(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
