"""The node's side of the capture interface: takes what was stored, one document at a time, in the node's own thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from sqlmodel import Session, col, select

from oracles.canonical import CanonicalEvent, Document, Standard
from oracles.capture import events, store
from oracles.capture.events import Checked
from oracles.capture.problems import AlreadyThere, CaptureRefused, NodeFailed
from oracles.capture.store import CaptureStore
from oracles.checkpoints import Point
from oracles.errors import FLAWS
from oracles.http.problems import Problem
from oracles.intake import filed_status
from oracles.origins import CAPTURED, filed_name
from oracles.sources.directory import REASON_SUFFIX, Directory, reserve
from oracles.store.captures import CaptureRow, CaptureStatus
from oracles.store.models import DocumentRow
from oracles.storing import Also, Storing

log = structlog.get_logger("oracles")

MOST_AT_ONCE: Final = 16
MOST_BYTES: Final = 256 * 1024
"""What a turn takes at most, but for its last document, so that a flood does not keep votes from being sent."""

MOST_PROBLEMS: Final = 100
SHOWN: Final = 3
PROCEED: Final = "proceed"

Finish = Callable[[Session, CaptureRow], None]
"""What ends a job, in the transaction that stores its document."""


@dataclass(frozen=True)
class Outcome:
    """What a look at a document's events brought: those to add, how many were known, and what is wrong."""

    added: Sequence[Checked]
    known: int
    problems: Sequence[Problem]


