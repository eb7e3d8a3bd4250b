"""Papers that take back what earlier ones said. What was not sent is withdrawn; a vote that was is retracted.

It ends there: whoever has retracted has no other vote on that fact, so a paper that takes a correction back, or states
again what was corrected, changes nothing and is for the operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from chain_node.client import Refusal
from oracles.canonical import CanonicalEvent, Correction
from oracles.origins import may_correct, origin_of
from oracles.rules.milestones import SHIPPING
from oracles.store.bundles import bundle_in
from oracles.store.mapping import utc_text
from oracles.store.models import (
    CorrectionRow,
    DocumentRow,
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
from oracles.store.movements import MessageRow
from oracles.store.retractions import RetractionRow, RetractionStatus

UNSENT = "withdrawn before it was sent"
BY_HAND = "already sent, retract it by hand"
DUE = "its vote is being taken back"
KNOWN = "its vote is taken back already"
UNCOUNTED = "withdrawn: its vote was never counted"
RECALLED = "its readings are taken out of the exchange"
IN_A_VALUE = "its readings are in a feed's value and cannot be taken back"
FOREIGN = "came from another sender, so it stays; if it is to be taken back, lay the correction into the inbox"
DOUBTED = "another sender takes it back"
NO_RETURN = "is itself a correction: what it took back stays so, a vote once retracted has no other on its fact"
STANDS = frozenset({Refusal.ALREADY_VOTED.name, "no answer"})
"""Refusals of a vote that leave the organisation's vote on that fact, given by another of its nodes, on chain."""


@dataclass(frozen=True)
class Effect:
    """What a correction did to one earlier event. `raised`: the operator must act."""

    event_hash: str
    done: str
    raised: bool = False

    def __str__(self) -> str:
        return f"{self.event_hash}: {self.done}"


@dataclass(frozen=True)
class Applying:
    """A correction while it is applied; one that no paper declares has no row. `retracts`: whether votes are taken
    back, or only raised."""

    session: Session
    reason: str
    row: CorrectionRow | None = None
    retracts: bool = False


def record_correction(
    session: Session, document_id: int, event: CanonicalEvent, correction: Correction, *, retracts: bool = True
) -> list[Effect] | None:
    """Stores the correction and applies it to the events it means; None where it was applied before."""
    digest = _digest(event, correction, origin_of(session, document_id))
    if _applied_before(session, event, correction, digest, document_id):
        return None
    targets = _targets(session, event, correction)
    row = CorrectionRow(
        document_id=document_id,
        digest=digest,
        event_hash=correction.event_hash or "",
        source_hash="" if correction.replaces else event.event_hash,
        cancelled_id=_cancelled_id(event, correction),
        reason=correction.reason,
        declared_at=utc_text(correction.declared_at) if correction.declared_at else "",
    )
    session.add(row)
    session.flush()
    its = Applying(session, row.reason, row, retracts)
    own = [target for target in targets if may_correct(session, document_id, target.document_id)]
    effects = [_withdraw(its, target) for target in own]
    if not (own and correction.source_event_id):
        # Two carriers may have the same running numbers: who means an event of his own does not mean another's.
        effects += [_doubted(its, target) for target in targets if target not in own]
    row.effect = "; ".join(map(str, effects)) or "nothing of it is known here"
    session.flush()
    return effects


def corrected_before(session: Session, event: CanonicalEvent, document_id: int) -> CorrectionRow | None:
    """A correction, of the same sender, that arrived ahead of the event it takes back."""
    means_it = col(CorrectionRow.event_hash) == event.event_hash
    if event.source_event_id:
        means_it = means_it | (col(CorrectionRow.cancelled_id) == numbered(event, event.source_event_id))
    found = session.exec(select(CorrectionRow).where(means_it).order_by(col(CorrectionRow.id).desc()))
    return next((row for row in found if may_correct(session, row.document_id, document_id)), None)


def doubt_before(session: Session, event: CanonicalEvent, document_id: int) -> str:
    """Why an event is held whose error another sender declared ahead of it; empty where nobody did."""
    means_it = (col(CorrectionRow.event_hash) == event.event_hash) & (col(CorrectionRow.source_hash) != "")
    for row in session.exec(select(CorrectionRow).where(means_it)):
        if not may_correct(session, row.document_id, document_id):
            return f"{DOUBTED}: {row.reason}"
    return ""


