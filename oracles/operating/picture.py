"""A node's work in figures, read from its database while it may be running. Metrics and `status` show the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, case
from sqlmodel import Session, col, func, select

from oracles.operating.obstacles import free_bytes
from oracles.settings import NodeSettings
from oracles.sources.directory import papers_in
from oracles.sources.drop import INBOX, MARK
from oracles.store.captures import CaptureRow
from oracles.store.models import (
    DocumentRow,
    EventRow,
    ObservationRow,
    ObservationStatus,
    ReadingRow,
    ReportRow,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.store.retractions import RetractionRow

CAPTURED = "capture/"
"""How the names of documents begin that came in over HTTP."""
CAPTURE = "capture"
AT_AN_END = (SubmissionStatus.SETTLED, SubmissionStatus.FAILED, SubmissionStatus.VOID)
HANDED_OVER = (SubmissionStatus.SENT, SubmissionStatus.SETTLED)
Counted = type[
    DocumentRow | CaptureRow | EventRow | ObservationRow | RetractionRow | SubmissionRow | ReadingRow | ReportRow
]
COUNTED_TABLES: dict[str, Counted] = {
    "documents": DocumentRow,
    "captures": CaptureRow,
    "events": EventRow,
    "observations": ObservationRow,
    "retractions": RetractionRow,
    "transactions": SubmissionRow,
    "readings": ReadingRow,
    "reports": ReportRow,
}


@dataclass(frozen=True)
class SourceState:
    """One source of documents. `delay_seconds`: from the latest event of its last document to the taking of it; None
    where that held no event."""

    source: str
    documents: int
    last_document_at: str
    seconds_since: float
    delay_seconds: float | None


@dataclass(frozen=True)
class Picture:
    """`counts` by kind and status. Votes: how many were ever signed, handed to the network, counted and refused (by the
    network's reason). `oldest_unsettled_seconds`: since the oldest observation or transaction was made that the
    network has not answered yet; 0 where there is none. `quarantined`: files that lie there."""

    counts: dict[str, dict[str, int]]
    sources: tuple[SourceState, ...]
    outbox_depth: int
    oldest_unsettled_seconds: float
    signed: int
    submitted: int
    confirmed: int
    refused: dict[str, int]
    quarantined: int
    database_bytes: int
    free_bytes: int


def picture(session: Session, settings: NodeSettings, now: datetime | None = None) -> Picture:
    """Raises OSError, and what the database raises."""
    now = now or datetime.now(UTC)
    depth, oldest = _outbox(session, now)
    return Picture(
        counts={name: counts_of(session, table) for name, table in COUNTED_TABLES.items()},
        sources=tuple(_sources(session, now)),
        outbox_depth=depth,
        oldest_unsettled_seconds=oldest,
        signed=_count(session, ObservationRow, col(ObservationRow.submission_id).is_not(None)),
        submitted=_submitted(session),
        confirmed=_count(session, ObservationRow, col(ObservationRow.status) == ObservationStatus.COUNTED),
        refused=_refused(session),
        quarantined=sum(1 for _ in papers_in(settings.quarantine)),
        database_bytes=sum(_size(settings.database.with_name(settings.database.name + end)) for end in ("", "-wal")),
        free_bytes=free_bytes(settings.database.parent),
    )


def counts_of(session: Session, table: Counted) -> dict[str, int]:
    """Rows of a table by status."""
    status = col(table.status)
    return dict(session.exec(select(status, func.count()).group_by(status).order_by(status)).all())


def _count(session: Session, table: Counted, where: ColumnElement[bool]) -> int:
    return int(session.exec(select(func.count()).select_from(table).where(where)).one())


def _sources(session: Session, now: datetime) -> list[SourceState]:
    name = col(DocumentRow.name)
    mark = func.instr(name, MARK)
    source = case((mark > 0, func.substr(name, 1, mark - 1)), (name.startswith(CAPTURED), CAPTURE), else_=INBOX)
    grouped = select(source, func.count(), func.max(col(DocumentRow.id))).group_by(source).order_by(source)
    return [_source(session, str(found), count, last or 0, now) for found, count, last in session.exec(grouped).all()]


def _source(session: Session, source: str, count: int, last_id: int, now: datetime) -> SourceState:
    last = session.get_one(DocumentRow, last_id)
    taken_at = datetime.fromisoformat(last.received_at)
    latest = session.exec(select(func.max(EventRow.occurred_at)).where(EventRow.document_id == last_id)).one()
    delay = (taken_at - datetime.fromisoformat(latest)).total_seconds() if latest else None
    return SourceState(source, count, last.received_at, (now - taken_at).total_seconds(), delay)


def _outbox(session: Session, now: datetime) -> tuple[int, float]:
    """What waits for the network: transactions, and observations that are in none yet."""
    waiting = col(SubmissionRow.status).not_in(AT_AN_END)
    decided = col(ObservationRow.status) == ObservationStatus.DECIDED
    depth = _count(session, SubmissionRow, waiting) + _count(session, ObservationRow, decided)
    moments = [
        session.exec(select(func.min(SubmissionRow.signed_at)).where(waiting)).one(),
        session.exec(select(func.min(ObservationRow.decided_at)).where(decided)).one(),
    ]
    oldest = min((moment for moment in moments if moment), default=None)
    return depth, (now - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0


def _submitted(session: Session) -> int:
    statement = select(func.count()).select_from(ObservationRow).join(SubmissionRow)
    return int(session.exec(statement.where(col(SubmissionRow.status).in_(HANDED_OVER))).one())


def _refused(session: Session) -> dict[str, int]:
    reason = col(ObservationRow.reason)
    refused = col(ObservationRow.status) == ObservationStatus.REFUSED
    grouped = select(reason, func.count()).where(refused).group_by(reason).order_by(reason)
    found: dict[str, int] = {}
    for text, count in session.exec(grouped).all():
        # Reasons of the contract are single words; other texts hold figures, which would make a label each.
        label = text if text.isupper() else "failed"
        found[label] = found.get(label, 0) + count
    return found


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
