"""Votes in the outbox: one transaction carries one batch of this node's own observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from sqlmodel import Session

from chain_node.client import Call, Milestone, Refusal, Vote
from oracles.cargo import Telling
from oracles.chain import Key, NodeChain, Outcome
from oracles.metrics import Metrics
from oracles.store.models import (
    DocumentRow,
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    SubmissionRow,
)
from oracles.voting import batch_of, vote_of

log = structlog.get_logger("oracles")

HARMLESS: Final = frozenset({Refusal.ALREADY_FINAL, Refusal.ALREADY_VOTED})
"""The fact stood, or this organisation's vote on it did, before this transaction came."""

REFUSED_BY_NETWORK: Final = "the network refused the vote"


@dataclass(frozen=True)
class VoteCargo:
    chain: NodeChain
    metrics: Metrics

    def is_in(self, session: Session, submission: SubmissionRow) -> bool:
        return bool(submission.signature)

    def call(self, session: Session, submission: SubmissionRow) -> tuple[Call, int]:
        vote = vote_of(session, submission)
        own = Vote(vote.signer, vote.mask, vote.evidence, vote.signature)
        return self.chain.attest(vote.observations, [own]), vote.mask.bit_count()

    def settle(self, session: Session, submission: SubmissionRow, outcome: Outcome) -> Sequence[Telling]:
        # A vote that a relay brought on chain in the meantime is counted already.
        items = [item for item in batch_of(session, submission) if item.status == ObservationStatus.SIGNED]
        lines = [_settle(session, item, outcome) for item in items]
        return [partial(self._tell, line, outcome.block, submission.hash) for line in lines]

    def fail(self, session: Session, submission: SubmissionRow, reason: str) -> bool:
        for observation in batch_of(session, submission):
            observation.status, observation.reason = ObservationStatus.REFUSED, reason
            event = session.get_one(EventRow, observation.event_id)
            # What was corrected meanwhile has lost nothing by that.
            if event.status != EventStatus.CORRECTED:
                event.status, event.reason = EventStatus.HELD, f"its transaction failed: {reason}"
        return True

    def reopen(self, session: Session, submission: SubmissionRow) -> None:
        for item in batch_of(session, submission):
            if item.status not in (ObservationStatus.COUNTED, ObservationStatus.REFUSED):
                continue
            item.status, item.reason, item.block = ObservationStatus.SIGNED, "", None
            event = session.get_one(EventRow, item.event_id)
            if event.reason.startswith(REFUSED_BY_NETWORK):
                event.status, event.reason = EventStatus.VOUCHED, ""

    def handed_over(self, session: Session, submission: SubmissionRow) -> None:
        now = datetime.now(UTC)
        for observation in batch_of(session, submission):
            event = session.get_one(EventRow, observation.event_id)
            document = session.get_one(DocumentRow, event.document_id)
            taken_at = datetime.fromisoformat(document.received_at)
            self.metrics.paper_to_send.observe((now - taken_at).total_seconds())

    def _tell(self, line: dict[str, object], block: int, transaction: str) -> None:
        answer = str(line["answer"])
        self.metrics.votes.labels(answer).inc()
        if answer == "counted":
            log.info("vote counted", block=block, hash=transaction, **line)
        elif answer in {refusal.name for refusal in HARMLESS}:
            log.warning("vote refused", block=block, hash=transaction, **line)
        else:
            log.error("vote refused", block=block, hash=transaction, operator_action_required=True, **line)


def _settle(session: Session, item: ObservationRow, outcome: Outcome) -> dict[str, object]:
    key = Key(bytes.fromhex(item.subject), item.milestone, item.sequence)
    refusal = (outcome.answers or {}).get(key)
    event = session.get_one(EventRow, item.event_id)
    item.block = outcome.block
    if refusal is Refusal.NONE:
        item.status, answer = ObservationStatus.COUNTED, "counted"
    else:
        answer = "no answer" if refusal is None else refusal.name
        item.status, item.reason = ObservationStatus.REFUSED, answer
        if event.status != EventStatus.CORRECTED:
            event.reason = f"{REFUSED_BY_NETWORK}: {answer}"
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
