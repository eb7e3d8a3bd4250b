"""From the inbox into the database: scan, read, store. Needs no network."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import structlog
from sqlmodel import Session, select

from chain_node.client import Milestone
from chain_node.references import NetworkKey
from oracles.adapters import read_document
from oracles.canonical import CanonicalEvent, Classifier, Document, Measured
from oracles.checkpoints import Checkpoint, Point
from oracles.corrections import Effect, corrected_before, record_correction
from oracles.errors import DocumentRefused
from oracles.metrics import Metrics
from oracles.rules.decisions import Verdict, chain_seconds, paper_decision
from oracles.rules.milestones import kind_of
from oracles.sources.directory import Candidate, Directory
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

Reader = Callable[[str, bytes, int], Document]


@dataclass
class Intake:
    """Takes what lies in the inbox, whole documents at a time: all events of a file are stored, or none."""

    database: Database
    directory: Directory
    key: NetworkKey
    attested: Collection[Milestone]
    file_limit_bytes: int
    checkpoint: Checkpoint
    metrics: Metrics
    read: Reader = read_document
    _complaints: set[str] = field(default_factory=set)
    _stored: list[tuple[Candidate, str]] = field(default_factory=list)
    """Files of this turn that are in the database and can leave the inbox, with their SHA-256."""

    def settle_moved(self) -> None:
        """After a start: what was stored and is no longer in the inbox was moved just before the process died."""
        with self.database.session() as session:
            for row in session.exec(select(DocumentRow).where(DocumentRow.status == DocumentStatus.TAKEN)):
                if not (self.directory.inbox / row.name).exists():
                    row.status = _filed_status(row)

    def run(self) -> int:
        """Number of documents taken."""
        return sum(self._take(candidate) for candidate in self.directory.candidates())

    def _take(self, candidate: Candidate) -> bool:
        name = candidate.path.name
        try:
            data = self._bytes(candidate)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._complain(name, f"cannot be read: {error.strerror}")
            return False
        digest = sha256(data).hexdigest()
        if not self._resumed(candidate, digest):
            try:
                document = self.read(name, data, self.file_limit_bytes)
            except DocumentRefused as error:
                if not candidate.settled:
                    return False
                self._refuse(name, digest, error.why)
            else:
                self._store(document)
        self._stored.append((candidate, digest))
        return True

    def file_away(self) -> None:
        """Moves what was stored out of the inbox. Apart from `run`, so that votes need not wait for it."""
        while self._stored:
            self._file(*self._stored.pop(0))

    def _bytes(self, candidate: Candidate) -> bytes:
        # One byte more than allowed is enough to tell that a file is too large.
        with candidate.path.open("rb") as handle:
            return handle.read(self.file_limit_bytes + 1)

    def _complain(self, name: str, why: str) -> None:
        if name not in self._complaints:
            self._complaints.add(name)
            log.error("file left in the inbox", file=name, reason=why, operator_action_required=True)

    def _resumed(self, candidate: Candidate, digest: str) -> bool:
        """Whether this very file was stored before and only has to be filed: the process died in between."""
        with self.database.session() as session:
            return _taken(session, candidate.path.name, digest) is not None

    def _refuse(self, name: str, digest: str, why: str) -> None:
        with self.database.session() as session:
            session.add(_document_row(name, digest, "", why))
        self.metrics.documents.labels("quarantined").inc()
        log.warning("document quarantined", file=name, reason=why)
        self.checkpoint(Point.DOCUMENT_STORED)

    def _store(self, document: Document) -> None:
        with self.database.session() as session:
            row = _document_row(document.name, document.sha256, document.standard, "")
            session.add(row)
            session.flush()
            assert row.id is not None
            lines = [self._store_event(session, event, row.id) for event in document.events]
            quotes = [self._store_measured(session, its, row.id) for its in document.quotes]
            self.checkpoint(Point.DOCUMENT_STORING)
        self.metrics.documents.labels("taken").inc()
        for line in lines:
            log.info("event", file=document.name, **line)
        if quotes:
            log.info("prices", file=document.name, new=sum(quotes), known=len(quotes) - sum(quotes))
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
        kind = kind_of(event.activity)
        row = event_row(event, kind, document_id)
        milestone, decision = paper_decision(event, kind, self.attested)
        row.milestone = milestone
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

    def _file(self, candidate: Candidate, digest: str) -> None:
        """Moves a stored file out of the inbox. Where the move failed or came too early, the next look repeats it."""
        name = candidate.path.name
        with self.database.session() as session:
            row = _taken(session, name, digest)
            if row is None:
                return
            if row.reason:
                target = self.directory.set_aside(name, candidate.stamp, row.reason)
            else:
                target = self.directory.file_away(name, candidate.stamp)
            self.checkpoint(Point.DOCUMENT_MOVED)
            row.status = _filed_status(row)
            row.filed_as = target.name if target else ""
        self.checkpoint(Point.DOCUMENT_FILED)


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


def _filed_status(row: DocumentRow) -> DocumentStatus:
    return DocumentStatus.QUARANTINED if row.reason else DocumentStatus.ARCHIVED


def _taken(session: Session, name: str, digest: str) -> DocumentRow | None:
    statement = select(DocumentRow).where(
        DocumentRow.name == name, DocumentRow.sha256 == digest, DocumentRow.status == DocumentStatus.TAKEN
    )
    return session.exec(statement).first()
