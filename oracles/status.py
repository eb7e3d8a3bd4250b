"""What a node has done and what it waits for, read from its database; the node may be running."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session, col, func, select

from chain_node.client import FeedKind, Milestone
from oracles.chain import FeedKey
from oracles.settings import NodeSettings
from oracles.store.captures import CaptureRow
from oracles.store.database import Database
from oracles.store.models import (
    CorrectionRow,
    DocumentRow,
    EventRow,
    EventStatus,
    NetworkRow,
    ObservationRow,
    OverdueFeedRow,
    ReadingRow,
    ReadingStatus,
    ReportRow,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.store.retractions import RetractionRow, RetractionStatus

MOST_LISTED = 50


def status_lines(settings: NodeSettings) -> Iterator[str]:
    yield f"Node {settings.name} of {settings.organisation}"
    if not settings.database.is_file():
        yield f"It has not run yet: there is no database {settings.database}"
        return
    database = Database(settings.database)
    with database.session() as session:
        network = session.get(NetworkRow, 1)
        yield f"Network       {_network(network)}"
        yield f"Documents     {_counts(session, DocumentRow)}"
        if settings.capture is not None:
            yield f"Captures      {_counts(session, CaptureRow)}"
        yield f"Events        {_counts(session, EventRow)}"
        yield f"Observations  {_counts(session, ObservationRow)}"
        yield f"Retractions   {_counts(session, RetractionRow)}"
        yield f"Transactions  {_counts(session, SubmissionRow)}"
        yield f"Readings      {_counts(session, ReadingRow)}"
        yield f"Reports       {_counts(session, ReportRow)}"
        yield from _events(session, EventStatus.WAITING, "Waiting")
        yield from _events(session, EventStatus.HELD, "For the operator")
        yield from _readings(session)
        yield from _overdue_feeds(session)
        yield from _submissions(session)
        yield from _retractions(session)
        yield from _corrections(session)
    database.close()


def _network(row: NetworkRow | None) -> str:
    return "none seen yet" if row is None else f"chain {row.chain_id}, oracle {row.oracle_address}"


Counted = type[
    DocumentRow | CaptureRow | EventRow | ObservationRow | RetractionRow | SubmissionRow | ReadingRow | ReportRow
]


def _counts(session: Session, table: Counted) -> str:
    status = col(table.status)
    rows = session.exec(select(status, func.count()).group_by(status).order_by(status)).all()
    return ", ".join(f"{count} {name}" for name, count in rows) or "none"


def _events(session: Session, status: EventStatus, heading: str) -> Iterator[str]:
    statement = select(EventRow).where(EventRow.status == status).order_by(col(EventRow.id).desc()).limit(MOST_LISTED)
    rows = session.exec(statement).all()
    if rows:
        yield f"{heading}:"
    for row in rows:
        milestone = Milestone(row.milestone).name if row.milestone else "no milestone"
        yield f"  {row.event_hash} {row.activity} {milestone}: {row.reason}"


def _readings(session: Session) -> Iterator[str]:
    open_ones = [ReadingStatus.WAITING, ReadingStatus.SIGNED, ReadingStatus.PUBLISHED, ReadingStatus.HELD]
    statement = select(ReadingRow).where(col(ReadingRow.status).in_(open_ones)).order_by(col(ReadingRow.id).desc())
    rows = session.exec(statement.limit(MOST_LISTED)).all()
    if rows:
        yield "Readings under way:"
    for row in rows:
        place = f" round {row.round}" if row.round else ""
        yield f"  {row.status}{place} {row.label} {row.value} at {row.observed_at}: {row.reason}"


def _overdue_feeds(session: Session) -> Iterator[str]:
    statement = select(OverdueFeedRow).order_by(col(OverdueFeedRow.due_at))
    rows = session.exec(statement.limit(MOST_LISTED)).all()
    if rows:
        yield "Overdue feeds:"
    for row in rows:
        key = FeedKey(FeedKind(row.kind), bytes.fromhex(row.policy_id), bytes.fromhex(row.subject))
        yield f"  {key} due at {row.due_at}"


def _submissions(session: Session) -> Iterator[str]:
    wanted = [
        SubmissionStatus.RELAYED,
        SubmissionStatus.SIGNED,
        SubmissionStatus.PREPARED,
        SubmissionStatus.SENT,
        SubmissionStatus.FAILED,
    ]
    statement = select(SubmissionRow).where(col(SubmissionRow.status).in_(wanted)).order_by(col(SubmissionRow.id))
    rows = session.exec(statement.limit(MOST_LISTED)).all()
    if rows:
        yield "Unsettled transactions:"
    for row in rows:
        number = "no nonce" if row.nonce is None else f"nonce {row.nonce}"
        yield f"  {row.status} {number} {row.hash or 'not sent'} {row.reason}".rstrip()


def _retractions(session: Session) -> Iterator[str]:
    wanted = [RetractionStatus.WAITING, RetractionStatus.LAID, RetractionStatus.REFUSED]
    statement = select(RetractionRow, ObservationRow).join(
        ObservationRow, col(ObservationRow.id) == RetractionRow.observation_id
    )
    open_ones = statement.where(col(RetractionRow.status).in_(wanted)).order_by(col(RetractionRow.id))
    rows = session.exec(open_ones.limit(MOST_LISTED)).all()
    if rows:
        yield "Votes to take back:"
    for row, vote in rows:
        fact = f"{Milestone(vote.milestone).name}/{vote.sequence} of {vote.subject[:12]}…"
        yield f"  {row.status} {fact} {row.reason}".rstrip()


def _corrections(session: Session) -> Iterator[str]:
    statement = select(CorrectionRow).order_by(col(CorrectionRow.id).desc()).limit(MOST_LISTED)
    rows = session.exec(statement).all()
    if rows:
        yield "Corrections:"
    for row in rows:
        yield f"  {row.reason}: {row.effect}"
