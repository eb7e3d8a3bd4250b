"""A document into the database: its events and values with what was decided about them, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlmodel import Session, select

from chain_node.references import NetworkKey
from oracles.canonical import CanonicalEvent, Classifier, Document, Measured
from oracles.checkpoints import Checkpoint, Point
from oracles.corrections import Effect, corrected_before, record_correction
from oracles.metrics import Metrics
from oracles.rules.book import Rulebook
from oracles.rules.decisions import Verdict, chain_seconds, paper_view
from oracles.store.database import Database
from oracles.store.mapping import event_row, reference_rows
from oracles.store.models import (
    DocumentRow,
    DocumentStatus,
    EventRow,
    EventStatus,
    ReadingRow,
    ReadingStatus,
)

log = structlog.get_logger("oracles")

Also = Callable[[Session, DocumentRow], None]
"""What else is stored, or not, together with a document."""


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

    def store(self, document: Document, also: Also = nothing_else) -> None:
        """All events of a document, or none."""
        with self.database.session() as session:
            row = _document_row(document.name, document.sha256, document.standard, "")
            session.add(row)
            session.flush()
            assert row.id is not None
            stamp = {"raw_sha256": document.sha256, "received_at": datetime.fromisoformat(row.received_at)}
            events = [event.model_copy(update=stamp) for event in document.events]
            lines = [self._store_event(session, event, row.id) for event in events]
            quotes = [self._store_measured(session, its, row.id) for its in document.quotes]
            also(session, row)
            self.checkpoint(Point.DOCUMENT_STORING)
        self.metrics.documents.labels("taken").inc()
        for line in lines:
            log.info("event", file=document.name, **line)
        if quotes:
            log.info("prices", file=document.name, new=sum(quotes), known=len(quotes) - sum(quotes))
        self.checkpoint(Point.DOCUMENT_STORED)

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

    def _store_event(self, session: Session, event: CanonicalEvent, document_id: int) -> dict[str, object]:
        """Stores one event or correction and returns its log line."""
        line: dict[str, object] = {"event_hash": event.event_hash, "activity": str(event.activity)}
        if event.correction is not None:
            effects = record_correction(session, document_id, event, event.correction)
            line |= _correction_line(effects, event.correction.reason)
            if event.correction.event_hash == event.event_hash:
                return line
        known = session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()
        if known is not None:
            self.metrics.events.labels("known").inc()
            return line | {"status": "known", "reason": f"known since document {known.document_id}: {known.status}"}
        row = self._new_event(session, event, document_id)
        self.metrics.events.labels(row.status).inc()
        if row.status != EventStatus.WITHDRAWN and event.classifier is Classifier.ACTUAL:
            line |= {
                "measurements": sum(self._store_measured(session, m, document_id, row) for m in event.measurements)
            }
        if event.unreadable:
            log.warning("measurements refused", event_hash=event.event_hash, reasons=list(event.unreadable))
        return line | {"status": row.status, "reason": row.reason}

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

    def _new_event(self, session: Session, event: CanonicalEvent, document_id: int) -> EventRow:
        view = paper_view(event, self.rules)
        row = event_row(event.model_copy(update={"kind": view.kind}), document_id)
        row.milestone, decision = view.milestone, view.decision
        correction = corrected_before(session, event)
        if event.correction is not None and not event.correction.replaces:
            row.status, row.reason = EventStatus.NOT_SIGNED, "not signed: it is a correction"
        elif correction is not None:
            row.status, row.reason = EventStatus.WITHDRAWN, f"corrected: {correction.reason}"
        elif decision.verdict is not Verdict.SIGN:
            row.status, row.reason = EventStatus.NOT_SIGNED, decision.reason
        session.add(row)
        session.flush()
        assert row.id is not None
        session.add_all(reference_rows(event, row.id, self.key))
        return row


def _correction_line(effects: list[Effect] | None, reason: str) -> dict[str, object]:
    if effects is None:
        return {"correction": "known"}
    raised = any(effect.raised for effect in effects)
    text = "; ".join(map(str, effects)) or "nothing of it is known here"
    if raised:
        log.error("correction of a vote already sent", reason=reason, effect=text, operator_action_required=True)
    return {"correction": text, "correction_reason": reason, "operator_action_required": raised}


def _document_row(name: str, digest: str, standard: str, why: str) -> DocumentRow:
    now = datetime.now(UTC).isoformat()
    status = DocumentStatus.TAKEN
    return DocumentRow(name=name, sha256=digest, standard=standard, received_at=now, status=status, reason=why)
