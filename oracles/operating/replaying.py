"""Takes archived documents through the pipeline again: after a rule or the program changed, or into an empty database.

It stores, as the intake does; deciding and signing stay with the node when it runs next. What was vouched for,
withdrawn or laid to rest is never touched, and the network's own record of votes stands: nothing is voted on twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog
from sqlmodel import Session, col, select

from oracles.canonical import CanonicalEvent, Document
from oracles.corrections import corrected_before, doubt_on
from oracles.errors import FLAWS, DocumentRefused
from oracles.operating.held import DISMISSED
from oracles.reading import reader
from oracles.rivals import RULE
from oracles.rules.decisions import Verdict, paper_view
from oracles.settings import NodeSettings
from oracles.sources.directory import papers_in
from oracles.store.database import Database
from oracles.store.models import DocumentRow, DocumentStatus, EventRow, EventStatus, ObservationRow
from oracles.storing import Storing
from oracles.updates import foretold_update
from oracles.versions import ruling_of

log = structlog.get_logger("oracles")

OPEN: Final = (EventStatus.NEW, EventStatus.WAITING, EventStatus.NOT_SIGNED, EventStatus.HELD)

STILL_ASKED: Final = ((EventStatus.WAITING, EventStatus.NEW), (EventStatus.NEW, EventStatus.NEW))
"""The node asks about these by itself."""


NOT_READ: Final = "no longer read: "


@dataclass(frozen=True)
class Chosen:
    """Which documents: taken between two days (UTC, both included), by name. Empty chooses all."""

    first: date | None = None
    last: date | None = None
    patterns: tuple[str, ...] = ()

    def takes(self, name: str, moment: datetime) -> bool:
        day = moment.astimezone(UTC).date()
        in_time = (self.first is None or day >= self.first) and (self.last is None or day <= self.last)
        return in_time and (not self.patterns or any(fnmatch(name, pattern) for pattern in self.patterns))


@dataclass(frozen=True)
class Change:
    """What a document, or one event of it, comes to. `was` is empty of what the database did not know."""

    file: str
    event_hash: str
    was: str
    becomes: str


@dataclass
class Replaying:
    """One run, in one process, while the node does not run. A dry one stores nothing."""

    settings: NodeSettings
    database: Database
    storing: Storing
    chosen: Chosen
    dry: bool = False
    only: frozenset[str] | None = None
    """Names in the archive; None: all."""
    documents: int = 0

    def run(self) -> Iterator[Change]:
        """The oldest document first, each in a transaction of its own; the changes as they are made. Raises
        SettingsInvalid where the mapping of a table cannot be used."""
        read = reader(self.settings, archived=True)
        for path, moment in self._papers():
            if not self.chosen.takes(path.name, moment):
                continue
            self.documents += 1
            data = path.read_bytes()
            try:
                document = read(path.name, data, self.settings.file_limit_bytes)
                changes = self._take(path, document, moment)
            except DocumentRefused as error:
                changes = [Change(path.name, "", "archived", f"{NOT_READ}{error.why}")]
            yield from changes

    def _papers(self) -> list[tuple[Path, datetime]]:
        """With the moment at which each was taken: as the database has it, else as the file has."""
        with self.database.session() as session:
            known = {
                row.sha256: row.received_at for row in session.exec(select(DocumentRow).order_by(col(DocumentRow.id)))
            }
        found = []
        for path in papers_in(self.settings.archive):
            if self.only is not None and path.name not in self.only:
                continue
            moment = known.get(sha256(path.read_bytes()).hexdigest())
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found.append((path, datetime.fromisoformat(moment) if moment else written))
        return sorted(found, key=lambda entry: (entry[1], entry[0].name))

    def _take(self, path: Path, document: Document, moment: datetime) -> list[Change]:
        with self.database.session() as session:
            is_known = (
                session.exec(select(DocumentRow).where(DocumentRow.sha256 == document.sha256)).first() is not None
            )
            rows = {event.event_hash: _row(session, event) for event in document.events}
        new = [name for name, row in rows.items() if row is None]
        changes = [Change(path.name, name, "", self._first_status(document, name)) for name in new]
        if not is_known and not new:
            changes.append(Change(path.name, "", "", "a document with nothing new"))
        if (new or not is_known) and not self.dry:
            self._store(path, document, moment)
        for event in document.events:
            if rows[event.event_hash] is not None:
                changes += self._reconsider(path, event)
        return changes

    def _store(self, path: Path, document: Document, moment: datetime) -> None:
        def archived(_: Session, row: DocumentRow) -> None:
            row.status, row.filed_as, row.received_at = DocumentStatus.ARCHIVED, path.name, moment.isoformat()

        try:
            self.storing.store(document, archived)
        except FLAWS as error:
            raise DocumentRefused(path.name, f"this program failed on it ({type(error).__name__})") from error

    def _reconsider(self, path: Path, event: CanonicalEvent) -> list[Change]:
        """A known event, by the paper alone; the network's part follows when the node runs."""
        if event.correction is not None:
            return []
        with self.database.session() as session:
            row = _row(session, event)
            if row is None or not _is_open(session, row):
                return []
            if corrected_before(session, event, row.document_id) is not None:
                return []
            view = paper_view(event, self.storing.rules)
            kind, milestone, decision = view.kind, view.milestone, view.decision
            if decision.verdict is Verdict.SIGN:
                status, reason = _bound(session, event, row) or (EventStatus.NEW, "")
            else:
                status, reason = EventStatus.NOT_SIGNED, decision.reason
            before = (row.status, row.reason, row.milestone, row.kind)
            if before == (status, reason, milestone, kind or "") or (row.status, status) in STILL_ASKED:
                return []
            if not self.dry:
                row.status, row.reason, row.milestone, row.kind, row.retry_at = (
                    status,
                    reason,
                    milestone,
                    kind or "",
                    None,
                )
                # What holds it from now on is no rule's hold, which a later run could lift.
                row.held_for = "" if row.held_for == RULE else row.held_for
            was = f"{before[0]}: {before[1]}".removesuffix(": ")
            return [Change(path.name, event.event_hash, was, reason or "decided anew when the node runs")]

    def _first_status(self, document: Document, event_hash: str) -> str:
        event = next(event for event in document.events if event.event_hash == event_hash)
        decision = paper_view(event, self.storing.rules).decision
        return "decided when the node runs" if decision.verdict is Verdict.SIGN else decision.reason