def doubt_on(session: Session, event: CanonicalEvent, document_id: int) -> str:
    """As `doubt_before`, of a known event: what another sender declared after it came in counts too."""
    told = select(CorrectionRow).where(
        col(CorrectionRow.effect).contains(f"{event.event_hash}: {FOREIGN}", autoescape=True)
    )
    found = session.exec(told.order_by(col(CorrectionRow.id))).first()
    return doubt_before(session, event, document_id) if found is None else f"{DOUBTED}: {found.reason}"


def states_again(event: CanonicalEvent, correction: CorrectionRow) -> bool:
    """Whether the paper was written after the correction, so that it contradicts it instead of being late."""
    if event.correction is not None and not event.correction.replaces:
        return False
    written = utc_text(event.recorded_at) if event.recorded_at else ""
    return bool(correction.declared_at) and written > correction.declared_at


def revived(session: Session, known: EventRow, event: CanonicalEvent) -> bool:
    """A paper that was replaced may be replaced back: what it said first counts again, unless it was cancelled."""
    replaces = event.correction is not None and event.correction.replaces
    if (
        not replaces
        or known.status != EventStatus.WITHDRAWN
        or corrected_before(session, event, known.document_id) is not None
    ):
        return False
    known.status, known.reason = EventStatus.NEW, ""
    return True


def withdraw(session: Session, target: EventRow, reason: str) -> Effect:
    """Takes back an event that another account replaces; a vote that may have been sent is for the operator."""
    return _withdraw(Applying(session, reason), target)


def foretold(session: Session, event: CanonicalEvent, correction: Correction, *, retracts: bool) -> Iterator[str]:
    """What the correction would mean for each event that it concerns; changes nothing."""
    for target in _targets(session, event, correction):
        observation = _observation(session, target)
        if observation is None or observation.status == ObservationStatus.DECIDED:
            done = "would be withdrawn"
        elif observation.status == ObservationStatus.RETRACTED:
            done = KNOWN
        else:
            done = "its vote would be taken back, if it counts" if retracts else "its vote would be raised"
        yield f"{target.event_hash} ({target.status}): {done}"


def _withdraw(its: Applying, target: EventRow) -> Effect:
    """Takes back one event: nothing of it is sent from now on, and what may have been is retracted."""
    reason = its.reason
    if _is_correction(its, target):
        target.status, target.reason = EventStatus.HELD, f"{reason}, but it {NO_RETURN}"
        return Effect(target.event_hash, NO_RETURN, raised=True)
    readings = _readings_recalled(its, target)
    in_a_value, done = readings == IN_A_VALUE, _vote_recalled(its, target)
    if done == KNOWN:
        return Effect(target.event_hash, done)
    target.retry_at = None
    if done == BY_HAND:
        target.status, target.reason = EventStatus.HELD, f"corrected after its vote was sent: {reason}"
    elif in_a_value:
        target.status, target.reason = EventStatus.HELD, f"corrected after its readings were counted: {reason}"
    elif done == DUE:
        target.status, target.reason = EventStatus.CORRECTED, f"corrected: {reason}; {DUE}"
    else:
        target.status, target.reason = EventStatus.WITHDRAWN, f"corrected: {reason}"
    told = "; ".join(filter(None, (done if _observation(its.session, target) or not readings else "", readings)))
    return Effect(target.event_hash, told, raised=in_a_value or done == BY_HAND)


def _doubted(its: Applying, target: EventRow) -> Effect:
    """What another sender says is no correction; but what is in doubt is not signed before the operator looked."""
    if _observation(its.session, target) is None and target.status in (EventStatus.NEW, EventStatus.WAITING):
        target.status, target.reason, target.retry_at = EventStatus.HELD, f"{DOUBTED}: {its.reason}", None
    return Effect(target.event_hash, FOREIGN, raised=True)


def _is_correction(its: Applying, target: EventRow) -> bool:
    """Whether the event stands here only because it took back another: a voided shipping, say."""
    made = select(CorrectionRow.id).where(
        CorrectionRow.source_hash == target.event_hash,
        CorrectionRow.event_hash != target.event_hash,
        CorrectionRow.id != (its.row.id if its.row else 0),
    )
    return its.session.exec(made).first() is not None


