"""Retractions in the outbox: one transaction takes back one vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlmodel import Session, select

from chain_node.client import Call, Milestone
from oracles.cargo import Telling
from oracles.chain import Key, NodeChain, Outcome
from oracles.metrics import Metrics
from oracles.store.models import EventRow, EventStatus, ObservationRow, ObservationStatus, SubmissionRow
from oracles.store.retractions import RetractionRow, RetractionStatus
from oracles.voting import vote_of

log = structlog.get_logger("oracles")

MOST_ATTEMPTS: Final = 3
"""So many transactions may fail although the network would have taken them when they were made."""


@dataclass(frozen=True)
class RetractionCargo:
    chain: NodeChain
    metrics: Metrics

    def is_in(self, session: Session, submission: SubmissionRow) -> bool:
        return _row_in(session, submission) is not None

    def call(self, session: Session, submission: SubmissionRow) -> tuple[Call, int]:
        row = _row_in(session, submission)
        assert row is not None
        return call_of(session, self.chain, row), 1

    def settle(self, session: Session, submission: SubmissionRow, outcome: Outcome) -> Sequence[Telling]:
        row = _row_in(session, submission)
        assert row is not None
        observation = session.get_one(ObservationRow, row.observation_id)
        key = key_of(observation)
        if key not in (outcome.retracted or frozenset()):
            refuse(session, row, "the transaction took no vote back")
            return [partial(self._tell_refused, key, row.reason)]
        row.status, row.block, row.reason = RetractionStatus.RETRACTED, outcome.block, ""
        observation.status = ObservationStatus.RETRACTED
        event = session.get_one(EventRow, observation.event_id)
        if event.status == EventStatus.CORRECTED:
            event.reason = f"{_why(event)}; its vote was taken back in block {outcome.block}"
        wake(session, observation)
        fact = (outcome.facts or {}).get(key, "gathering")
        return [partial(self._tell, event.event_hash, key, outcome.block, submission.hash, fact)]

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> bool:
        """Looked at again with the next block: another instance may have been first, and then it is needless."""
        row = _row_in(session, submission)
        assert row is not None
        row.attempts, row.submission_id = row.attempts + 1, None
        if row.attempts >= MOST_ATTEMPTS:
            refuse(session, row, reason)
            return True
        row.status, row.reason = RetractionStatus.WAITING, reason
        return False

    def reopen(self, session: Session, submission: SubmissionRow) -> None:
        row = _row_in(session, submission)
        assert row is not None
        row.status, row.block, row.reason = RetractionStatus.LAID, None, ""
        observation = session.get_one(ObservationRow, row.observation_id)
        if observation.status == ObservationStatus.RETRACTED:
            observation.status = ObservationStatus.COUNTED

    def handed_over(self, session: Session, submission: SubmissionRow) -> None:
        """Nothing is measured of retractions."""

    def _tell(self, event_hash: str, key: Key, block: int, transaction: str, fact: str) -> None:
        self.metrics.retractions.labels("retracted").inc()
        log.info("vote retracted", event_hash=event_hash, block=block, hash=transaction, fact=fact, **_line(key))

    def _tell_refused(self, key: Key, reason: str) -> None:
        self.metrics.retractions.labels("refused").inc()
        log.error("retraction refused", reason=reason, operator_action_required=True, **_line(key))


def call_of(session: Session, chain: NodeChain, row: RetractionRow) -> Call:
    """Shows the vote as it was signed, with the place of what is taken back in it."""
    observation = session.get_one(ObservationRow, row.observation_id)
    submission = session.get_one(SubmissionRow, observation.submission_id)
    vote = vote_of(session, submission)
    return chain.retract(vote, vote.place_of(key_of(observation)), bytes.fromhex(row.evidence))


def refuse(session: Session, row: RetractionRow, reason: str) -> None:
    """For the operator: the vote may still have its force."""
    row.status, row.reason = RetractionStatus.REFUSED, reason
    observation = session.get_one(ObservationRow, row.observation_id)
    event = session.get_one(EventRow, observation.event_id)
    event.status, event.reason = EventStatus.HELD, f"{_why(event)}; its vote cannot be taken back: {reason}"
    wake(session, observation)


def needless(session: Session, row: RetractionRow, reason: str) -> None:
    """Nothing of the vote counts, so the event is just withdrawn."""
    row.status, row.reason = RetractionStatus.NEEDLESS, reason
    observation = session.get_one(ObservationRow, row.observation_id)
    event = session.get_one(EventRow, observation.event_id)
    if event.status == EventStatus.CORRECTED:
        event.status, event.reason = EventStatus.WITHDRAWN, f"{_why(event)}; nothing to take back: {reason}"
    wake(session, observation)


def wake(session: Session, observation: ObservationRow) -> None:
    """Another account of the fact that waited for this one is decided now."""
    waiting = select(EventRow).where(
        EventRow.status == EventStatus.WAITING,
        EventRow.subject == observation.subject,
        EventRow.milestone == observation.milestone,
        EventRow.sequence == observation.sequence,
    )
    for event in session.exec(waiting):
        event.retry_at = 0
    session.flush()


def key_of(row: ObservationRow) -> Key:
    return Key(bytes.fromhex(row.subject), row.milestone, row.sequence)


def _row_in(session: Session, submission: SubmissionRow) -> RetractionRow | None:
    return session.exec(select(RetractionRow).where(RetractionRow.submission_id == submission.id)).first()


def _why(event: EventRow) -> str:
    """What corrected it, without what was said of its vote so far."""
    return event.reason.partition(";")[0]


def _line(key: Key) -> dict[str, object]:
    return {"subject": key.subject.hex(), "milestone": Milestone(key.milestone).name, "sequence": key.sequence}
