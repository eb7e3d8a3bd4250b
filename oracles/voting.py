"""From observations to signed votes: one signature for a batch, stored before anything of it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Milestone, Observation
from oracles.chain import NodeChain, SignedVote
from oracles.checkpoints import Checkpoint, Point
from oracles.evidence import evidence_root
from oracles.protection.guard import remember
from oracles.protection.statements import Objection, vote_statements
from oracles.protection.store import ProtectionStore
from oracles.signing import Signer
from oracles.store.bundles import bundle_in
from oracles.store.database import Database
from oracles.store.models import (
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.tracing import fact_named, traces_of

log = structlog.get_logger("oracles")


def _adopts_nothing(_bound: Observation, _own: Observation) -> bool:
    return False


@dataclass
class Voting:
    """Signs what was decided, oldest first, `batch_limit` observations under one signature. What the protection store
    does not allow is held for the operator, and the rest of its batch signed.

    `spared`: numbers of those that wait for a relay's list. `adopts`: whether what was bound for a relay's list, and
    may have been signed before this process or this database began, is supported by the papers: then that is signed.
    """

    database: Database
    chain: NodeChain
    signer: Signer
    protection: ProtectionStore
    batch_limit: int
    checkpoint: Checkpoint
    spared: Callable[[], Collection[int]] = frozenset
    adopts: Callable[[Observation, Observation], bool] = _adopts_nothing

    def run(self) -> int:
        """Number of votes signed."""
        signed = 0
        while (batch := self._sign_batch()) is not None:
            signed += batch
            if batch:
                self.checkpoint(Point.VOTE_SIGNED)
        return signed

    def _sign_batch(self) -> int | None:
        """Votes signed, 0 or 1; None where nothing is left to sign."""
        with self.database.session() as session:
            decided = select(ObservationRow).where(ObservationRow.status == ObservationStatus.DECIDED)
            spared = self.spared()
            if spared:
                decided = decided.where(col(ObservationRow.id).not_in(spared))
            rows = session.exec(decided.order_by(col(ObservationRow.id)).limit(self.batch_limit)).all()
            if not rows:
                return None
            allowed, refused = self._allowed(rows)
            for row, objection in refused:
                hold(session, row, str(objection))
            submission = self._sign(session, allowed) if allowed else None
            session.flush()
            self.checkpoint(Point.VOTE_SIGNING)
        for row, objection in refused:
            _tell_refused(row, objection)
        if submission is None:
            return 0
        names = [fact_named(row.milestone, row.sequence, row.subject) for row in allowed]
        traces = traces_of(row.evidence for row in allowed)
        log.info("vote signed", submission=submission.id, evidence=submission.evidence, items=names, trace_ids=traces)
        return 1

    def _allowed(
        self, rows: Sequence[ObservationRow]
    ) -> tuple[list[ObservationRow], list[tuple[ObservationRow, Objection]]]:
        """What may be signed, which binds this node from here on; and the rest with what speaks against it."""
        observations = [observation_of(row) for row in rows]
        statements = vote_statements(self.chain.chain_id, self.chain.oracle_address, observations)
        answers = self.protection.allow(statements, self.signer.address, int(time.time()))
        self.checkpoint(Point.VOTE_BOUND)
        pairs = [(row, None if self._adopted(row, no) else no) for row, no in zip(rows, answers, strict=True)]
        return [row for row, no in pairs if no is None], [(row, no) for row, no in pairs if no is not None]

    def _adopted(self, row: ObservationRow, objection: Objection | None) -> bool:
        """Takes over the figures that this node is bound to, where its papers support them too."""
        if objection is None or objection.bound is None:
            return False
        own, bound = observation_of(row), objection.bound
        if not self.adopts(replace(own, occurred_at=bound.moment, quantity=bound.figure), own):
            return False
        row.occurred_at, row.quantity = bound.account
        return True

    def _sign(self, session: Session, rows: Sequence[ObservationRow]) -> SubmissionRow:
        evidence = evidence_root([bytes.fromhex(row.evidence) for row in rows])
        observations = [observation_of(row) for row in rows]
        vote = self.signer.vote(self.chain.chain_id, self.chain.oracle_address, observations, evidence)
        submission = submission_of(vote, self.chain.chain_id, SubmissionStatus.SIGNED)
        session.add(submission)
        session.flush()
        for row in rows:
            row.status, row.submission_id = ObservationStatus.SIGNED, submission.id
            row.signed_at = int(time.time())
        remember(session, self.protection)
        return submission


def submission_of(vote: SignedVote, chain_id: int, status: SubmissionStatus) -> SubmissionRow:
    return SubmissionRow(
        status=status,
        chain_id=chain_id,
        signer=vote.signer,
        mask=hex(vote.mask),
        evidence=vote.evidence.hex(),
        signature=vote.signature.hex(),
    )


def hold(session: Session, row: ObservationRow, reason: str) -> None:
    """Nothing is signed of it; its event is the operator's. Another paper of the same fact may still be signed."""
    row.status, row.reason = ObservationStatus.WITHDRAWN, reason
    event = session.get_one(EventRow, row.event_id)
    event.status, event.reason = EventStatus.HELD, reason


def _tell_refused(row: ObservationRow, objection: Objection) -> None:
    log.error(
        "signature refused",
        subject=row.subject,
        milestone=Milestone(row.milestone).name,
        sequence=row.sequence,
        reason=str(objection),
        operator_action_required=True,
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
