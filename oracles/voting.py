"""From observations to signed votes: one signature for a batch, stored before anything of it is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Milestone, Observation
from oracles.chain import NodeChain, SignedVote
from oracles.checkpoints import Checkpoint, Point
from oracles.evidence import evidence_root
from oracles.signing import Signer
from oracles.store.bundles import bundle_in
from oracles.store.database import Database
from oracles.store.models import ObservationRow, ObservationStatus, SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")


@dataclass
class Voting:
    """Signs what was decided, oldest first, `batch_limit` observations under one signature.

    `spared`: numbers of those that wait for a relay's list."""

    database: Database
    chain: NodeChain
    signer: Signer
    batch_limit: int
    checkpoint: Checkpoint
    spared: Callable[[], Collection[int]] = frozenset

    def run(self) -> int:
        """Number of votes signed."""
        signed = 0
        while self._sign_batch():
            signed += 1
            self.checkpoint(Point.VOTE_SIGNED)
        return signed

    def _sign_batch(self) -> bool:
        with self.database.session() as session:
            decided = select(ObservationRow).where(ObservationRow.status == ObservationStatus.DECIDED)
            spared = self.spared()
            if spared:
                decided = decided.where(col(ObservationRow.id).not_in(spared))
            rows = session.exec(decided.order_by(col(ObservationRow.id)).limit(self.batch_limit)).all()
            if not rows:
                return False
            evidence = evidence_root([bytes.fromhex(row.evidence) for row in rows])
            observations = [observation_of(row) for row in rows]
            vote = self.signer.vote(self.chain.chain_id, self.chain.oracle_address, observations, evidence)
            submission = submission_of(vote, self.chain.chain_id, SubmissionStatus.SIGNED)
            session.add(submission)
            session.flush()
            for row in rows:
                row.status, row.submission_id = ObservationStatus.SIGNED, submission.id
            session.flush()
            self.checkpoint(Point.VOTE_SIGNING)
        names = [f"{Milestone(row.milestone).name}/{row.sequence} {row.subject}" for row in rows]
        log.info("vote signed", submission=submission.id, evidence=vote.evidence.hex(), items=names)
        return True


def submission_of(vote: SignedVote, chain_id: int, status: SubmissionStatus) -> SubmissionRow:
    return SubmissionRow(
        status=status,
        chain_id=chain_id,
        signer=vote.signer,
        mask=hex(vote.mask),
        evidence=vote.evidence.hex(),
        signature=vote.signature.hex(),
    )


def observation_of(row: ObservationRow) -> Observation:
    return Observation(bytes.fromhex(row.subject), row.milestone, row.sequence, row.occurred_at, row.quantity)


def batch_of(session: Session, submission: SubmissionRow) -> list[ObservationRow]:
    """What this node vouches for in a submission. Of a list of its own in the order in which they were signed."""
    statement = select(ObservationRow).where(ObservationRow.submission_id == submission.id)
    return list(session.exec(statement.order_by(col(ObservationRow.id))))


def vote_of(session: Session, submission: SubmissionRow) -> SignedVote:
    """What the submission's signature is on: the node's own figures, or the list of a relay."""
    bundle = bundle_in(session, submission)
    own = [] if bundle else [observation_of(row) for row in batch_of(session, submission)]
    return SignedVote(
        observations=bundle.items() if bundle else own,
        mask=int(submission.mask, 16),
        evidence=bytes.fromhex(submission.evidence),
        signature=bytes.fromhex(submission.signature),
        signer=submission.signer,
    )
