"""One connection to PostgreSQL that all requests on the event loop share: their statements go out without waiting for
each other, and the answers come in the same order (libpq's pipeline mode). A read so costs no thread; handing it to one
and back costs several times as much as the read."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import pq

Row = tuple[Any, ...]
_INTEGERS: Final = {20, 21, 23}
_BOOLEAN: Final = 16


class SharedLine:
    """Belongs to the event loop that it is made on, and is used there only. `connection` is in no transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.is_open = True
        self._connection = connection
        self._wire = connection.pgconn
        self._socket = self._wire.socket
        self._waiting: deque[asyncio.Future[list[Row]]] = deque()
        self._prepared: dict[str, bytes] = {}
        self._flushing = False
        self._wire.nonblocking = 1
        self._wire.enter_pipeline_mode()
        self.loop.add_reader(self._socket, self._incoming)

    async def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        """The statement's rows; it names its values $1, $2 and so on. psycopg.OperationalError where the connection is
        gone or the statement fails, after which another line has to be taken."""
        if not self.is_open:
            raise psycopg.OperationalError("the shared connection is closed")
        answer: asyncio.Future[list[Row]] = self.loop.create_future()
        try:
            name = self._prepared.get(text)
            if name is None:
                name = self._prepared[text] = b"straight%d" % len(self._prepared)
                self._wire.send_prepare(name, text.encode())
            self._wire.send_query_prepared(name, [None if each is None else str(each).encode() for each in values])
        except psycopg.OperationalError as error:
            self.close(str(error))
            raise
        self._waiting.append(answer)
        if not self._flushing:
            # What the same turn of the loop asks for goes out together, with one synchronisation: each would cost a
            # call of the kernel, and wake the server.
            self._flushing = True
            self.loop.call_soon(self._flush)
        return await answer

    def _flush(self) -> None:
        self._flushing = False
        if not self.is_open:
            return
        try:
            self._wire.pipeline_sync()
            left = self._wire.flush()
        except psycopg.OperationalError as error:
            self.close(str(error))
            return
        if left:
            self.loop.add_writer(self._socket, self._flush_more)

    def _flush_more(self) -> None:
        """The server could not take all of it at once."""
        try:
            if not self._wire.flush():
                self.loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self.close(str(error))

    def _incoming(self) -> None:
        try:
            self._wire.consume_input()
            while self.is_open and self._waiting and not self._wire.is_busy():
                self._take(self._wire.get_result())
        except psycopg.OperationalError as error:
            self.close(str(error))

    def _take(self, result: Any) -> None:
        """Nothing ends the results of one message; a statement of ours has one. What follows a failure in the same turn
        was not done: all of them are asked anew elsewhere."""
        if result is None:
            return
        if result.status == pq.ExecStatus.TUPLES_OK:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(_read(result))
        elif result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_SYNC):
            self.close(result.error_message.decode(errors="replace") or "the statement failed")

    def close(self, why: str = "the gateway stops") -> None:
        """Whoever still waits is told why."""
        if not self.is_open:
            return
        self.is_open = False
        if not self.loop.is_closed():
            self.loop.remove_reader(self._socket)
            self.loop.remove_writer(self._socket)
        self._connection.close()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(psycopg.OperationalError(why))


def _read(result: Any) -> list[Row]:
    kinds = [result.ftype(column) for column in range(result.nfields)]
    return [
        tuple(_value(kind, result.get_value(row, column)) for column, kind in enumerate(kinds))
        for row in range(result.ntuples)
    ]


def _value(kind: int, value: bytes | None) -> Any:
    if value is None:
        return None
    if kind in _INTEGERS:
        return int(value)
    return value == b"t" if kind == _BOOLEAN else value.decode()
