"""HTTP connections that do not wait for ever: the head of a request must come whole, in time and within a size.

uvicorn itself waits as long as a client likes for the end of the headers, and keeps all that it sends until then.
Bodies are the middleware's. An answer's head and body, which uvicorn hands over one by one, go out together.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
LARGEST_HEAD_BYTES: Final = 65_536
_REFUSAL: Final = b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Gathering:
    """A transport that sends what one turn of the event loop writes in one go: a call of the kernel for an answer
    instead of two, and its reader is woken once. All else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def _send(self) -> None:
        written, self._written = self._written, []
        if written:
            self._transport.write(b"".join(written))

    def close(self) -> None:
        self._send()
        self._transport.close()


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on the head of each request: 408 beyond the time, 431 beyond the size."""

    head_seconds: float = HEAD_SECONDS
    largest_head_bytes: int = LARGEST_HEAD_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, Gathering(transport, self.loop)))
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_begun = False
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_begun and self._head_timer is None:
            # Most heads come whole, and are never waited for.
            self._expect_head()
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > self.largest_head_bytes:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self._head_begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.head_seconds, self._refuse, b"408 Request Timeout")

    def _head_came(self) -> None:
        self._head_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: bytes) -> None:
        self._head_came()
        transport: Any = self.transport
        if transport is not None and not transport.is_closing():
            transport.write(_REFUSAL % status)
            transport.close()