def take_up_archived(settings: NodeSettings, database: Database, storing: Storing) -> int:
    """Stores what lies in the archive and the database does not know: an older copy of it was put back, and among the
    papers since may be one that takes another back. Number of papers; must come before anything is decided."""
    unknown = _unknown(settings, database)
    if not unknown:
        return 0
    changes = list(Replaying(settings, database, storing, Chosen(), only=unknown).run())
    for change in changes:
        if change.becomes.startswith(NOT_READ):
            log.error("archived paper not read", file=change.file, reason=change.becomes, operator_action_required=True)
    log.warning("archived papers taken up", papers=len(unknown), changes=len(changes))
    return len(unknown)


def _unknown(settings: NodeSettings, database: Database) -> frozenset[str]:
    """By name first: only what no document was filed as is read for its SHA-256."""
    with database.session() as session:
        known = session.exec(select(DocumentRow.filed_as, DocumentRow.sha256)).all()
    names, digests = {name for name, _ in known}, {digest for _, digest in known}
    left = [path for path in papers_in(settings.archive) if path.name not in names]
    return frozenset(path.name for path in left if sha256(path.read_bytes()).hexdigest() not in digests)


def _row(session: Session, event: CanonicalEvent) -> EventRow | None:
    return session.exec(select(EventRow).where(EventRow.event_hash == event.event_hash)).first()


def _bound(session: Session, event: CanonicalEvent, row: EventRow) -> tuple[EventStatus, str] | None:
    """What other papers made of an event that the rules would sign, as it was asked when its own paper came in."""
    doubt = doubt_on(session, event, row.document_id)
    if doubt:
        return EventStatus.HELD, doubt
    ruling = ruling_of(session, row.document_id)
    if not ruling.stands:
        return ruling.event_status, ruling.reason
    update, _ = foretold_update(session, event)
    return (EventStatus.HELD, update.reason) if update is not None and update.verdict is Verdict.HOLD else None


def _is_open(session: Session, row: EventRow) -> bool:
    """Whether nothing binds it: no vote, no word of the operator, no correction, and no hold but that of a rule, which
    alone can be asked again: an unsettled conflict the node looks at by itself, anything else is the operator's."""
    if row.status == EventStatus.HELD and row.held_for != RULE:
        return False
    if row.status not in OPEN or row.resolved or row.reason.startswith((DISMISSED, "not signed: it is a correction")):
        return False
    return session.exec(select(ObservationRow).where(ObservationRow.event_id == row.id)).first() is None
