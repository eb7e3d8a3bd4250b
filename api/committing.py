"""Commits the writes of several requests together.

Most writes store the same three things: an intent, the answer under its idempotency key, an entry of the audit trail.
A request leaves them here instead of committing them itself, and waits. One thread takes what has come meanwhile and
stores it all in one database transaction: one commit and one wait for the disk serve every request that waited.

Nothing else changes. An answer leaves after the commit that holds its write. Of two requests with one key, in one
transaction or in two processes, the key lets one through; the other's intents are not stored. Where the transaction
fails as a whole, each of its writes is tried in one of its own, so that nobody fails for somebody else's reason. What
was committed although its commit seemed to fail is then found by its key.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Connection

from api.compliance.audit import trail
from api.compliance.audit.trail import Act
from api.db import Database
from api.idempotency import Answers
from api.transactions.models import Transaction

log = structlog.get_logger()
MOST_AT_ONCE: Final = 64
Store = Callable[[Connection, Sequence[Transaction]], None]


class _KeyUsed(Exception):
    """One of several writes has a key that was used before; who is found when each is tried by itself."""


@dataclass(frozen=True, eq=False)
class Write:
    """What one request stores: the row of its answer, its intents in order, and who did it. `told` is called once it is
    committed. `stored` is whether it was; False where its key was used before, and nothing of it is stored."""

    answer: Mapping[str, Any]
    intents: Sequence[Transaction]
    act: Act | None
    told: Callable[[], None] | None
    stored: "Future[bool]" = field(default_factory=Future)


class _Awaited:
    """The requests of one event loop that wait. Those that one commit has served are woken together: to wake the loop
    from another thread costs more than what it then has to do for one of them."""

    def __init__(self) -> None:
        self._settled: deque[tuple[asyncio.Future[bool], Future[bool]]] = deque()

    async def stored(self, write: Write) -> bool:
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        write.stored.add_done_callback(lambda settled: self._settle(told, settled))
        return await told

    def _settle(self, told: "asyncio.Future[bool]", settled: "Future[bool]") -> None:
        self._settled.append((told, settled))
        # More than one: whoever was first has woken the loop, which takes all that there are by then.
        loop = told.get_loop()
        if len(self._settled) == 1 and not loop.is_closed():
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        while self._settled:
            told, settled = self._settled.popleft()
            if told.done():  # the request was called off
                continue
            error = settled.exception()
            if error is None:
                told.set_result(settled.result())
            else:
                told.set_exception(error)


class Committer:
    """Its thread starts with the first write, and ends with `close`."""

    def __init__(self, database: Database, store_intents: Store) -> None:
        self._database = database
        self._store_intents = store_intents
        self._writes: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._awaited: WeakKeyDictionary[asyncio.AbstractEventLoop, _Awaited] = WeakKeyDictionary()

    async def stored(self, write: Write) -> bool:
        """Whether it was stored, once that is known; raises why it could not be."""
        loop = asyncio.get_running_loop()
        awaited = self._awaited.get(loop)
        if awaited is None:
            awaited = self._awaited[loop] = _Awaited()
        return await awaited.stored(write)

    def commit(self, write: Write) -> "Future[bool]":
        """Answers at once with what will be: whether the write was stored, or why it could not be."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                    self._thread.start()
        # From here on nobody can call it off: it will be stored.
        write.stored.set_running_or_notify_cancel()
        self._writes.put(write)
        return write.stored

    def close(self) -> None:
        """Stores what has come so far."""
        if self._thread is not None:
            self._writes.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        ends = False
        while not ends:
            taken = [self._writes.get()]
            while len(taken) < MOST_AT_ONCE and not self._writes.empty():
                taken.append(self._writes.get())
            ends = None in taken
            self._settle([write for write in taken if write is not None])

    def _settle(self, writes: Sequence[Write]) -> None:
        if not writes:
            return
        try:
            stored = self._store(writes)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked for the write is to hear it
            if len(writes) > 1:
                for write in writes:
                    self._settle([write])
            else:
                writes[0].stored.set_exception(error)
            return
        for write in writes:
            self._tell(write, stored)

    def _store(self, writes: Sequence[Write]) -> bool:
        """Whether their keys are new; then everything is stored when this returns. Raises _KeyUsed where one of several
        is not."""
        with self._database.engine.begin() as connection:
            # In one order everywhere, so that processes that use the same keys wait for each other in turn.
            answers = sorted((write.answer for write in writes), key=_key)
            if Answers.store_first(connection, answers) < len(writes):
                if len(writes) > 1:
                    raise _KeyUsed
                return False
            self._store_intents(connection, [intent for write in writes for intent in write.intents])
            if acts := [write.act for write in writes if write.act is not None]:
                trail.enter(connection, acts)
        return True

    @staticmethod
    def _tell(write: Write, stored: bool) -> None:
        try:
            if stored and write.told is not None:
                write.told()
        except Exception as error:  # noqa: BLE001 - it is stored all the same, and those behind it wait
            log.error("committer.untold", error=type(error).__name__)
        write.stored.set_result(stored)


def _key(answer: Mapping[str, Any]) -> str:
    return str(answer["key_hash"])
