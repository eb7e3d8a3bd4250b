"""Reads what became of a transaction and stores it with what it carried."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from oracles.cargo import Manifest
from oracles.chain import Head, NodeChain, Outcome
from oracles.checkpoints import Checkpoint, Point
from oracles.outbox import unprepare
from oracles.store.database import Database
from oracles.store.models import SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")

MOST_GAS_FACTOR = 8


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
            open_rows = session.exec(select(SubmissionRow).where(wanted).order_by(col(SubmissionRow.nonce))).all()
        return sum(self._confirm(row, head) for row in open_rows)

    def _confirm(self, row: SubmissionRow, head: Head) -> bool:
        outcome = self.chain.outcome(bytes.fromhex(row.hash))
        if outcome is None or outcome.block + self.confirmations - 1 > head.number:
            return False
        self.checkpoint(Point.OUTCOME_READ)
        with self.database.session() as session:
            stored = session.get_one(SubmissionRow, row.id)
            if outcome.reverted or outcome.out_of_gas:
                self._undone(session, stored, outcome)
                tellings = []
            else:
                stored.status, stored.block = SubmissionStatus.SETTLED, outcome.block
                tellings = [*self.manifest.cargo(session, stored).settle(session, stored, outcome)]
            self.checkpoint(Point.OUTCOME_RECORDING)
        for tell in tellings:
            tell()
        self.checkpoint(Point.OUTCOME_RECORDED)
        return True

    def _undone(self, session: Session, row: SubmissionRow, outcome: Outcome) -> None:
        if outcome.out_of_gas and row.gas_factor < MOST_GAS_FACTOR:
            log.warning("transaction ran out of gas", submission=row.id, hash=row.hash, gas=row.gas)
            row.gas_factor *= 2
            unprepare(row)
        else:
            row.block = outcome.block
            self.manifest.fail(session, row, outcome.reverted or "it ran out of gas")
