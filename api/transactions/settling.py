"""Waiting for transactions to become final without asking the database for each of them in turn."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from threading import Lock

from api.db import Database
from api.transactions import repository


class Settling:
    """Those who wait, by transaction. The indexer calls `check` after each block that it has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._waiting: dict[str, Future[None]] = {}
        self._waiters: dict[str, int] = {}

    def check(self) -> None:
        """Wakes whoever waits for what has become final, by whichever process; one query for all."""
        with self._lock:
            waited = list(self._waiting)
        if waited:
            with self._database.session() as session:
                settled = repository.final_among(session, waited)
            self._settle(settled)

    def wait(self, ids: Iterable[str], timeout_seconds: float) -> bool:
        """Whether all became final in time."""
        futures = self._expect(ids)
        try:
            self.check()
            return not wait_for_futures(futures.values(), timeout_seconds).not_done
        finally:
            self._leave(futures)

    async def settled(self, ids: Iterable[str], timeout_seconds: float) -> bool:
        """As `wait`, without holding a thread."""
        futures = self._expect(ids)
        try:
            await asyncio.to_thread(self.check)
            done = [asyncio.wrap_future(future) for future in futures.values()]
            return not (await asyncio.wait(done, timeout=timeout_seconds))[1]
        finally:
            self._leave(futures)

    def _expect(self, ids: Iterable[str]) -> dict[str, Future[None]]:
        with self._lock:
            wanted = {id_: self._waiting.setdefault(id_, Future()) for id_ in ids}
            for id_ in wanted:
                self._waiters[id_] = self._waiters.get(id_, 0) + 1
            return wanted

    def _leave(self, futures: dict[str, Future[None]]) -> None:
        with self._lock:
            for id_ in futures:
                self._waiters[id_] -= 1
                if self._waiters[id_] == 0:
                    del self._waiters[id_]
                    self._waiting.pop(id_, None)

    def _settle(self, ids: Iterable[str]) -> None:
        with self._lock:
            for id_ in ids:
                future = self._waiting.get(id_)
                if future is not None and not future.done():
                    future.set_result(None)
