"""What keeps a node from its work right now. The node's thread says so; the monitor's thread and `status` read it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from chain_node.client.endpoints import Watch
from oracles.chain import Head
from oracles.store.database import Database
from oracles.store.mapping import utc_text
from oracles.store.operations import HeartbeatRow

STALLED_SECONDS = 60.0
"""A turn takes milliseconds, at worst some time-outs of the chain's node; after this the loop counts as stopped."""


class Trouble(StrEnum):
    """Why a node cannot do its work, as `/ready` and `status --json` name it."""

    STARTING = "starting"
    LOOP_STOPPED = "loop stopped"
    CHAIN_AWAY = "chain away"
    CHAIN_BEHIND = "chain behind"
    CLOCK_OFF = "clock off"
    KEY_UNUSABLE = "key unusable"
    NOT_ADMITTED = "not admitted"
    SUSPENDED = "suspended"
    FROZEN = "frozen"
    ADMISSION_EXPIRED = "admission expired"
    OTHER_ORGANISATION = "other organisation"
    DISK_FULL = "disk full"
    DATABASE_LOCKED = "database locked"
    SERVICE_ENDED = "service ended"


WHAT_TO_DO = {
    Trouble.STARTING: "wait",
    Trouble.LOOP_STOPPED: "restart the node; its last log lines say where it was",
    Trouble.CHAIN_AWAY: "see to the chain's node or to rpc_url; the node takes papers in and goes on by itself",
    Trouble.CHAIN_BEHIND: "wait until the chain's node has caught up",
    Trouble.CLOCK_OFF: "set the machine's clock (NTP); what is signed follows the chain's clock meanwhile",
    Trouble.KEY_UNUSABLE: "see to the key: its file, its remote signer or its token",
    Trouble.NOT_ADMITTED: "send the admission request to the network's registrar",
    Trouble.SUSPENDED: "ask the network's registrar",
    Trouble.FROZEN: "ask the network's registrar",
    Trouble.ADMISSION_EXPIRED: "have the network's registrar renew it",
    Trouble.OTHER_ORGANISATION: "correct 'organisation' in the settings, or use the key of this organisation",
    Trouble.DISK_FULL: "make room; the node goes on by itself",
    Trouble.SERVICE_ENDED: "restart the node; its last log lines say why it ended",
    Trouble.DATABASE_LOCKED: "end the program that holds the database; the node goes on by itself",
}


@dataclass(frozen=True)
class Problem:
    """One of them. `detail` is a sentence without a full stop; `since` the machine's time in ISO 8601, UTC."""

    name: str
    detail: str
    since: str
    do: str


@dataclass(frozen=True)
class Sight:
    """The newest block as this node saw it: when, on the machine's clock, in Unix seconds."""

    head: Head
    seen_at: float


class Health:
    """Safe to share between threads. A problem stands until whoever raised it clears it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock, self._wall = clock, wall
        self._lock = threading.Lock()
        self._problems: dict[Trouble, Problem] = {}
        self._turned: float | None = None
        self._sight: Sight | None = None
        self._started = wall()
        self.blocks_behind: int | None = None
        self.watch: Watch | None = None
        """Over several nodes of the chain; one needs none."""
        self.stopped = False

    def turned(self) -> None:
        """The loop has come round."""
        with self._lock:
            self._turned = self._clock()

    def saw(self, head: Head) -> bool:
        """Remembers the newest block; whether it is another one than before."""
        with self._lock:
            if self._sight is not None and self._sight.head == head:
                return False
            self._sight = Sight(head, self._wall())
            return True

    def say(self, trouble: Trouble, detail: str) -> bool:
        """Raises a problem, or words it anew; True where it was not there."""
        with self._lock:
            known = self._problems.get(trouble)
            since = known.since if known else self._text(self._wall())
            self._problems[trouble] = Problem(trouble, detail, since, WHAT_TO_DO[trouble])
            return known is None

    def clear(self, *troubles: Trouble) -> bool:
        """True where one of them was there."""
        with self._lock:
            there = [trouble for trouble in troubles if trouble in self._problems]
            for trouble in there:
                del self._problems[trouble]
            return bool(there)

    def problems(self) -> list[Problem]:
        """What keeps the node from its work; empty where nothing does."""
        with self._lock:
            found = list(self._problems.values())
            stalled = self._loop_trouble()
            return found if stalled is None else [stalled, *found]

    @property
    def is_alive(self) -> bool:
        """Whether the loop still turns, be it in vain; a process of which this is not true should be restarted."""
        with self._lock:
            stalled = self._loop_trouble()
        return stalled is None or stalled.name == Trouble.STARTING

    @property
    def sight(self) -> Sight | None:
        with self._lock:
            return self._sight

    def lag_seconds(self) -> float | None:
        """By how much the machine's clock is past the newest block's time; None before the first block."""
        sight = self.sight
        return None if sight is None else self._wall() - sight.head.timestamp

    def write(self, database: Database) -> None:
        """Into the heartbeat's row. Raises what the database raises."""
        problems = [asdict(problem) for problem in self.problems()]
        now, sight = self._text(self._wall()), self.sight
        row = HeartbeatRow(
            id=1,
            pid=os.getpid(),
            started_at=self._text(self._started),
            turned_at=now,
            stopped_at=now if self.stopped else "",
            block=sight.head.number if sight else None,
            block_time=sight.head.timestamp if sight else None,
            block_seen_at=self._text(sight.seen_at) if sight else "",
            blocks_behind=self.blocks_behind,
            problems=json.dumps(problems),
            endpoints=json.dumps([asdict(status) for status in self.watch.status()] if self.watch else []),
        )
        with database.session() as session:
            session.merge(row)

    def _loop_trouble(self) -> Problem | None:
        """Of the loop itself; the caller holds the lock."""
        if self._turned is None:
            since = self._text(self._started)
            return Problem(Trouble.STARTING, "it has not come round yet", since, WHAT_TO_DO[Trouble.STARTING])
        silent = self._clock() - self._turned
        if silent < STALLED_SECONDS:
            return None
        detail, since = f"the loop has not come round for {silent:.0f} seconds", self._text(self._wall() - silent)
        return Problem(Trouble.LOOP_STOPPED, detail, since, WHAT_TO_DO[Trouble.LOOP_STOPPED])

    @staticmethod
    def _text(seconds: float) -> str:
        return utc_text(datetime.fromtimestamp(seconds, UTC))
