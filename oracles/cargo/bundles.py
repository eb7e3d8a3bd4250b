"""Bundles in the outbox: one transaction of a relay carries the votes of several nodes on one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlmodel import Session

from chain_node.client import Call, Refusal
from oracles.cargo import Telling
from oracles.chain import NodeChain, Outcome
from oracles.metrics import Metrics
from oracles.store.bundles import bundle_in
from oracles.store.models import SubmissionRow

log = structlog.get_logger("oracles")

MOST_RESERVES: Final = 4
"""The estimate shows what the bundle's own quorums cost; the reserve is for what other votes change in the meantime."""


@dataclass(frozen=True)
class BundleCargo:
    """The nodes see for themselves what became of their votes; a relay only counts."""

    chain: NodeChain
    metrics: Metrics

    def is_in(self, session: Session, submission: SubmissionRow) -> bool:
        """A bundle has no signature of its own; a node's own vote on a list has."""
        return not submission.signature and bundle_in(session, submission) is not None

    def call(self, session: Session, submission: SubmissionRow) -> tuple[Call, int]:
        row = bundle_in(session, submission)
        assert row is not None
        observations = row.items()
        return self.chain.attest(observations, row.ballots()), min(len(observations), MOST_RESERVES)

    def settle(self, session: Session, submission: SubmissionRow, outcome: Outcome) -> Sequence[Telling]:
        answers = list((outcome.answers or {}).values())
        counted = answers.count(Refusal.NONE)
        return [partial(self._tell, submission.id, submission.hash, outcome.block, counted, len(answers) - counted)]

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> bool:
        """The nodes send by themselves what is not on chain."""
        self.metrics.relay_bundles.labels("failed").inc()
        return False

    def reopen(self, session: Session, submission: SubmissionRow) -> None:
        """A relay only counts."""

    def handed_over(self, session: Session, submission: SubmissionRow) -> None:
        """Nothing is measured of bundles."""

    def _tell(self, submission: int | None, transaction: str, block: int, counted: int, others: int) -> None:
        self.metrics.relay_bundles.labels("counted" if counted else "nothing new").inc()
        log.info(
            "bundle answered", submission=submission, hash=transaction, block=block, counted=counted, others=others
        )
