"""From corrections to retractions: once the network has answered a vote, this node takes it back.

The contract is asked first whether it would take the retraction: what it says then is kept in words, and nothing is
sent that would be undone. A vote that is not in any block any more may come back into one, so it is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Milestone
from chain_node.errors import ContractReverted
from oracles.cargo.retractions import call_of, key_of, needless, refuse
from oracles.chain import Head, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.corrections import STANDS
from oracles.metrics import Metrics
from oracles.store.bundles import bundle_in
from oracles.store.database import Database
from oracles.store.models import ObservationRow, ObservationStatus, SubmissionRow, SubmissionStatus
from oracles.store.retractions import RetractionRow, RetractionStatus

log = structlog.get_logger("oracles")

WITHOUT_FORCE: Final = frozenset({"VoteNotCounted", "NothingToRetract"})
NOT_ADMITTED: Final = frozenset({"NotAdmitted", "AccountIsFrozen", "OrganisationIsSuspended", "KycExpired"})
SETTLED: Final = (ObservationStatus.COUNTED, ObservationStatus.REFUSED, ObservationStatus.WITHDRAWN)
NEVER_COUNTED: Final = "it was never counted"
NOT_IN_A_BLOCK: Final = "its vote is in no block any more and may come back into one"


@dataclass
class Retracting:
    """Lays what is due into the outbox, one transaction a vote; what must wait is looked at once a block."""

    database: Database
    chain: NodeChain
    account: str
    checkpoint: Checkpoint
    metrics: Metrics
    _looked_at: dict[int, int] = field(default_factory=dict)
    """The block at which each one was last told to wait."""

    def run(self, head: Head) -> int:
        """Number of retractions decided."""
        return sum(self._decide(number, head) for number in self._due(head))

    def _due(self, head: Head) -> list[int]:
        with self.database.session() as session:
            answered = (
                select(RetractionRow.id)
                .join(ObservationRow, col(ObservationRow.id) == RetractionRow.observation_id)
                .where(RetractionRow.status == RetractionStatus.WAITING, col(ObservationRow.status).in_(SETTLED))
            )
            found = [number for number in session.exec(answered.order_by(col(RetractionRow.id))) if number]
        return [number for number in found if self._looked_at.get(number) != head.number]

    def _decide(self, number: int, head: Head) -> bool:
        with self.database.session() as session:
            row = session.get_one(RetractionRow, number)
            observation = session.get_one(ObservationRow, row.observation_id)
            before = row.reason
            if observation.status != ObservationStatus.COUNTED and observation.reason not in STANDS:
                needless(session, row, NEVER_COUNTED)
            else:
                self._try(session, row, observation)
            self.checkpoint(Point.RETRACTION_LAYING)
        if row.status == RetractionStatus.WAITING:
            self._looked_at[number] = head.number
        else:
            self._looked_at.pop(number, None)
        if (row.status, row.reason) != (RetractionStatus.WAITING, before):
            self._tell(row, observation, head)
        self.checkpoint(Point.RETRACTION_LAID)
        return row.status != RetractionStatus.WAITING

    def _try(self, session: Session, row: RetractionRow, observation: ObservationRow) -> None:
        try:
            self.chain.gas(self.account, call_of(session, self.chain, row))
        except ContractReverted as error:
            self._refused(session, row, observation, error)
        else:
            submission = _submission(self.chain.chain_id, self.account)
            session.add(submission)
            session.flush()
            row.submission_id, row.status, row.reason = submission.id, RetractionStatus.LAID, ""
            session.flush()

    def _refused(
        self, session: Session, row: RetractionRow, observation: ObservationRow, error: ContractReverted
    ) -> None:
        if error.name in NOT_ADMITTED:
            row.reason = f"the registry does not admit this node: {error}"
        elif error.name not in WITHOUT_FORCE:
            refuse(session, row, str(error))
        elif self._may_come_back(session, observation):
            row.reason = NOT_IN_A_BLOCK
        else:
            needless(session, row, str(error))

    def _may_come_back(self, session: Session, observation: ObservationRow) -> bool:
        """Whether the network lost the block of the vote and its nonce is still to be had."""
        vote = session.get_one(SubmissionRow, observation.submission_id)
        if bundle_in(session, vote) is not None:
            # Others have it too, and may send it as long as there are blocks.
            return observation.status == ObservationStatus.COUNTED
        if not vote.hash or vote.nonce is None or self.chain.outcome(bytes.fromhex(vote.hash)) is not None:
            return False
        return self.chain.nonce(vote.signer) <= vote.nonce

    def _tell(self, row: RetractionRow, observation: ObservationRow, head: Head) -> None:
        key = key_of(observation)
        line = {
            "status": row.status,
            "reason": row.reason,
            "block": head.number,
            "subject": key.subject.hex(),
            "milestone": Milestone(key.milestone).name,
            "sequence": key.sequence,
        }
        if row.status in (RetractionStatus.NEEDLESS, RetractionStatus.REFUSED):
            self.metrics.retractions.labels(row.status).inc()
        # Who is not admitted or is refused keeps a vote on chain that its own paper denies.
        must_act = row.status == RetractionStatus.REFUSED or (
            row.status == RetractionStatus.WAITING and row.reason != NOT_IN_A_BLOCK
        )
        tell = log.error if must_act else log.info
        tell("retraction", operator_action_required=must_act, **line)


def _submission(chain_id: int, account: str) -> SubmissionRow:
    """A submission of no votes: what it carries is the retraction that names it."""
    return SubmissionRow(
        status=SubmissionStatus.SIGNED, chain_id=chain_id, signer=account, mask="0x0", evidence="", signature=""
    )