@dataclass
class Capturing:
    """`run` brings documents into the pipeline, `file_away` lays them into archive or quarantine."""

    captures: CaptureStore
    storing: Storing
    directory: Directory
    _complaints: set[str] = field(default_factory=set)
    _unfiled: bool = True
    """Whether something may wait to be filed; at the start it may."""

    def run(self) -> int:
        """Number of documents taken."""
        if not self.captures.waiting.is_set():
            return 0
        # Cleared before the look: what comes in meanwhile sets it again.
        self.captures.waiting.clear()
        rows = self._rows(CaptureStatus.RECEIVED, CaptureStatus.CAPTURED)
        taken, size = 0, 0
        for row in rows:
            if row.status == CaptureStatus.CAPTURED:
                self._take_lone(row)
            else:
                self._take(row)
            taken, size = taken + 1, size + len(row.document or b"")
            if size > MOST_BYTES:
                break
        if taken < len(rows) or taken == MOST_AT_ONCE:
            self.captures.waiting.set()
        return taken

    def file_away(self) -> None:
        """Apart from `run`, so that votes need not wait for it. What cannot be laid down is tried again."""
        if not self._unfiled:
            return
        rows = self._rows(CaptureStatus.TAKEN)
        for row in rows:
            try:
                self._file(row)
            except OSError as error:
                self._complain(row.capture_id, f"{error.filename}: {error.strerror}")
                return
        self._unfiled = len(rows) == MOST_AT_ONCE

    def _rows(self, *statuses: CaptureStatus) -> Sequence[CaptureRow]:
        statement = select(CaptureRow).where(col(CaptureRow.status).in_(statuses)).order_by(col(CaptureRow.id))
        with self.captures.database.session() as session:
            return session.exec(statement.limit(MOST_AT_ONCE)).all()

    def _take_lone(self, row: CaptureRow) -> None:
        assert row.id is not None
        with self.captures.database.session() as session:
            sources = [event.source for event in store.events_of(session, row.id)]
        self._store(row, lambda: [events.canonical(source) for source in sources], _nothing_more)

    def _take(self, row: CaptureRow) -> None:
        """Runs the job: all its events are captured and in the pipeline, or, unless it may proceed, none."""
        with self.captures.adding:
            outcome = self._outcome(row)
            rejected = bool(outcome.problems) and row.behaviour != PROCEED
            added = () if rejected else outcome.added
            now = datetime.now(UTC)

            def finish(session: Session, capture: CaptureRow) -> None:
                assert capture.id is not None
                for checked in added:
                    store.add(session, checked, capture.id, now)
                store.finish(capture, outcome.problems[:MOST_PROBLEMS])

            if rejected:
                why = "; ".join(str(problem["detail"]) for problem in outcome.problems[:SHOWN])
                self.storing.refuse(_name(row), row.sha256, why, self._taken(row, finish))
            else:
                self._store(row, lambda: [checked.canonical for checked in added], finish)
        self._tell(row, outcome, len(added))

    def _store(self, row: CaptureRow, found: Callable[[], Sequence[CanonicalEvent]], finish: Finish) -> None:
        try:
            document = Document(_name(row), row.sha256, Standard.EPCIS, tuple(found()))
            self.storing.store(document, self._taken(row, finish))
        except FLAWS as error:
            log.exception("document not taken", capture=row.capture_id, operator_action_required=True)
            failed = NodeFailed(f"this node failed on it ({type(error).__name__})")
            self.storing.refuse(_name(row), row.sha256, failed.detail, self._taken(row, _failing(failed)))

    def _taken(self, row: CaptureRow, finish: Finish) -> Also:
        """The job's end, in the transaction that stores its document."""

        def also(session: Session, document: DocumentRow) -> None:
            capture = session.get_one(CaptureRow, row.id)
            finish(session, capture)
            capture.status, capture.document_id = CaptureStatus.TAKEN, document.id
            self.captures.checkpoint(Point.CAPTURE_TAKING)
            self._unfiled = True

        return also

    def _tell(self, row: CaptureRow, outcome: Outcome, captured: int) -> None:
        self.captures.checkpoint(Point.CAPTURE_TAKEN)
        self.storing.metrics.captures.labels("with errors" if outcome.problems else "whole").inc()
        counts = {"captured": captured, "known": outcome.known, "problems": len(outcome.problems)}
        log.info("capture job", capture=row.capture_id, client=row.client, **counts)

    def _outcome(self, row: CaptureRow) -> Outcome:
        assert row.document is not None
        try:
            document = events.received(row.document, len(row.document), 2**31)
        except CaptureRefused as error:
            return Outcome((), 0, [error.problem])
        added: dict[tuple[str, str], Checked] = {}
        ids: dict[str, str] = {}
        known, problems = 0, []
        with self.captures.database.session() as session:
            for place in range(len(document.events)):
                try:
                    checked = events.check(document, place)
                    its = (checked.event_hash, checked.declaration)
                    if its in added or store.earlier(session, checked) is not None:
                        known += 1
                        continue
                    self._claim(checked, ids)
                except CaptureRefused as error:
                    problems.append(error.problem)
                else:
                    added[its] = checked
        return Outcome(list(added.values()), known, problems)

    @staticmethod
    def _claim(checked: Checked, ids: dict[str, str]) -> None:
        """One id for one event within a document too. Raises AlreadyThere."""
        if checked.event_id is not None and ids.setdefault(checked.event_id, checked.event_hash) != checked.event_hash:
            raise AlreadyThere(f"two different events of this document are called {checked.event_id}")

    def _file(self, row: CaptureRow) -> None:
        """The document's bytes as a file, then no longer in the database. Repeated, it lays nothing down twice."""
        with self.captures.database.session() as session:
            document = session.get_one(DocumentRow, row.document_id)
        folder = self.directory.quarantine if document.reason else self.directory.archive
        target = _kept(folder, filed_name(row.capture_id, row.client), row.document or b"", document.reason)
        self.captures.checkpoint(Point.CAPTURE_KEPT)
        with self.captures.database.session() as session:
            capture = session.get_one(CaptureRow, row.id)
            document = session.get_one(DocumentRow, row.document_id)
            capture.status, capture.document = CaptureStatus.FILED, None
            document.status, document.filed_as = filed_status(document), target.name
        self.captures.checkpoint(Point.CAPTURE_FILED)

    def _complain(self, capture_id: str, why: str) -> None:
        if capture_id not in self._complaints:
            self._complaints.add(capture_id)
            log.error("capture cannot be filed", capture=capture_id, reason=why, operator_action_required=True)


def _name(row: CaptureRow) -> str:
    return f"{CAPTURED}{row.capture_id}"


def _failing(failed: NodeFailed) -> Finish:
    return lambda session, capture: store.finish(capture, [failed.problem])


def _nothing_more(session: Session, capture: CaptureRow) -> None:
    """A lone event was captured before its sender was told."""


def _kept(folder: Path, name: str, data: bytes, reason: str) -> Path:
    """The file with these bytes, on the disk, its reason before it. Another file of that name is left alone."""
    target = folder / name
    if target.exists() and target.read_bytes() != data:
        target = reserve(folder, name)
    if reason:
        target.with_name(target.name + REASON_SUFFIX).write_text(reason + "\n", encoding="utf-8")
    part = folder / f".{name}.part"
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return target