def _readings_recalled(its: Applying, target: EventRow) -> str:
    """Takes back what was measured; what had to be done beyond not signing it."""
    done = ""
    for row in its.session.exec(select(ReadingRow).where(ReadingRow.event_id == target.id)):
        if row.status == ReadingStatus.COUNTED:
            done = IN_A_VALUE
        elif row.status in (ReadingStatus.SIGNED, ReadingStatus.PUBLISHED):
            # It may lie in the exchange; it keeps its place until the round is over, so that no other is signed for it.
            row.status, row.reason = ReadingStatus.RECALLED, f"corrected: {its.reason}"
            done = done or RECALLED
        elif row.status not in (ReadingStatus.MISSED, ReadingStatus.RECALLED):
            row.status, row.reason = ReadingStatus.WITHDRAWN, f"corrected: {its.reason}"
    its.session.flush()
    return done


def _vote_recalled(its: Applying, target: EventRow) -> str:
    observation = _observation(its.session, target)
    if observation is None:
        return UNSENT
    if observation.status == ObservationStatus.DECIDED or _batch_reopened(its.session, observation):
        observation.status, observation.reason = ObservationStatus.WITHDRAWN, its.reason
        observation.submission_id = None
        its.session.flush()
        return UNSENT
    if observation.status == ObservationStatus.REFUSED and observation.reason not in STANDS:
        return UNCOUNTED
    if not its.retracts or its.row is None:
        return BY_HAND
    known = select(RetractionRow).where(RetractionRow.observation_id == observation.id)
    if its.session.exec(known).first() is not None:
        return KNOWN
    its.session.add(_retraction(its.session, its.row, observation))
    its.session.flush()
    return DUE


def _observation(session: Session, target: EventRow) -> ObservationRow | None:
    statement = select(ObservationRow).where(
        ObservationRow.event_id == target.id, ObservationRow.status != ObservationStatus.WITHDRAWN
    )
    return session.exec(statement).first()


def _retraction(session: Session, correction: CorrectionRow, observation: ObservationRow) -> RetractionRow:
    paper = session.get_one(DocumentRow, correction.document_id)
    assert observation.id is not None
    assert correction.id is not None
    return RetractionRow(
        observation_id=observation.id,
        correction_id=correction.id,
        evidence=paper.sha256,
        status=RetractionStatus.WAITING,
    )


def _batch_reopened(session: Session, observation: ObservationRow) -> bool:
    """Voids a batch that never had a nonce; its other observations are signed anew."""
    submission = session.get(SubmissionRow, observation.submission_id)
    if observation.status != ObservationStatus.SIGNED or submission is None:
        return False
    # What was sent once may still arrive, even where its nonce was taken from it since.
    if submission.status != SubmissionStatus.SIGNED or submission.attempts:
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
    """By hash or by number; a replacement never means what it says itself."""
    is_named = col(EventRow.event_hash) == (correction.event_hash or "")
    if correction.source_event_id:
        repeats = select(MessageRow.event_id).where(MessageRow.source_event_id == correction.source_event_id)
        same_number = (col(EventRow.standard) == event.activity.standard) & (
            (col(EventRow.source_event_id) == correction.source_event_id) | col(EventRow.id).in_(repeats)
        )
        own = correction.keeps | {event.event_hash}
        is_named = is_named | (same_number & col(EventRow.event_hash).not_in(own))
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


def _applied_before(
    session: Session, event: CanonicalEvent, correction: Correction, digest: str, document_id: int
) -> bool:
    """Older versions left the number out of the digest: theirs is the same correction where it voids the same one."""
    older = _digest(event, correction, origin_of(session, document_id), with_number=False)
    by_older = (col(CorrectionRow.digest) == older) & (
        col(CorrectionRow.cancelled_id) == _cancelled_id(event, correction)
    )
    known = select(CorrectionRow.id).where((col(CorrectionRow.digest) == digest) | by_older)
    return session.exec(known).first() is not None


def _digest(event: CanonicalEvent, correction: Correction, origin: str, *, with_number: bool = True) -> str:
    """Two rows of a table may be one event by their hash and yet take back two others, by their numbers."""
    moment = correction.declared_at.isoformat() if correction.declared_at else ""
    number = correction.source_event_id if with_number else None
    named = numbered(event, number) if number else ""
    parts = (event.event_hash, correction.event_hash or "", moment, correction.reason, *filter(None, [named, origin]))
    return sha256("\n".join(parts).encode()).hexdigest()


def _cancelled_id(event: CanonicalEvent, correction: Correction) -> str:
    """A number that is void from now on. One that was replaced is not: its new event carries it too."""
    if correction.replaces or not correction.source_event_id:
        return ""
    return numbered(event, correction.source_event_id)


def numbered(event: CanonicalEvent, source_event_id: str) -> str:
    """A sender's number for an event, as corrections name it."""
    return f"{event.activity.standard}|{source_event_id}"
