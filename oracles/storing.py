"""A document into the database: its events and values with what was decided about them, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlmodel import Session, select

from chain_node.references import NetworkKey
from oracles.canonical import CanonicalEvent, Classifier, Document, Measured
from oracles.checkpoints import Checkpoint, Point
from oracles.corrections import (
    BY_HAND,
    Effect,
    corrected_before,
    doubt_before,
    numbered,
    record_correction,
    revived,
    states_again,
)
from oracles.metrics import Metrics
from oracles.rules.book import Rulebook
from oracles.rules.decisions import Verdict, chain_seconds, paper_view
from oracles.store.database import Database, rows_with
from oracles.store.mapping import event_row, reference_rows
from oracles.store.models import (
    CorrectionRow,
    DocumentRow,
    DocumentStatus,
    EventRow,
    EventStatus,
    ReadingRow,
    ReadingStatus,
)
from oracles.store.versions import VersionStatus
from oracles.updates import Update, apply_update
from oracles.versions import Ruling, remember, rule

log = structlog.get_logger("oracles")

Also = Callable[[Session, DocumentRow], None]
"""What else is stored, or not, together with a document."""

Stored = tuple[Document, list[dict[str, object]], list[bool]]
"""A document with its events' log lines, and which of its prices were new."""


@dataclass
class Foreknown:
    """What the database may hold about the events of some documents: asked once for all, since of most it holds
    nothing."""

    hashes: set[str]
    corrected: set[str] | None
    """Hashes and senders' numbers that corrections name; None where one of the documents corrects something itself."""

    def may_be_corrected(self, event: CanonicalEvent) -> bool:
        means = {event.event_hash, numbered(event, event.source_event_id or "")}
        return self.corrected is None or not means.isdisjoint(self.corrected)


def foreknown(session: Session, documents: Sequence[Document]) -> Foreknown:
    events = [event for document in documents for event in document.events]
    hashes = {event.event_hash for event in events}
    known = rows_with(session, select(EventRow.event_hash), EventRow.event_hash, hashes)
    if any(event.correction is not None for event in events):
        return Foreknown(set(known), None)
    ids = {numbered(event, event.source_event_id) for event in events if event.source_event_id}
    by_hash = rows_with(session, select(CorrectionRow.event_hash), CorrectionRow.event_hash, hashes)
    by_id = rows_with(session, select(CorrectionRow.cancelled_id), CorrectionRow.cancelled_id, ids)
    return Foreknown(set(known), {*by_hash, *by_id})


def nothing_else(session: Session, row: DocumentRow) -> None:
    """What a file of the inbox needs besides."""


