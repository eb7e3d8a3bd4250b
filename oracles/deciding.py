"""From stored events to observations: asks the judge, remembers what this node said before, stores the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from sqlmodel import Session, col, select

from oracles.canonical import CanonicalEvent
from oracles.chain import Head, Key
from oracles.checkpoints import Checkpoint, Point
from oracles.judging import Judge, Judgement
from oracles.metrics import Metrics
from oracles.rules.decisions import Decision, Verdict, chain_seconds
from oracles.store.database import Database
from oracles.store.mapping import event_of
from oracles.store.models import EventReferenceRow, EventRow, EventStatus, ObservationRow, ObservationStatus
from oracles.store.retractions import OPEN, RetractionRow, RetractionStatus

log = structlog.get_logger("oracles")

MOST_AT_ONCE = 64
STATUS_OF = {
    Verdict.SIGN: EventStatus.VOUCHED,
    Verdict.WAIT: EventStatus.WAITING,
    Verdict.REFUSE: EventStatus.NOT_SIGNED,
    Verdict.HOLD: EventStatus.HELD,
}


@dataclass
class Deciding:
    """New events at once; waiting ones when something woke them. A dry node stores no observation."""

    database: Database
    judge: Judge
    checkpoint: Checkpoint
    metrics: Metrics
    dry: bool = False
    awake: set[int] = field(default_factory=set)

    def run(self, head: Head) -> int:
        """Number of events decided; at most MOST_AT_ONCE, so that a flood does not keep votes from being sent."""
        pending = self._pending()
        if not pending:
            return 0
        judged = [(event_id, event, self.judge.judge(event, head)) for event_id, event in pending]
        with self.database.session() as session:
            lines = [self._record(session, event_id, event, result, head) for event_id, event, result in judged]
            self.checkpoint(Point.OBSERVATION_DECIDING)
        self.awake.difference_update(event_id for event_id, _ in pending)
        for line in lines:
            self._tell(line, head)
        self.checkpoint(Point.OBSERVATION_DECIDED)
        return len(pending)

    def wake(self, references: Sequence[str], head: Head) -> None:
        """Waiting events whose reference was linked, or whose time has come."""
        with self.database.session() as session:
            waiting = select(EventRow.id).where(EventRow.status == EventStatus.WAITING)
            due = waiting.where(col(EventRow.retry_at) <= head.timestamp)
            self.awake.update(found for found in session.exec(due) if found is not None)
            if references:
                linked = waiting.where(
                    col(EventRow.id).in_(
                        select(EventReferenceRow.event_id).where(col(EventReferenceRow.keyed).in_(references))
                    )
                )
                self.awake.update(found for found in session.exec(linked) if found is not None)

    def wake_all(self) -> None:
        with self.database.session() as session:
            waiting = session.exec(select(EventRow.id).where(EventRow.status == EventStatus.WAITING))
            self.awake.update(found for found in waiting if found is not None)

    def _pending(self) -> list[tuple[int, CanonicalEvent]]:
        with self.database.session() as session:
            is_awake = (col(EventRow.status) == EventStatus.WAITING) & col(EventRow.id).in_(
                sorted(self.awake)[:MOST_AT_ONCE]
            )
            statement = select(EventRow).where((col(EventRow.status) == EventStatus.NEW) | is_awake)
            rows = session.exec(statement.order_by(col(EventRow.id)).limit(MOST_AT_ONCE)).all()
            # Woken events that no longer wait would otherwise be asked for again and again.
            if len(rows) < MOST_AT_ONCE:
                self.awake.intersection_update(row.id for row in rows if row.id is not None)
            return [(row.id, event_of(row, self._references(session, row.id))) for row in rows if row.id is not None]

    @staticmethod
    def _references(session: Session, event_id: int) -> list[EventReferenceRow]:
        statement = select(EventReferenceRow).where(EventReferenceRow.event_id == event_id)
        return list(session.exec(statement.order_by(col(EventReferenceRow.id))))

    def _record(
        self, session: Session, event_id: int, event: CanonicalEvent, result: Judgement, head: Head
    ) -> dict[str, object]:
        row = session.get_one(EventRow, event_id)
        decision = result.decision
        if result.key is not None:
            decision = own_objection(session, event, result.key) or decision
        changed = (row.status, row.reason) != (STATUS_OF[decision.verdict], decision.reason)
        row.status, row.reason, row.retry_at = STATUS_OF[decision.verdict], decision.reason, decision.retry_at
        row.decided_block = head.number
        if result.key is not None:
            row.subject, row.milestone, row.sequence = (
                result.key.subject.hex(),
                int(result.key.milestone),
                result.key.sequence,
            )
            if decision.verdict is Verdict.SIGN and not self.dry:
                session.add(_observation(event_id, event, result.key))
        session.flush()
        return _line(event, result, decision) if changed else {}

    def _tell(self, line: dict[str, object], head: Head) -> None:
        if not line:
            return
        verdict = str(line["verdict"])
        self.metrics.decisions.labels(verdict).inc()
        if verdict == Verdict.HOLD:
            log.error("decision", block=head.number, operator_action_required=True, **line)
        else:
            log.info("decision", block=head.number, dry_run=self.dry, **line)


def own_objection(session: Session, event: CanonicalEvent, key: Key) -> Decision | None:
    """What this node said before of the same fact binds it."""
    statement = select(ObservationRow).where(
        ObservationRow.subject == key.subject.hex(),
        ObservationRow.milestone == int(key.milestone),
        ObservationRow.sequence == key.sequence,
        ObservationRow.status != ObservationStatus.WITHDRAWN,
    )
    prior = session.exec(statement).first()
    if prior is None:
        return None
    retraction = session.exec(select(RetractionRow).where(RetractionRow.observation_id == prior.id)).first()
    if retraction is not None and retraction.status in OPEN:
        return Decision(Verdict.WAIT, "this node's other account of the fact is being taken back")
    if retraction is not None and retraction.status == RetractionStatus.RETRACTED:
        return Decision(Verdict.HOLD, f"after a retraction there is no other vote on a fact: {_both(prior, event)}")
    if (prior.occurred_at, prior.quantity) == (chain_seconds(event.occurred_at), event.quantity):
        return Decision(Verdict.REFUSE, "not signed: this node has vouched for the same already, from another paper")
    return Decision(Verdict.HOLD, f"differs from what this node vouched for: {_both(prior, event)}")


def _both(prior: ObservationRow, event: CanonicalEvent) -> str:
    return (
        f"then {prior.quantity} thousandths at {prior.occurred_at}, "
        f"now {event.quantity} at {chain_seconds(event.occurred_at)}"
    )


def _observation(event_id: int, event: CanonicalEvent, key: Key) -> ObservationRow:
    return ObservationRow(
        event_id=event_id,
        subject=key.subject.hex(),
        milestone=int(key.milestone),
        sequence=key.sequence,
        occurred_at=chain_seconds(event.occurred_at),
        quantity=event.quantity,
        evidence=event.evidence.hex(),
        status=ObservationStatus.DECIDED,
    )


def _line(event: CanonicalEvent, result: Judgement, decision: Decision) -> dict[str, object]:
    line: dict[str, object] = {"event_hash": event.event_hash, "verdict": str(decision.verdict)}
    if result.milestone is not None:
        line["milestone"] = result.milestone.name
    if result.key is not None:
        line |= {"subject": result.key.subject.hex(), "sequence": result.key.sequence}
    return line | {"quantity": event.quantity, "match": result.match, "reason": decision.reason}
