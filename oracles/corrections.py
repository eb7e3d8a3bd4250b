"""Papers that take back what earlier ones said. What was not sent is withdrawn; what was is raised to the operator."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from oracles.canonical import CanonicalEvent, Correction
from oracles.rules.milestones import SHIPPING
from oracles.store.bundles import bundle_in
from oracles.store.mapping import utc_text
from oracles.store.models import (
    CorrectionRow,
    EventReferenceRow,
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    ReadingRow,
    ReadingStatus,
    SubmissionRow,
    SubmissionStatus,
)


@dataclass(frozen=True)
class Effect:
    """What a correction did to one earlier event. `raised`: the operator must act, its vote may be on chain."""

    event_hash: str
    raised: bool

    def __str__(self) -> str:
        done = "already sent, retract it by hand" if self.raised else "withdrawn before it was sent"
        return f"{self.event_hash}: {done}"


def record_correction(
    session: Session, document_id: int, event: CanonicalEvent, correction: Correction
) -> list[Effect] | None:
    """Stores the correction and applies it to the events it means; None where it was applied before."""
    digest = _digest(event, correction)
    if session.exec(select(CorrectionRow).where(CorrectionRow.digest == digest)).first():
        return None
    effects = [withdraw(session, target, correction.reason) for target in _targets(session, event, correction)]
    session.add(
        CorrectionRow(
            document_id=document_id,
            digest=digest,
            event_hash=correction.event_hash or "",
            cancelled_id=_cancelled_id(event, correction),
            reason=correction.reason,
            declared_at=correction.declared_at.isoformat() if correction.declared_at else "",
            effect="; ".join(map(str, effects)) or "nothing of it is known here",
        )
    )
    session.flush()
    return effects


def corrected_before(session: Session, event: CanonicalEvent) -> CorrectionRow | None:
    """A correction that arrived ahead of the event it takes back."""
    means_it = col(CorrectionRow.event_hash) == event.event_hash
    if event.source_event_id:
        means_it = means_it | (col(CorrectionRow.cancelled_id) == f"{event.activity.standard}|{event.source_event_id}")
    return session.exec(select(CorrectionRow).where(means_it)).first()


def withdraw(session: Session, target: EventRow, reason: str) -> Effect:
    """Takes back one event: nothing of it is sent from now on, unless it may already have been."""
    statement = select(ObservationRow).where(
        ObservationRow.event_id == target.id, ObservationRow.status != ObservationStatus.WITHDRAWN
    )
    raised = not _readings_recalled(session, target, reason)
    observation = session.exec(statement).first()
    if observation is not None and not _recalled(session, observation, reason):
        target.status, target.reason = EventStatus.HELD, f"corrected after its vote was sent: {reason}"
        return Effect(target.event_hash, raised=True)
    target.status, target.reason, target.retry_at = EventStatus.WITHDRAWN, f"corrected: {reason}", None
    if raised:
        target.status, target.reason = EventStatus.HELD, f"corrected after its readings were handed out: {reason}"
    return Effect(target.event_hash, raised=raised)


def _readings_recalled(session: Session, target: EventRow, reason: str) -> bool:
    """Takes back what was measured; False where a relay may have a reading of it already."""
    recalled = True
    for row in session.exec(select(ReadingRow).where(ReadingRow.event_id == target.id)):
        if row.status in (ReadingStatus.PUBLISHED, ReadingStatus.COUNTED):
            recalled = False
        elif row.status != ReadingStatus.MISSED:
            row.status, row.reason = ReadingStatus.WITHDRAWN, f"corrected: {reason}"
    session.flush()
    return recalled


def _recalled(session: Session, observation: ObservationRow, reason: str) -> bool:
    if observation.status == ObservationStatus.SIGNED and not _batch_reopened(session, observation):
        return False
    if observation.status not in (ObservationStatus.DECIDED, ObservationStatus.SIGNED):
        return False
    observation.status, observation.reason, observation.submission_id = ObservationStatus.WITHDRAWN, reason, None
    session.flush()
    return True


def _batch_reopened(session: Session, observation: ObservationRow) -> bool:
    """Voids a batch that never had a nonce; its other observations are signed anew."""
    submission = session.get(SubmissionRow, observation.submission_id)
    if submission is None or submission.status != SubmissionStatus.SIGNED:
        return False
    if bundle_in(session, submission) is not None:
        # A relay has the vote.
        return False
    submission.status, submission.reason = SubmissionStatus.VOID, "a correction came before it was sent"
    statement = select(ObservationRow).where(ObservationRow.submission_id == submission.id)
    for sibling in session.exec(statement):
        sibling.status, sibling.submission_id = ObservationStatus.DECIDED, None
    return True


def _targets(session: Session, event: CanonicalEvent, correction: Correction) -> list[EventRow]:
    is_named = bool(correction.event_hash or correction.source_event_id)
    statement = _named(event, correction) if is_named else _shipments(event)
    return [row for row in session.exec(statement) if row.status != EventStatus.WITHDRAWN]


def _named(event: CanonicalEvent, correction: Correction) -> SelectOfScalar[EventRow]:
    """By hash or by number; a replacement never means itself."""
    is_named = col(EventRow.event_hash) == (correction.event_hash or "")
    if correction.source_event_id:
        same_number = (col(EventRow.standard) == event.activity.standard) & (
            EventRow.source_event_id == correction.source_event_id
        )
        is_named = is_named | (same_number & (EventRow.event_hash != event.event_hash))
    return select(EventRow).where(is_named)


def _shipments(event: CanonicalEvent) -> SelectOfScalar[EventRow]:
    """`void_shipping` names no event: it means the shippings that share a reference with it, up to its own time."""
    pairs = [(found.kind, found.value) for found in event.references]
    named = tuple_(col(EventReferenceRow.kind), col(EventReferenceRow.value))
    sharing = select(EventReferenceRow.event_id).where(named.in_(pairs))
    return select(EventRow).where(
        EventRow.standard == event.activity.standard,
        EventRow.activity == SHIPPING,
        EventRow.occurred_at <= utc_text(event.occurred_at),
        col(EventRow.id).in_(sharing),
    )


def _digest(event: CanonicalEvent, correction: Correction) -> str:
    moment = correction.declared_at.isoformat() if correction.declared_at else ""
    parts = (event.event_hash, correction.event_hash or "", moment, correction.reason)
    return sha256("\n".join(parts).encode()).hexdigest()


def _cancelled_id(event: CanonicalEvent, correction: Correction) -> str:
    """A number that is void from now on. One that was replaced is not: its new event carries it too."""
    if correction.replaces or not correction.source_event_id:
        return ""
    return f"{event.activity.standard}|{correction.source_event_id}"
