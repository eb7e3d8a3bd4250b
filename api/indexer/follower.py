"""Follows the chain's head: scan, apply, and rewind when the chain was reorganised."""

import time

import structlog

from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, Point
from api.db import Database
from api.indexer import position
from api.indexer.ahead import Reader
from api.indexer.apply import Writer
from api.indexer.position import Position
from api.indexer.scan import ChainMoved, branching_point
from api.metrics import Metrics
from api.notices import Notices
from api.settings import Settings
from api.transactions.settling import Settling
from api.turns import INDEXER, Turn, Turns
from chain_node.client import Chain

log = structlog.get_logger()
# At an unchanged height a reorganisation is looked for this often; a new block shows one at once.
_HASH_CHECK_SECONDS = 1.0
# A node that stays shorter than what we read from it was set back; one that catches up was only behind another.
_LAG_SECONDS = 5.0


class Follower:
    """One pass reads one stretch. Of several processes on one database one has the turn to do so, as long as it lives;
    the others stand by. Two that both believed they had it would still apply each stretch once."""

    def __init__(
        self,
        database: Database,
        link: ChainLink,
        settling: Settling,
        settings: Settings,
        metrics: Metrics,
        turns: Turns,
        notices: Notices,
        at: Checkpoint,
    ) -> None:
        self._database = database
        self._link = link
        self._settling = settling
        self._metrics = metrics
        self._turns = turns
        self._at = at
        self._turn: Turn | None = None
        self._reader = Reader(database.engine, settings)
        self._writer = Writer(database, link.chain, metrics, notices, at)
        self._hash_checked = 0.0
        self._short_since: float | None = None
        self.head: int | None = None
        self.head_seen = 0.0

    def step(self) -> bool:
        """Whether there is more to read at once."""
        chain = self._link.chain()
        self.head = chain.block_number()
        self.head_seen = time.monotonic()
        self._metrics.head.set(self.head)
        if not self._has_turn():
            self._settling.check()
            return False
        with self._database.engine.connect() as connection:
            cursor = position.read(connection)
        if cursor is not None and self.head <= cursor.number:
            self._settling.check()
            return self._stand(chain, cursor, self.head)
        return self._advance(chain, cursor, self.head)

    def give_up(self) -> None:
        """Lets another process read the chain."""
        self._reader.stop()
        if self._turn is not None:
            self._turn.give_up()
        self._turn = None
        self._metrics.reading_chain.set(0)

    def _has_turn(self) -> bool:
        if self._turn is not None and self._turn.is_held():
            return True
        if self._turn is not None:
            log.error("indexer.turn-lost", reason="the connection that held it is gone")
            self.give_up()
        self._turn = self._turns.take(INDEXER)
        self._metrics.reading_chain.set(int(self._turn is not None))
        if self._turn is None:
            return False
        log.info("indexer.turn-taken")
        self._at(Point.READING_TAKEN)
        return True

    def lag_blocks(self) -> int | None:
        """How far behind the node's newest block the database is; None while either is unknown."""
        with self._database.engine.connect() as connection:
            cursor = position.read(connection)
        return None if cursor is None or self.head is None else max(0, self.head - cursor.number)

    def _advance(self, chain: Chain, cursor: Position | None, head: int) -> bool:
        first = self._link.addresses.first_block if cursor is None else cursor.number + 1
        if head < first:
            return False
        try:
            stretch = self._reader.read(chain, cursor, first, head)
        except ChainMoved:
            if cursor is not None:
                self._rewind(chain, cursor, head)
            return True
        self._at(Point.STRETCH_READ)
        self._reader.read_ahead(chain, stretch, head)
        if self._writer.apply(stretch, cursor):
            log.debug("indexer.applied", first=first, last=stretch.last.number)
        self._settling.check()
        return stretch.last.number < head

    def _stand(self, chain: Chain, cursor: Position, head: int) -> bool:
        """No new block. Another block at our height, or fewer for long, is a reorganisation; fewer for a moment is
        lag."""
        now = time.monotonic()
        if now - self._hash_checked < _HASH_CHECK_SECONDS:
            return False
        self._hash_checked = now
        if not self._has_changed(chain, cursor, head):
            if head == cursor.number:
                self._short_since = None
                return False
            self._short_since = self._short_since or now
            if now - self._short_since < _LAG_SECONDS:
                return False
        self._short_since = None
        return self._rewind(chain, cursor, head)

    def _has_changed(self, chain: Chain, cursor: Position, head: int) -> bool:
        """Whether the node's newest block is not the one that we read at that height."""
        with self._database.engine.connect() as connection:
            known = {cursor.number: cursor.hash} | {p.number: p.hash for p in position.remembered(connection)}
        return "0x" + chain.block(head).hash.hex() != known.get(head)

    def _rewind(self, chain: Chain, cursor: Position, head: int) -> bool:
        with self._database.engine.connect() as connection:
            remembered = position.remembered(connection)
        point = branching_point(chain, remembered, head)
        if point is None:
            log.error("indexer.rebuilds", reason="the chain has none of the blocks we remember", block=cursor.number)
            self._writer.clear(another_chain=True)
            return True
        self._at(Point.BRANCH_FOUND)
        return point.number < cursor.number and self._writer.rewind(cursor, point)
