"""What the node's transactions carry: votes, reports, and whatever else has its own table and a `Cargo` for it.

The outbox and the confirming know submissions alone. A new kind is one class here, named in `Manifest.kinds`: rows of
its table name the submission that carries them, which is laid into the outbox as SIGNED.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlmodel import Session

from chain_node.client import Call
from oracles.chain import Outcome
from oracles.store.models import SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")

Telling = Callable[[], None]
"""What is said once it is on disk: log lines and counters."""


class Cargo(Protocol):
    """One kind of thing that a transaction carries. The session is the caller's, who commits."""

    def is_in(self, session: Session, submission: SubmissionRow) -> bool:
        """Whether the submission carries things of this kind; it never carries two kinds."""

    def call(self, session: Session, submission: SubmissionRow) -> tuple[Call, int]:
        """What the transaction calls, and how many items of it may cost more than the estimate shows."""

    def settle(self, session: Session, submission: SubmissionRow, outcome: Outcome) -> Sequence[Telling]:
        """Stores what the network answered: the transaction is in a block and was not undone."""

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> bool:
        """Stores that nothing of it is on chain and repeating will not help. True where the operator must act."""

    def reopen(self, session: Session, submission: SubmissionRow) -> None:
        """Takes back what `settle` stored: the block that held the transaction is gone."""

    def handed_over(self, session: Session, submission: SubmissionRow) -> None:
        """It was sent for the first time."""


@dataclass(frozen=True)
class Manifest:
    """All kinds that this node sends. `kinds` are asked in order; the last has what no other claims."""

    kinds: Sequence[Cargo]

    def cargo(self, session: Session, submission: SubmissionRow) -> Cargo:
        return next((kind for kind in self.kinds[:-1] if kind.is_in(session, submission)), self.kinds[-1])

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> None:
        submission.status, submission.reason = SubmissionStatus.FAILED, reason
        must_act = self.cargo(session, submission).fail(session, submission, reason)
        session.flush()
        tell = log.error if must_act else log.warning
        tell(
            "transaction failed",
            submission=submission.id,
            hash=submission.hash,
            reason=reason,
            operator_action_required=must_act,
        )
