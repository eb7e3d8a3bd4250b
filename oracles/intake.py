"""From the inbox into the database: scan, read, store. Needs no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final

import structlog
from sqlmodel import Session, col, select

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

Reader = Callable[[str, bytes, int], Document]


@dataclass
class Intake:
    """Takes what lies in the inbox, whole documents at a time: all events of a file are stored, or none."""

    database: Database
    directory: Directory
    storing: Storing
    file_limit_bytes: int
    checkpoint: Checkpoint
    read: Reader = read_document
    _complaints: set[str] = field(default_factory=set)
    _stored: list[tuple[Candidate, str]] = field(default_factory=list)
    """Files of this turn that are in the database and can leave the inbox, with their SHA-256."""

    def settle_moved(self) -> None:
        """After a start: what was stored and is no longer in the inbox was moved just before the process died."""
        with self.database.session() as session:
            taken = select(DocumentRow).where(DocumentRow.status == DocumentStatus.TAKEN)
            for row in session.exec(taken.where(col(DocumentRow.name).not_like(f"{CAPTURED}%"))):
                if not (self.directory.inbox / row.name).exists():
                    row.status = filed_status(row)

    def run(self) -> int:
        """Number of documents taken; at most MOST_AT_ONCE looked at, so that a flood does not hold up votes."""
        taken = sum(self._take(candidate) for candidate in islice(self.directory.candidates(), MOST_AT_ONCE))
        for name, why in self.directory.left.items():
            self._complain(name, why)
        return taken

    def _take(self, candidate: Candidate) -> bool:
        name = candidate.path.name
        try:
            data = self._bytes(candidate)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._leave(name, "cannot be read", error)
            return False
        digest = sha256(data).hexdigest()
        if not self._resumed(candidate, digest):
            try:
                document = self.read(name, data, self.file_limit_bytes)
            except DocumentRefused as error:
                if not candidate.settled:
                    return False
                self.storing.refuse(name, digest, error.why)
            else:
                try:
                    self._store(document)
                except OSError as error:
                    self._leave(name, "its bad rows cannot be laid aside", error)
                    return False
        self._stored.append((candidate, digest))
        return True

    def _store(self, document: Document) -> None:
        aside = document.set_aside
        if aside is not None:
            # Before the rest is stored: a bad row is never lost, whenever the process dies.
            self.directory.keep_aside(aside.name, aside.data, aside.reason)
            self.checkpoint(Point.ROWS_SET_ASIDE)
            log.warning("rows set aside", file=document.name, kept_as=aside.name, operator_action_required=True)
        try:
            self.storing.store(document)
        except FLAWS as error:
            log.exception("document not taken", file=document.name, operator_action_required=True)
            self.storing.refuse(document.name, document.sha256, f"this program failed on it ({type(error).__name__})")

    def file_away(self) -> None:
        """Moves what was stored out of the inbox. Apart from `run`, so that votes need not wait for it."""
        while self._stored:
            candidate, digest = self._stored.pop(0)
            try:
                self._file(candidate, digest)
            except OSError as error:
                self._leave(candidate.path.name, "was taken, but cannot be moved out of it", error)

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

    def _resumed(self, candidate: Candidate, digest: str) -> bool:
        """Whether this very file was stored before and only has to be filed: the process died in between."""
        with self.database.session() as session:
            return _taken(session, candidate.path.name, digest) is not None

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
            row.status = filed_status(row)
            row.filed_as = target.name if target else ""
        self.checkpoint(Point.DOCUMENT_FILED)


def filed_status(row: DocumentRow) -> DocumentStatus:
    return DocumentStatus.QUARANTINED if row.reason else DocumentStatus.ARCHIVED


def _taken(session: Session, name: str, digest: str) -> DocumentRow | None:
    statement = select(DocumentRow).where(
        DocumentRow.name == name, DocumentRow.sha256 == digest, DocumentRow.status == DocumentStatus.TAKEN
    )
    return session.exec(statement).first()
