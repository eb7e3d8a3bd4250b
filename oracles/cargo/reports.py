"""Reports in the outbox: one transaction carries the readings of several nodes for one round of one feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlmodel import Session

from chain_node.client import Call
from oracles.cargo import Telling
from oracles.chain import NodeChain, Outcome, ReportKey
from oracles.metrics import Metrics
from oracles.relaying import report_in, report_row_in
from oracles.store.models import ReportStatus, SubmissionRow

log = structlog.get_logger("oracles")


@dataclass(frozen=True)
class ReportCargo:
    chain: NodeChain
    metrics: Metrics

    def is_in(self, session: Session, submission: SubmissionRow) -> bool:
        return report_row_in(session, submission) is not None

    def call(self, session: Session, submission: SubmissionRow) -> tuple[Call, int]:
        report = report_in(session, submission)
        assert report is not None
        return self.chain.report(report), 1

    def settle(self, session: Session, submission: SubmissionRow, outcome: Outcome) -> Sequence[Telling]:
        """A report that came second changes nothing; its readings go into the next, where they still count."""
        row = report_row_in(session, submission)
        assert row is not None
        key = ReportKey(bytes.fromhex(row.policy_id), bytes.fromhex(row.subject), row.round)
        reason = (outcome.reports or {}).get(key, "no answer")
        row.status, row.reason = ReportStatus.REFUSED if reason else ReportStatus.REPORTED, reason
        return [partial(self._tell, outcome.block, row.subject, row.round, reason or "reported")]

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> bool:
        row = report_row_in(session, submission)
        assert row is not None
        row.status, row.reason = ReportStatus.REFUSED, reason
        return True

    def reopen(self, session: Session, submission: SubmissionRow) -> None:
        row = report_row_in(session, submission)
        assert row is not None
        row.status, row.reason = ReportStatus.OPEN, ""

    def handed_over(self, session: Session, submission: SubmissionRow) -> None:
        """Nothing is measured of reports."""

    def _tell(self, block: int, subject: str, round: int, answer: str) -> None:
        self.metrics.reports.labels(answer).inc()
        log.info("report answered", block=block, subject=subject, round=round, answer=answer)
