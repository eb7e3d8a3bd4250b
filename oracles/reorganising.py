"""Blocks that the network took back: what was settled in them is open again.

A node remembers the hashes of the newest blocks that it has seen, over restarts. Where one of them is another now, what
was settled from there on goes back to what it was when it was sent, and the ordinary way makes of it what the network
says now: the same bytes are sent again where they are in no block, and the answer is read again where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlmodel import Session, col, delete, select

from oracles.cargo import Manifest
from oracles.chain import Head, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.store.blocks import SeenBlockRow
from oracles.store.database import Database
from oracles.store.models import SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")

KEPT_BLOCKS: Final = 256
"""A reorganisation that reaches further back is taken to begin at the oldest of them."""


@dataclass
class Reorganising:
    """Without a manifest (dry run) there is nothing to open again."""

    database: Database
    chain: NodeChain
    manifest: Manifest | None
    checkpoint: Checkpoint

    def run(self, head: Head) -> bool:
        """Whether blocks were taken back since the last look. One question a block."""
        with self.database.session() as session:
            newest = session.exec(select(SeenBlockRow).order_by(col(SeenBlockRow.number).desc())).first()
        if newest is not None and (newest.number, newest.hash) == (head.number, head.hash.hex()):
            return False
        forked = newest is not None and not self._stands(newest)
        with self.database.session() as session:
            reopened = self._reopen(session, self._fork(session)) if forked else ()
            session.exec(delete(SeenBlockRow).where(col(SeenBlockRow.number) <= head.number - KEPT_BLOCKS))
            session.merge(SeenBlockRow(number=head.number, hash=head.hash.hex()))
            self.checkpoint(Point.BLOCKS_TAKEN_BACK)
        if forked:
            log.warning("blocks taken back", block=head.number, submissions=list(reopened))
        return forked

    def _stands(self, row: SeenBlockRow) -> bool:
        return self.chain.block_hash(row.number) == bytes.fromhex(row.hash)

    def _fork(self, session: Session) -> int:
        """The number of the oldest block that is another now, and forgets what was seen from there on."""
        seen = session.exec(select(SeenBlockRow).order_by(col(SeenBlockRow.number).desc())).all()
        fork = seen[0].number
        for row in seen:
            if self._stands(row):
                # Blocks between two that were seen may have changed, too.
                fork = row.number + 1
                break
            fork = row.number
            session.delete(row)
        session.flush()
        return fork

    def _reopen(self, session: Session, fork: int) -> Sequence[int]:
        """The newest first: what took a vote back is undone before the vote is."""
        if self.manifest is None:
            return ()
        settled = select(SubmissionRow).where(
            SubmissionRow.status == SubmissionStatus.SETTLED, col(SubmissionRow.block) >= fork
        )
        rows = session.exec(settled.order_by(col(SubmissionRow.id).desc())).all()
        for row in rows:
            self.manifest.cargo(session, row).reopen(session, row)
            # What a relay brought on chain was never sent by this node; from here on it is.
            row.status = SubmissionStatus.SENT if row.raw is not None else SubmissionStatus.SIGNED
            row.block = None
        session.flush()
        return [row.id for row in rows if row.id is not None]
