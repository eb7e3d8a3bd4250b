"""What became of the node's votes on relays' lists, as the chain tells: counted, needed no more, or neither yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Milestone, Refusal
from oracles.cargo.votes import HARMLESS
from oracles.chain import CountedVotes, Head, Key, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.judging import Judge
from oracles.metrics import Metrics
from oracles.rules.decisions import Decision, Verdict
from oracles.store.bundles import BundleRow, bundle_in
from oracles.store.database import Database
from oracles.store.models import (
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.voting import batch_of

log = structlog.get_logger("oracles")

UNSENT: Final = (SubmissionStatus.RELAYED, SubmissionStatus.SIGNED)
"""States of a vote on a list that this node has not sent by itself."""
FINAL_VERDICTS: Final = (Verdict.REFUSE, Verdict.HOLD)
"""After these the network needs no vote of this node; what only waits is sent, and the network says why it waits."""


@dataclass
class ListSettling:
    """`settled` is told the submissions of which nothing is open any more."""

    database: Database
    chain: NodeChain
    judge: Judge
    confirmations: int
    checkpoint: Checkpoint
    metrics: Metrics
    settled: Callable[[int], object]

    def run(self, head: Head) -> int:
        """Looks for the votes on lists that this node has not sent by itself; the number of facts settled. What lies
        less deep than `confirmations` may yet vanish, and is looked for again."""
        with self.database.session() as session:
            open_ = own_lists(session, UNSENT)
            blocks = [row.signed_block for row in (bundle_in(session, its) for its in open_) if row is not None]
        if not open_:
            return 0
        deep = head.number - self.confirmations + 1
        found: dict[Key, list[CountedVotes]] = {}
        for votes in self.chain.votes(max(0, min(*blocks, head.number) if blocks else 0), deep):
            found.setdefault(votes.key, []).append(votes)
        organisation = self.judge.organisation(head)
        return sum(self._settle(row, found, organisation, head) for row in open_)

    def _settle(
        self, submission: SubmissionRow, found: dict[Key, list[CountedVotes]], organisation: int, head: Head
    ) -> int:
        lines = []
        with self.database.session() as session:
            stored = session.get_one(SubmissionRow, submission.id)
            rows = batch_of(session, stored)
            about = select(EventRow).where(col(EventRow.id).in_([row.event_id for row in rows]))
            events = {event.id: event for event in session.exec(about)}
            for row in rows:
                line = self._answer_of(
                    session, row, events[row.event_id], found.get(key_in(row), ()), organisation, head
                )
                lines += [line] if line else []
            if not any(map(is_open, rows)):
                stored.status = SubmissionStatus.SETTLED
                stored.block = max((row.block or 0 for row in rows), default=head.number)
            session.flush()
            self.checkpoint(Point.LIST_SETTLING)
        if stored.status == SubmissionStatus.SETTLED:
            self.settled(stored.id or 0)
        for line in lines:
            self._say(line)
        if lines:
            self.checkpoint(Point.LIST_SETTLED)
        return len(lines)

    def _answer_of(
        self,
        session: Session,
        row: ObservationRow,
        event: EventRow,
        found: Sequence[CountedVotes],
        organisation: int,
        head: Head,
    ) -> dict[str, object] | None:
        """Stores that the vote is counted, or that the fact needs it no more; nothing while neither is so."""
        if not is_open(row):
            return None
        mine = next((votes for votes in found if organisation in votes.organisations), None)
        if mine is not None:
            row.status, row.block, answer = ObservationStatus.COUNTED, mine.block, Refusal.NONE
        else:
            if not any(votes.final for votes in found):
                return None
            decision = self.judge.again(key_in(row), row.occurred_at, row.quantity, head)
            if decision.verdict not in FINAL_VERDICTS:
                return None
            superseded(session, row, decision)
            answer = decision.mirrors
        return {
            "event_hash": event.event_hash,
            "subject": row.subject,
            "milestone": Milestone(row.milestone).name,
            "sequence": row.sequence,
            "answer": "counted" if answer is Refusal.NONE else answer.name,
            "fact": "final" if any(votes.final for votes in found) else "gathering",
            "block": row.block,
        }

    def _say(self, line: dict[str, object]) -> None:
        answer = str(line["answer"])
        self.metrics.votes.labels(answer).inc()
        if answer == "counted":
            log.info("vote counted", through="relay", **line)
        else:
            log.warning("vote not needed", through="relay", **line)


def own_lists(
    session: Session, statuses: Sequence[SubmissionStatus] = tuple(SubmissionStatus), packed: str | None = None
) -> list[SubmissionRow]:
    """This node's votes on lists, in these states, or on this list. A bundle of its own relay has no signature."""
    joined = select(SubmissionRow).join(BundleRow, col(BundleRow.submission_id) == col(SubmissionRow.id))
    found = joined.where(SubmissionRow.signature != "", col(SubmissionRow.status).in_(statuses))
    if packed is not None:
        found = found.where(BundleRow.observations == packed)
    return list(session.exec(found.order_by(col(SubmissionRow.id))))


def superseded(session: Session, row: ObservationRow, decision: Decision) -> None:
    """The network needs no vote of this node any more, or the operator must look at what it says instead."""
    row.status, row.reason = ObservationStatus.REFUSED, decision.mirrors.name
    event = session.get_one(EventRow, row.event_id)
    event.reason = f"the network needs no vote: {decision.reason}"
    if decision.verdict is Verdict.HOLD or decision.mirrors not in HARMLESS:
        event.status, event.reason = EventStatus.HELD, decision.reason
    session.flush()


def is_open(row: ObservationRow) -> bool:
    return row.status == ObservationStatus.SIGNED


def key_in(row: ObservationRow) -> Key:
    return Key(bytes.fromhex(row.subject), row.milestone, row.sequence)