@dataclass
class Storing:
    """The one way into the pipeline, wherever a document came from."""

    database: Database
    key: NetworkKey
    rules: Rulebook
    checkpoint: Checkpoint
    metrics: Metrics
    retracts: bool = True
    """Whether a vote that a paper corrects is taken back, or only raised."""

    def store(self, document: Document, also: Also = nothing_else) -> None:
        """All events of a document, or none."""
        self.store_all([document], also)

    def store_all(self, documents: Sequence[Document], also: Also = nothing_else) -> None:
        """All documents, or none: they are on disk together, which takes one turn of the disk instead of many."""
        with self.database.session() as session:
            known = foreknown(session, documents)
            stored = [self._store_document(session, document, also, known) for document in documents]
        for document, lines, quotes in stored:
            self.metrics.documents.labels("taken").inc()
            for line in lines:
                log.info("event", file=document.name, **line)
            if quotes:
                log.info("prices", file=document.name, new=sum(quotes), known=len(quotes) - sum(quotes))
            self.checkpoint(Point.DOCUMENT_STORED)

    def _store_document(self, session: Session, document: Document, also: Also, known: Foreknown) -> Stored:
        row = _document_row(document.name, document.sha256, document.standard, "")
        session.add(row)
        session.flush()
        assert row.id is not None
        stamp = {"raw_sha256": document.sha256, "received_at": datetime.fromisoformat(row.received_at)}
        events = [event.model_copy(update=stamp) for event in document.events]
        ruling = self._ruling(session, document, row.id)
        lines = [self._store_event(session, event, row.id, ruling, known) for event in events]
        quotes = [self._store_measured(session, its, row.id) for its in document.quotes]
        also(session, row)
        self.checkpoint(Point.DOCUMENT_STORING)
        return document, lines, quotes

    def refuse(self, name: str, digest: str, why: str, also: Also = nothing_else) -> None:
        """Remembers a document that cannot be taken."""
        with self.database.session() as session:
            row = _document_row(name, digest, "", why)
            session.add(row)
            session.flush()
            also(session, row)
        self.metrics.documents.labels("quarantined").inc()
        log.warning("document quarantined", file=name, reason=why)
        self.checkpoint(Point.DOCUMENT_STORED)

    @staticmethod
    def _ruling(session: Session, document: Document, document_id: int) -> Ruling:
        """Whether this version of its paper stands; one that does not takes nothing back either."""
        hashes = [event.event_hash for event in document.events]
        ruling = rule(session, document.version, hashes)
        if document.version is not None:
            remember(session, document_id, document.version, hashes, ruling)
        if ruling.status is VersionStatus.HELD:
            log.error("paper held", file=document.name, reason=ruling.reason, operator_action_required=True)
        return ruling

    def _store_event(
        self, session: Session, event: CanonicalEvent, document_id: int, ruling: Ruling, foreknown: Foreknown
    ) -> dict[str, object]:
        """Stores one event or correction and returns its log line."""
        line: dict[str, object] = {"event_hash": event.event_hash, "activity": str(event.activity)}
        line |= {"line": event.line} if event.line else {}
        if not ruling.stands:
            event = event.model_copy(update={"correction": None})
        if event.correction is not None:
            effects = record_correction(session, document_id, event, event.correction, retracts=self.retracts)
            line |= _correction_line(effects, event.correction.reason)
            if event.correction.event_hash == event.event_hash:
                return line
        known = _known(session, event) if event.event_hash in foreknown.hashes else None
        if known is not None:
            self.metrics.events.labels("known").inc()
            if revived(session, known, event):
                return line | {"status": known.status, "reason": "said again by a later version of its paper"}
            _hold_where_stated_again(session, event, known)
            line |= self._told_again(session, event, known, document_id)
            return line | {"status": "known", "reason": f"known since document {known.document_id}: {known.status}"}
        row = self._new_event(session, event, document_id, ruling, foreknown)
        foreknown.hashes.add(event.event_hash)
        line |= _update_line(apply_update(session, event, row), event)
        self.metrics.events.labels(row.status).inc()
        if row.status != EventStatus.WITHDRAWN and event.classifier is Classifier.ACTUAL:
            line |= {
                "measurements": sum(self._store_measured(session, m, document_id, row) for m in event.measurements)
            }
        if event.unreadable:
            log.warning("left out", event_hash=event.event_hash, reasons=list(event.unreadable))
        return line | {"status": row.status, "reason": row.reason}

    def _told_again(
        self, session: Session, event: CanonicalEvent, known: EventRow, document_id: int
    ) -> dict[str, object]:
        update = apply_update(session, event, known)
        if update is not None and update.revived:
            for its in event.measurements:
                self._store_measured(session, its, document_id, known)
        return _update_line(update, event)

    def _store_measured(self, session: Session, its: Measured, document_id: int, event: EventRow | None = None) -> bool:
        """Stores a value for a feed; False where the same price came before, in whichever list."""
        row = ReadingRow(
            document_id=document_id,
            event_id=event.id if event else None,
            kind=int(its.kind),
            label=its.label,
            policy_id=its.policy_id.hex(),
            value=str(its.value),
            observed_at=chain_seconds(its.observed_at),
            status=ReadingStatus.NEW,
        )
        if event is None:
            same = select(ReadingRow.id).where(
                ReadingRow.policy_id == row.policy_id,
                ReadingRow.observed_at == row.observed_at,
                ReadingRow.value == row.value,
            )
            if session.exec(same).first() is not None:
                return False
        session.add(row)
        return True

    def _new_event(
        self, session: Session, event: CanonicalEvent, document_id: int, ruling: Ruling, foreknown: Foreknown
    ) -> EventRow:
        view = paper_view(event, self.rules)
        row = event_row(event.model_copy(update={"kind": view.kind}), document_id)
        row.milestone, decision = view.milestone, view.decision
        asked = foreknown.may_be_corrected(event)
        correction = corrected_before(session, event, document_id) if asked else None
        doubt = doubt_before(session, event, document_id) if asked else ""
        if event.correction is not None and not event.correction.replaces:
            row.status, row.reason = EventStatus.NOT_SIGNED, "not signed: it is a correction"
        elif correction is not None and states_again(event, correction):
            row.status, row.reason = EventStatus.HELD, _stated_again(correction)
            log.error("stated again", event_hash=event.event_hash, reason=row.reason, operator_action_required=True)
        elif correction is not None:
            row.status, row.reason = EventStatus.WITHDRAWN, f"corrected: {correction.reason}"
        elif decision.verdict is not Verdict.SIGN:
            row.status, row.reason = EventStatus.NOT_SIGNED, decision.reason
        elif doubt:
            row.status, row.reason = EventStatus.HELD, doubt
        elif not ruling.stands:
            row.status, row.reason = ruling.event_status, ruling.reason
        session.add(row)
        session.flush()
        assert row.id is not None
        session.add_all(reference_rows(event, row.id, self.key))
        return row


def _known(session: Session, event: CanonicalEvent) -> EventRow | None:
    return session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()


def _update_line(update: Update | None, event: CanonicalEvent) -> dict[str, object]:
    if update is None:
        return {}
    if update.raised:
        log.error("update to look at", event_hash=event.event_hash, effect=update.text, operator_action_required=True)
    return {"update": update.text}


def _correction_line(effects: list[Effect] | None, reason: str) -> dict[str, object]:
    if effects is None:
        return {"correction": "known"}
    raised = any(effect.raised for effect in effects)
    text = "; ".join(map(str, effects)) or "nothing of it is known here"
    if raised:
        by_hand = any(BY_HAND in effect.done for effect in effects)
        what = "correction of a vote already sent" if by_hand else "correction for the operator"
        log.error(what, reason=reason, effect=text, operator_action_required=True)
    return {"correction": text, "correction_reason": reason, "operator_action_required": raised}


def _hold_where_stated_again(session: Session, event: CanonicalEvent, known: EventRow) -> None:
    """The same fact on a later paper than its correction: which of them is right is for a person."""
    if known.status not in (EventStatus.CORRECTED, EventStatus.WITHDRAWN):
        return
    correction = corrected_before(session, event, known.document_id)
    if correction is not None and states_again(event, correction):
        known.status, known.reason, known.retry_at = EventStatus.HELD, _stated_again(correction), None
        log.error("stated again", event_hash=event.event_hash, reason=known.reason, operator_action_required=True)


def _stated_again(correction: CorrectionRow) -> str:
    return (
        f"stated again after it was corrected ({correction.reason}); a correction stays, so nothing is signed: a vote "
        "that was taken back has no other on its fact"
    )


def _document_row(name: str, digest: str, standard: str, why: str) -> DocumentRow:
    now = datetime.now(UTC).isoformat()
    status = DocumentStatus.TAKEN
    return DocumentRow(name=name, sha256=digest, standard=standard, received_at=now, status=status, reason=why)
