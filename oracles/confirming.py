"""Reads what became of a vote and stores it with the observations it carried."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Milestone, Refusal
from oracles.chain import Head, Key, NodeChain, Outcome, ReportKey
from oracles.checkpoints import Checkpoint, Point
from oracles.metrics import Metrics
from oracles.outbox import fail, unprepare
from oracles.relaying import report_row_in
from oracles.store.database import Database
from oracles.store.models import (
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    ReportRow,
    ReportStatus,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.voting import batch_of

log = structlog.get_logger("oracles")

MOST_GAS_FACTOR = 8
HARMLESS = frozenset({Refusal.ALREADY_FINAL, Refusal.ALREADY_VOTED})
"""The fact stood, or this organisation's vote on it did, before this transaction came."""


@dataclass
class Confirming:
    """A vote is settled when its transaction lies `confirmations` blocks deep (1: it is in the newest block)."""

    database: Database
    chain: NodeChain
    confirmations: int
    checkpoint: Checkpoint
    metrics: Metrics

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
                lines = []
            else:
                stored.status, stored.block = SubmissionStatus.SETTLED, outcome.block
                lines = [self._settle(session, item, outcome) for item in batch_of(session, stored)]
                report = report_row_in(session, stored)
                if report is not None:
                    self._settle_report(report, outcome)
            self.checkpoint(Point.OUTCOME_RECORDING)
        for line in lines:
            self._tell(line, outcome.block, row.hash)
        self.checkpoint(Point.OUTCOME_RECORDED)
        return True

    def _undone(self, session: Session, row: SubmissionRow, outcome: Outcome) -> None:
        if outcome.out_of_gas and row.gas_factor < MOST_GAS_FACTOR:
            log.warning("transaction ran out of gas", submission=row.id, hash=row.hash, gas=row.gas)
            row.gas_factor *= 2
            unprepare(row)
        else:
            row.block = outcome.block
            fail(session, row, outcome.reverted or "it ran out of gas")

    def _settle(self, session: Session, item: ObservationRow, outcome: Outcome) -> dict[str, object]:
        key = Key(bytes.fromhex(item.subject), item.milestone, item.sequence)
        refusal = (outcome.answers or {}).get(key)
        event = session.get_one(EventRow, item.event_id)
        item.block = outcome.block
        if refusal is Refusal.NONE:
            item.status, answer = ObservationStatus.COUNTED, "counted"
        else:
            answer = "no answer" if refusal is None else refusal.name
            item.status, item.reason = ObservationStatus.REFUSED, answer
            event.reason = f"the network refused the vote: {answer}"
            event.status = event.status if refusal in HARMLESS else EventStatus.HELD
        session.flush()
        return {
            "event_hash": event.event_hash,
            "subject": item.subject,
            "milestone": Milestone(item.milestone).name,
            "sequence": item.sequence,
            "answer": answer,
            "fact": (outcome.facts or {}).get(key, "gathering"),
        }

    def _settle_report(self, report: ReportRow, outcome: Outcome) -> None:
        """A report that came second changes nothing; its readings go into the next, where they still count."""
        key = ReportKey(bytes.fromhex(report.policy_id), bytes.fromhex(report.subject), report.round)
        reason = (outcome.reports or {}).get(key, "no answer")
        report.status, report.reason = ReportStatus.REFUSED if reason else ReportStatus.REPORTED, reason
        self.metrics.reports.labels(reason or "reported").inc()
        log.info("report answered", block=outcome.block, round=report.round, answer=reason or "reported")

    def _tell(self, line: dict[str, object], block: int, transaction: str) -> None:
        answer = str(line["answer"])
        self.metrics.votes.labels(answer).inc()
        if answer == "counted":
            log.info("vote counted", block=block, hash=transaction, **line)
        elif answer in {refusal.name for refusal in HARMLESS}:
            log.warning("vote refused", block=block, hash=transaction, **line)
        else:
            log.error("vote refused", block=block, hash=transaction, operator_action_required=True, **line)
