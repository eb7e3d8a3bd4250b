"""Reads what became of a transaction and stores it with what it carried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlmodel import Session, col, select

from oracles.cargo import Manifest, Telling
from oracles.chain import Head, NodeChain, Outcome
from oracles.checkpoints import Checkpoint, Point
from oracles.outbox import unprepare
from oracles.store.database import Database
from oracles.store.models import SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")

MOST_GAS_FACTOR = 8
MOST_TOGETHER: Final = 16
"""Outcomes that are brought to the disk in one go."""


@dataclass
class Confirming:
    """A transaction is settled when it lies `confirmations` blocks deep (1: it is in the newest block)."""

    database: Database
    chain: NodeChain
    manifest: Manifest
    confirmations: int
    checkpoint: Checkpoint

    def run(self, head: Head) -> int:
        """Number of transactions settled."""
        with self.database.session() as session:
            wanted = col(SubmissionRow.status).in_([SubmissionStatus.PREPARED, SubmissionStatus.SENT])
            found = select(SubmissionRow.id, SubmissionRow.hash).where(wanted).order_by(col(SubmissionRow.nonce))
            rows = session.exec(found).all()
        return sum(
            self._confirm(rows[place : place + MOST_TOGETHER], head) for place in range(0, len(rows), MOST_TOGETHER)
        )

    def _confirm(self, rows: Sequence[tuple[int | None, str]], head: Head) -> int:
        """What became of some, on disk together."""
        outcomes = self.chain.outcomes([bytes.fromhex(hash) for _, hash in rows])
        found = [(id, its) for (id, _), its in zip(rows, outcomes, strict=True) if its and self._is_deep(its, head)]
        for _ in found:
            self.checkpoint(Point.OUTCOME_READ)
        if not found:
            return 0
        with self.database.session() as session:
            tellings = [tell for id, its in found for tell in self._settle(session, id, its)]
            for _ in found:
                self.checkpoint(Point.OUTCOME_RECORDING)
        for tell in tellings:
            tell()
        for _ in found:
            self.checkpoint(Point.OUTCOME_RECORDED)
        return len(found)

    def _is_deep(self, outcome: Outcome, head: Head) -> bool:
        return outcome.block + self.confirmations - 1 <= head.number

    def _settle(self, session: Session, submission_id: int | None, outcome: Outcome) -> Sequence[Telling]:
        row = session.get_one(SubmissionRow, submission_id)
        if outcome.reverted or outcome.out_of_gas:
            self._undone(session, row, outcome)
            return ()
        row.status, row.block = SubmissionStatus.SETTLED, outcome.block
        return self.manifest.cargo(session, row).settle(session, row, outcome)

    def _undone(self, session: Session, row: SubmissionRow, outcome: Outcome) -> None:
        if outcome.out_of_gas and row.gas_factor < MOST_GAS_FACTOR:
            log.warning("transaction ran out of gas", submission=row.id, hash=row.hash, gas=row.gas)
            row.gas_factor *= 2
            unprepare(row)
        else:
            row.block = outcome.block
            self.manifest.fail(session, row, outcome.reverted or "it ran out of gas")
