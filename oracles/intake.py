"""From the inbox into the database: scan, read, store. Needs no network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final

import structlog
from sqlmodel import col, select

from oracles.adapters import read_document
from oracles.canonical import Document
from oracles.checkpoints import Checkpoint, Point
from oracles.errors import FLAWS, DocumentRefused
from oracles.operating.obstacles import obstacle_of
from oracles.origins import CAPTURED
from oracles.sources.directory import Candidate, Directory
from oracles.store.database import Database
from oracles.store.models import DocumentRow, DocumentStatus
from oracles.storing import Storing

log = structlog.get_logger("oracles")

MOST_AT_ONCE: Final = 64
MOST_TOGETHER: Final = 16
"""Documents that reach the disk in one go."""
TURN_SECONDS: Final = 0.1
"""A relay waits for a vote not much longer than this."""

Reader = Callable[[str, bytes, int], Document]
Ready = tuple[Candidate, Document]


@dataclass
class Intake:
    """Takes what lies in the inbox, whole documents at a time: all events of a file are stored, or none."""

    database: Database
    directory: Directory
    storing: Storing
    file_limit_bytes: int
    checkpoint: Checkpoint
    read: Reader = read_document
    clock: Callable[[], float] = time.monotonic
    _complaints: set[str] = field(default_factory=set)
    _stored: list[tuple[Candidate, str]] = field(default_factory=list)
    """Files of this turn that are in the database and can leave the inbox, with their SHA-256."""
    _pending: Iterator[Candidate] = field(default_factory=lambda: iter(()))
    """What the last look at the inbox found and no turn has read yet."""

    def settle_moved(self) -> None:
        """After a start: what was stored and is no longer in the inbox was moved just before the process died."""
        with self.database.session() as session:
            taken = select(DocumentRow).where(DocumentRow.status == DocumentStatus.TAKEN)
            for row in session.exec(taken.where(col(DocumentRow.name).not_like(f"{CAPTURED}%"))):
                if not (self.directory.inbox / row.name).exists():
                    row.status = filed_status(row)

    def run(self) -> int:
        """Number of documents taken; at most MOST_AT_ONCE looked at, and no new one after TURN_SECONDS, so that a flood
        does not hold up votes."""
        taken, until = 0, self.clock() + TURN_SECONDS
        resumed: Set[tuple[str, str]] | None = None
        ready: list[Ready] = []
        for candidate in islice(self._candidates(), MOST_AT_ONCE):
            resumed = self._resumed() if resumed is None else resumed
            taken += self._take(candidate, resumed, ready)
            if len(ready) == MOST_TOGETHER:
                self._store_together(ready)
                ready = []
            if self.clock() >= until:
                break
        self._store_together(ready)
        for name, why in self.directory.left.items():
            self._complain(name, why)
        return taken

    def _candidates(self) -> Iterator[Candidate]:
        """What an earlier look left, or a new look finds: ten thousand files are not listed anew in each turn."""
        candidate = next(self._pending, None)
        if candidate is None:
            self._pending = self.directory.candidates()
            candidate = next(self._pending, None)
        while candidate is not None:
            yield candidate
            candidate = next(self._pending, None)

    def _take(self, candidate: Candidate, resumed: Set[tuple[str, str]], ready: list[Ready]) -> bool:
        """What was read well is `ready` to be stored; what is malformed, or was stored before, is done with."""
        name = candidate.path.name
        try:
            data = self._bytes(candidate)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._leave(name, "cannot be read", error)
            return False
        digest = sha256(data).hexdigest()
        if (name, digest) in resumed:
            self._stored.append((candidate, digest))
            return True
        try:
            document = self.read(name, data, self.file_limit_bytes)
        except DocumentRefused as error:
            if not candidate.settled:
                return False
            self.storing.refuse(name, digest, error.why)
            self._stored.append((candidate, digest))
            return True
        try:
            self._lay_aside(document)
        except OSError as error:
            self._leave(name, "its bad rows cannot be laid aside", error)
            return False
        ready.append((candidate, document))
        return True

    def _lay_aside(self, document: Document) -> None:
        """Before the rest is stored: a bad row is never lost, whenever the process dies."""
        aside = document.set_aside
        if aside is not None:
            self.directory.keep_aside(aside.name, aside.data, aside.reason)
            self.checkpoint(Point.ROWS_SET_ASIDE)
            log.warning("rows set aside", file=document.name, kept_as=aside.name, operator_action_required=True)

    def _store_together(self, ready: Sequence[Ready]) -> None:
        """All at once; where our own code fails on one of them, each by itself, so that it alone is set aside."""
        if not ready:
            return
        try:
            self.storing.store_all([document for _, document in ready])
        except FLAWS:
            for _, document in ready:
                self._store(document)
        self._stored += [(candidate, document.sha256) for candidate, document in ready]

    def _store(self, document: Document) -> None:
        try:
            self.storing.store(document)
        except FLAWS as error:
            log.exception("document not taken", file=document.name, operator_action_required=True)
            self.storing.refuse(document.name, document.sha256, f"this program failed on it ({type(error).__name__})")

    def file_away(self) -> None:
        """Moves what was stored out of the inbox. Apart from `run`, so that votes need not wait for it."""
        stored, self._stored = self._stored, []
        if not stored:
            return
        rows = self._taken()
        moved: dict[int, str] = {}
        try:
            for candidate, digest in stored:
                row = rows.get((candidate.path.name, digest))
                if row is not None and row.id is not None and row.id not in moved:
                    self._move(candidate, row, row.id, moved)
        finally:
            self._remember(moved)

    def _move(self, candidate: Candidate, row: DocumentRow, row_id: int, moved: dict[int, str]) -> None:
        """Where the move failed or came too early, the next look repeats it."""
        name = candidate.path.name
        try:
            if row.reason:
                target = self.directory.set_aside(name, candidate.stamp, row.reason)
            else:
                target = self.directory.file_away(name, candidate.stamp)
        except OSError as error:
            self._leave(name, "was taken, but cannot be moved out of it", error)
            return
        self.checkpoint(Point.DOCUMENT_MOVED)
        moved[row_id] = target.name if target else ""

    def _remember(self, moved: Mapping[int, str]) -> None:
        if not moved:
            return
        with self.database.session() as session:
            for row in session.exec(select(DocumentRow).where(col(DocumentRow.id).in_(moved))):
                row.status, row.filed_as = filed_status(row), moved[row.id or 0]
        self.checkpoint(Point.DOCUMENT_FILED)

    def _bytes(self, candidate: Candidate) -> bytes:
        # One byte more than allowed is enough to tell that a file is too large.
        with candidate.path.open("rb") as handle:
            return handle.read(self.file_limit_bytes + 1)

    def _leave(self, name: str, why: str, error: OSError) -> None:
        """One file must not hold up the others; a disk without room holds up all, and goes on to the caller."""
        if obstacle_of(error) is not None:
            raise error
        self.directory.try_later(name)
        self._complain(name, f"{why}: {error.strerror}")

    def _complain(self, name: str, why: str) -> None:
        if name not in self._complaints:
            self._complaints.add(name)
            log.error("file left in the inbox", file=name, reason=why, operator_action_required=True)

    def _resumed(self) -> Set[tuple[str, str]]:
        """Files that were stored before and only have to be filed: the process died in between. By name and SHA-256."""
        return self._taken().keys()

    def _taken(self) -> dict[tuple[str, str], DocumentRow]:
        """What is stored and not yet filed; of the same file the first."""
        with self.database.session() as session:
            taken = select(DocumentRow).where(DocumentRow.status == DocumentStatus.TAKEN)
            rows = session.exec(taken.order_by(col(DocumentRow.id).desc())).all()
        return {(row.name, row.sha256): row for row in rows}


def filed_status(row: DocumentRow) -> DocumentStatus:
    return DocumentStatus.QUARANTINED if row.reason else DocumentStatus.ARCHIVED
