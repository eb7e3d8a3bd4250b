"""Reads the chain stretch by stretch and, of a long history, the next one while the last is written: what the node and
the database take then passes beside our own work.

A stretch that was read ahead is one that was read early, no more: it is used only where the cursor came to stand just
before it, and its links were checked as always.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from api.indexer.position import Position
from api.indexer.scan import FEW, Stretch, scan
from api.settings import Settings
from chain_node.client import Chain

_FIRST_SPAN: Final = 4 * FEW
_ENOUGH_EVENTS: Final = 4_000
"""In a stretch: more take memory, and wait for one another; of fewer the statements beside them show."""


@dataclass(frozen=True)
class _Early:
    chain: Chain
    after: Position
    stretch: Future[Stretch]


class Reader:
    """Of the one thread that follows the chain; spans as many blocks as hold enough events."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._most_blocks = settings.blocks_per_scan
        self._window_blocks = settings.reorg_window_blocks
        self._span = min(_FIRST_SPAN, self._most_blocks)
        self._early: _Early | None = None
        self._thread: ThreadPoolExecutor | None = None

    def read(self, chain: Chain, after: Position | None, first: int, head: int) -> Stretch:
        """What follows `after`; raises as `scan` does, also where that went wrong earlier."""
        early, self._early = self._early, None
        if early is not None and early.chain is chain and early.after == after:
            return early.stretch.result()
        return self._scan(chain, after, first, head)

    def read_ahead(self, chain: Chain, stretch: Stretch, head: int) -> None:
        """Begins to read what follows a stretch, if anything does."""
        after = Position.at(stretch.last)
        if after.number >= head:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "indexer-ahead")
        reading = self._thread.submit(self._scan, chain, after, after.number + 1, head)
        self._early = _Early(chain, after, reading)

    def stop(self) -> None:
        """Forgets what was read ahead; returns once nothing is read any more."""
        self._early = None
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        self._thread = None

    def _scan(self, chain: Chain, after: Position | None, first: int, head: int) -> Stretch:
        last = min(head, first + self._span - 1)
        stretch = scan(self._engine, chain, after, first, last, head - self._window_blocks + 1)
        events = sum(len(each.events) for each in stretch.blocks)
        if events < _ENOUGH_EVENTS:
            self._span = min(2 * self._span, self._most_blocks)
        elif events > 2 * _ENOUGH_EVENTS:
            self._span = max(self._span // 2, 1)
        return stretch
