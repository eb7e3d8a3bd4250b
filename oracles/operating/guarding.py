"""Around each turn of the node: waits where there is no room, says how the node is, and lets nothing be lost by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from oracles.operating.health import Health, Trouble
from oracles.operating.obstacles import obstacle_of, short_of_room
from oracles.protection.errors import ProtectionError
from oracles.store.database import Database

log = structlog.get_logger("oracles")

HEARTBEAT_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.5
"""Between two attempts while something stands in the way."""


@dataclass
class Guard:
    """One node's. `folders` are those that must have room for what comes in; `dry` nodes tell nobody how they are."""

    health: Health
    database: Database
    folders: tuple[Path, ...]
    reserve_bytes: int
    clock: Callable[[], float] = time.monotonic
    dry: bool = False
    _next_beat: float = 0.0
    _told: frozenset[str] = frozenset()

    def attempt(self, step: Callable[[], None]) -> bool:
        """Whether the step went through. Where room is missing or the database is held it is to be tried again; any
        other failure goes on to the caller."""
        try:
            step()
            self._beat()
        except (OSError, DBAPIError, ProtectionError) as error:
            obstacle = obstacle_of(error)
            if obstacle is None:
                raise
            self._hindered(*obstacle)
            # The next heartbeat shows whether there is room again.
            self._next_beat = 0.0
            return False
        self._free()
        return True

    def turn(self, cycle: Callable[[], None]) -> bool:
        """One turn of the loop, as `attempt`; the loop turns, be it in vain."""

        def step() -> None:
            cycle()
            self.health.turned()

        went_through = self.attempt(step)
        self.health.turned()
        return went_through

    def has_room(self) -> bool:
        """Whether documents may be taken in: what is on its way needs the last of the room."""
        short = short_of_room(self.folders, self.reserve_bytes)
        if short is not None:
            self._hindered(Trouble.DISK_FULL, short)
        return short is None

    def stopped(self) -> None:
        """The node ends, as it was asked to."""
        self.health.stopped, self._next_beat = True, 0.0
        self.attempt(lambda: None)

    def _beat(self) -> None:
        """Now and then, and at once where something changed."""
        names = frozenset(problem.name for problem in self.health.problems())
        if self.dry or (self.clock() < self._next_beat and names == self._told):
            return
        self.health.write(self.database)
        self._next_beat, self._told = self.clock() + HEARTBEAT_SECONDS, names

    def _hindered(self, trouble: Trouble, detail: str) -> None:
        if self.health.say(trouble, detail):
            log.error("work hindered", problem=str(trouble), reason=detail, operator_action_required=True)

    def _free(self) -> None:
        gone = [Trouble.DATABASE_LOCKED]
        if short_of_room(self.folders, self.reserve_bytes) is None:
            gone.append(Trouble.DISK_FULL)
        if self.health.clear(*gone):
            log.info("work goes on")
