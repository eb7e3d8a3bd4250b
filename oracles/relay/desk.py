"""What a relay's web server and its own thread share: requests that wait for the thread, and what it has proposed."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final

from chain_node.client import Observation
from oracles.relay.messages import MOST_MESSAGES, Answer, LeftOut, Offer, Proposal, Proposals, item_of

MOST_QUEUED: Final = 512
"""Requests that wait for the relay's thread."""
MOST_KEPT: Final = 512
"""Proposals that an account may not have fetched yet; the oldest go."""


@dataclass(frozen=True)
class Reply:
    """What a request is answered with: a status of HTTP and one sentence."""

    status: int
    text: str = ""


@dataclass
class Request:
    message: Offer | Answer
    reply: Future[Reply] = field(default_factory=Future)


@dataclass
class _Feed:
    first: int = 0
    entries: list[Proposal | LeftOut] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.first + len(self.entries)

    def add(self, entry: Proposal | LeftOut) -> None:
        self.entries.append(entry)
        surplus = len(self.entries) - MOST_KEPT
        if surplus > 0:
            del self.entries[:surplus]
            self.first += surplus


class Desk:
    """Safe to share between threads. `run` tells those who ask that a relay has forgotten what it knew."""

    def __init__(self, chain_id: int, oracle_address: str) -> None:
        self.chain_id, self.oracle_address = chain_id, oracle_address
        self.run = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._queue: SimpleQueue[Request] = SimpleQueue()
        self._feeds: dict[str, _Feed] = {}
        self._lists: dict[str, tuple[Observation, ...]] = {}
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.rang = threading.Event()
        self._closing = False

    # The web server's threads

    def put(self, message: Offer | Answer) -> Future[Reply] | None:
        """The reply to come; None where too many wait."""
        if self._queue.qsize() >= MOST_QUEUED:
            return None
        request = Request(message)
        self._queue.put(request)
        self.rang.set()
        return request.reply

    def listed(self, id: str) -> tuple[Observation, ...] | None:
        """A list that may be voted on."""
        return self._lists.get(id)

    def read(self, account: str, run: str, cursor: int) -> Proposals | None:
        """What an account has not seen; None where there is nothing."""
        with self._lock:
            feed = self._feeds.get(account)
            if feed is None:
                return None
            start = max(cursor, feed.first) if run == self.run else feed.first
            found = feed.entries[start - feed.first :][:MOST_MESSAGES]
        if not found:
            return None
        return Proposals(
            run=self.run,
            cursor=start + len(found),
            proposals=[entry for entry in found if isinstance(entry, Proposal)],
            left_out=[entry for entry in found if isinstance(entry, LeftOut)],
        )

    async def wait(self, account: str, run: str, cursor: int, seconds: float) -> Proposals:
        """What an account has not seen, as soon as there is something; nothing once the time is over."""
        rang = asyncio.Event()
        waiter = (asyncio.get_running_loop(), rang)
        with self._lock:
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                while (found := self.read(account, run, cursor)) is None and not self._closing:
                    await rang.wait()
                    rang.clear()
        except TimeoutError:
            found = None
        finally:
            with self._lock:
                self._waiters.discard(waiter)

        return found or Proposals(run=self.run, cursor=cursor if run == self.run else 0, proposals=[], left_out=[])

    def close(self) -> None:
        """Sends home those who wait, so that the server can end."""
        self._closing = True
        self._wake()

    # The relay's own thread

    def take(self) -> list[Request]:
        self.rang.clear()
        found: list[Request] = []
        while len(found) < MOST_QUEUED:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                break
        return found

    def propose(self, id: str, observations: Sequence[Observation], accounts: Sequence[str]) -> None:
        """Lets these accounts see the list, and vote on it until `forget`."""
        proposal = Proposal(observations=[item_of(its) for its in observations])
        with self._lock:
            self._lists[id] = tuple(observations)
            for account in accounts:
                self._feeds.setdefault(account, _Feed()).add(proposal)
        self._wake()

    def leave_out(self, accounts: Sequence[str], left_out: LeftOut) -> None:
        with self._lock:
            for account in accounts:
                self._feeds.setdefault(account, _Feed()).add(left_out)
        self._wake()

    def forget(self, id: str) -> None:
        with self._lock:
            self._lists.pop(id, None)

    def _wake(self) -> None:
        with self._lock:
            waiters = list(self._waiters)
        for loop, rang in waiters:
            # A server that is ending has closed its loop; nobody waits there any more.
            if not loop.is_closed():
                loop.call_soon_threadsafe(rang.set)
