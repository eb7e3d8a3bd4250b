"""From stored events to observations: asks the judge, remembers what this node said before, stores the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from oracles.canonical import CanonicalEvent
from oracles.chain import Head, Key
from oracles.checkpoints import Checkpoint, Point
from oracles.judging import Judge, Judgement
from oracles.metrics import Metrics
from oracles.resolving import apply_all
from oracles.rivals import (
    CONFLICT,
    RULE,
    Considering,
    account_of,
    contradicts,
    own_objection,
    settle,
    told_before,
    unmatched,
)
from oracles.rules.decisions import NOTHING_THERE, SIGN, Decision, Verdict, chain_seconds
from oracles.store.database import Database
from oracles.store.mapping import event_of
from oracles.store.models import EventReferenceRow, EventRow, EventStatus, ObservationRow, ObservationStatus
from oracles.store.resolutions import ResolutionAction

log = structlog.get_logger("oracles")

MOST_AT_ONCE = 64
MOST_NEW = 1024
STATUS_OF = {
    Verdict.SIGN: EventStatus.VOUCHED,
    Verdict.WAIT: EventStatus.WAITING,
    Verdict.REFUSE: EventStatus.NOT_SIGNED,
    Verdict.HOLD: EventStatus.HELD,
}
Judged = tuple[int, CanonicalEvent, Judgement]
VERDICT_OF = {str(status): verdict for verdict, status in STATUS_OF.items()}


@dataclass
class Deciding:
    """New events at once; waiting ones when something woke them. A dry node stores no observation.

    `consider_seconds`: how long a paper waits for another of the same fact before it is signed.
    """

    database: Database
    judge: Judge
    checkpoint: Checkpoint
    metrics: Metrics
    dry: bool = False
    consider_seconds: int = 0
    awake: dict[int, None] = field(default_factory=dict)
    """Looked at a few a turn, in the order in which they were woken: who is woken again keeps its place."""
    linked: set[int] = field(default_factory=set)
    """Woken by a link: looked at together, for they may speak of one fact."""
    _first_look: set[int] = field(default_factory=set)
    _kept_back: set[int] = field(default_factory=set)
    """Would be signed, and are looked at again when all that waited were looked at once."""

    @property
    def waits(self) -> bool:
        return bool(self.awake or self.linked or self._kept_back)

    def run(self, head: Head) -> int:
        """Number of events decided.

        All that are new, up to MOST_NEW, and whatever else may speak of the same fact: it is compared before one
        is signed.
        """
        self._hear_operator()
        if not self._first_look:
            self.linked, self._kept_back = self.linked | self._kept_back, set()
        pending = self._pending()
        if not pending:
            return 0
        judged = self._judged(pending, head)
        looked_at = {event_id for event_id, _, _ in judged}
        self._first_look -= looked_at
        with self.database.session() as session:
            lines = self._record_all(session, judged, head)
            session.flush()
            self.checkpoint(Point.OBSERVATION_DECIDING)
        self._fall_asleep(looked_at)
        for line in lines:
            self._tell(line, head)
        self.checkpoint(Point.OBSERVATION_DECIDED)
        return len(judged)

    def _judged(self, pending: Sequence[tuple[int, CanonicalEvent]], head: Head) -> list[Judged]:
        """With those that wait unmatched and are known by what leads to a consignment that would be signed for."""
        judged: list[Judged] = []
        while pending:
            self.judge.look_ahead([event for _, event in pending], head)
            judged += [(event_id, event, self.judge.judge(event, head)) for event_id, event in pending]
            would_sign = {result.key.subject for _, _, result in judged if result.key and result.decision == SIGN}
            keyed = {known.hex() for subject in would_sign for known in self.judge.known_of(subject)}
            with self.database.session() as session:
                others = unmatched(session, keyed, {event_id for event_id, _, _ in judged}) if keyed else []
                pending = self._events(session, others)
        return sorted(judged, key=lambda found: found[0])

    def _hear_operator(self) -> None:
        with self.database.session() as session:
            self.awake |= dict.fromkeys(apply_all(session))

    def wake(self, references: Sequence[str], head: Head) -> None:
        """Waiting events whose reference was linked, or whose time has come."""
        with self.database.session() as session:
            waiting = select(EventRow.id).where(EventRow.status == EventStatus.WAITING)
            due = waiting.where(col(EventRow.retry_at) <= head.timestamp)
            self.awake |= _ids(session.exec(due).all())
            if references:
                linked = waiting.where(
                    col(EventRow.id).in_(
                        select(EventReferenceRow.event_id).where(col(EventReferenceRow.keyed).in_(references))
                    )
                )
                self.linked |= _ids(session.exec(linked).all()).keys()

    def begin(self) -> None:
        """On a new connection: any reference may have been linked meanwhile, so nothing is signed before all that
        waits was looked at once."""
        self.wake_all()
        self._first_look = set(self.awake)

    def wake_all(self) -> None:
        """All that wait, and those that were held for another paper, which a correction may have withdrawn."""
        with self.database.session() as session:
            self.awake |= _ids(session.exec(select(EventRow.id).where(_may_go_on())).all())

    def _pending(self) -> list[tuple[int, CanonicalEvent]]:
        with self.database.session() as session:
            chosen = {*islice(self.awake, MOST_AT_ONCE), *self.linked}
            is_awake = _may_go_on() & col(EventRow.id).in_(chosen)
            awake = session.exec(select(EventRow).where(is_awake).order_by(col(EventRow.id))).all()
            # Woken events that no longer wait would otherwise be asked for again and again.
            gone = chosen - {row.id for row in awake if row.id is not None}
            self._fall_asleep(gone)
            self._first_look -= gone
            is_new = col(EventRow.status) == EventStatus.NEW
            new = session.exec(select(EventRow).where(is_new).order_by(col(EventRow.id)).limit(MOST_NEW)).all()
            return self._events(session, [*awake, *new])

    def _fall_asleep(self, ids: set[int]) -> None:
        self.awake = {event_id: None for event_id in self.awake if event_id not in ids}
        self.linked -= ids

    def _events(self, session: Session, rows: Sequence[EventRow]) -> list[tuple[int, CanonicalEvent]]:
        return [(row.id, event_of(row, self._references(session, row))) for row in rows if row.id is not None]

    @staticmethod
    def _references(session: Session, row: EventRow) -> list[EventReferenceRow]:
        """What a whole event holds itself."""
        if row.canonical is not None:
            return []
        statement = select(EventReferenceRow).where(EventReferenceRow.event_id == row.id)
        return list(session.exec(statement.order_by(col(EventReferenceRow.id))))

    def _record_all(self, session: Session, judged: Sequence[Judged], head: Head) -> list[dict[str, object]]:
        """First each for itself, then those that would be signed against all that speak of the same fact."""
        found = [(session.get_one(EventRow, event_id), event, result) for event_id, event, result in judged]
        before = [(row.status, row.reason) for row, _, _ in found]
        crowded = self._crowded(session, judged)
        decisions = [self._note(session, row, event, result, head, crowded) for row, event, result in found]
        session.flush()
        for place, (row, event, result) in enumerate(found):
            if decisions[place].verdict is Verdict.SIGN and result.key is not None and self._first_look:
                decisions[place] = self._keep_back(row)
            elif decisions[place].verdict is Verdict.SIGN and result.key is not None:
                decisions[place] = self._settle(session, row, event, result.key, head, alone=result.key not in crowded)
            elif decisions[place] == NOTHING_THERE and result.key is not None and row.status == EventStatus.HELD:
                decisions[place] = contradicts(session, row, result.key) or NOTHING_THERE
                _store(row, decisions[place])
        lines = []
        for (row, event, result), decision, was in zip(found, decisions, before, strict=True):
            # What a later account of the same fact made of it counts.
            if (row.status, row.reason) != was:
                told = decision if row.reason == decision.reason else Decision(VERDICT_OF[row.status], row.reason)
                lines.append(_line(event, result, told))
        return lines

    @staticmethod
    def _crowded(session: Session, judged: Sequence[Judged]) -> set[Key]:
        """The facts of which more than one of these events, or anything before them, speaks."""
        keys = Counter(result.key for _, _, result in judged if result.key is not None)
        before = told_before(session, keys, {event_id for event_id, _, _ in judged}) if keys else set()
        return before | {key for key, count in keys.items() if count > 1}

    def _note(
        self,
        session: Session,
        row: EventRow,
        event: CanonicalEvent,
        result: Judgement,
        head: Head,
        crowded: Collection[Key],
    ) -> Decision:
        """What is decided of an event without a look at others that are not signed yet."""
        decision = result.decision
        row.kind, row.decided_block = result.kind or "", head.number
        row.milestone = int(result.milestone) if result.milestone else None
        if result.key is not None:
            row.subject, row.sequence = result.key.subject.hex(), result.key.sequence
            if result.key in crowded:
                decision = own_objection(session, account_of(row), result.key) or decision
        if decision.for_operator and row.resolved == ResolutionAction.SIGN and not event.is_empty:
            decision = SIGN
        elif decision.verdict is Verdict.HOLD:
            row.held_for = RULE if decision.for_operator else ""
        if decision.verdict is Verdict.WAIT and row.held_for == CONFLICT and row.status == EventStatus.HELD:
            return decision
        if decision.verdict is not Verdict.SIGN:
            _store(row, decision)
        elif row.status == EventStatus.NEW:
            row.status = EventStatus.WAITING
        if decision.verdict is Verdict.SIGN and row.considered_at is None:
            row.considered_at = head.timestamp
        return decision

    def _keep_back(self, row: EventRow) -> Decision:
        self._kept_back.add(row.id or 0)
        if row.status == EventStatus.WAITING:
            row.reason = "what waits is looked at first"
        return Decision(VERDICT_OF[row.status], row.reason)

    def _settle(
        self, session: Session, row: EventRow, event: CanonicalEvent, key: Key, head: Head, *, alone: bool
    ) -> Decision:
        if row.status not in (EventStatus.WAITING, EventStatus.HELD) or (
            row.status == EventStatus.HELD and row.held_for != CONFLICT
        ):
            # An account that came before it in this turn has decided it.
            return Decision(VERDICT_OF[row.status], row.reason)
        decision = settle(session, row, key, Considering(self.consider_seconds, head.timestamp), alone=alone)
        _store(row, decision)
        if decision.verdict is Verdict.SIGN:
            row.held_for = ""
            if not self.dry:
                session.add(_observation(row.id or 0, event, key))
        return decision

    def _tell(self, line: dict[str, object], head: Head) -> None:
        if not line:
            return
        verdict = str(line["verdict"])
        self.metrics.decisions.labels(verdict).inc()
        if verdict == Verdict.HOLD:
            log.error("decision", block=head.number, operator_action_required=True, **line)
        else:
            log.info("decision", block=head.number, dry_run=self.dry, **line)


def status_counts(database: Database) -> dict[str, int]:
    """Events by status."""
    with database.session() as session:
        statement = select(EventRow.status, func.count(col(EventRow.id))).group_by(EventRow.status)
        return dict(session.exec(statement).all())


def _ids(found: Iterable[int | None]) -> dict[int, None]:
    return dict.fromkeys(event_id for event_id in found if event_id is not None)


def _may_go_on() -> ColumnElement[bool]:
    conflict = (col(EventRow.status) == EventStatus.HELD) & (col(EventRow.held_for) == CONFLICT)
    return (col(EventRow.status) == EventStatus.WAITING) | conflict


def _store(row: EventRow, decision: Decision) -> None:
    row.status, row.reason, row.retry_at = STATUS_OF[decision.verdict], decision.reason, decision.retry_at


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
    return line | {"rule": result.rule, "quantity": event.quantity, "match": result.match, "reason": decision.reason}
