"""Partners' folders: what an SFTP server's clients lay down is read there, and copied into the inbox when it is whole.

The files are another user's, so nothing is moved; what was taken is remembered by its stamp. A file is whole when it
has stood still for a while, was not touched while it was read, and reads to its end: then not even an upload that died
is taken. Temporary names (`.x`, `~x`, `x.part`, `x.filepart`, `x.tmp`) are not of a kind that is read.
"""

from __future__ import annotations

import contextvars
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, select

from oracles.checkpoints import Checkpoint, Point, go_on
from oracles.errors import FLAWS
from oracles.lasting import Told, lasting, nobody
from oracles.sources.directory import NOT_TEXT, RESTING_SUFFIXES, SUFFIXES, is_text, shown
from oracles.sources.drop import Drop
from oracles.sources.folder_settings import FolderSettings
from oracles.store.database import Database
from oracles.store.folders import FolderFileRow
from standards import strict_json, xml
from standards.epcis.documents import MAY_REPEAT
from standards.errors import StandardsError

log = structlog.get_logger("oracles")

TEMPORARY_STARTS: Final = (".", "~", "#")
MOST_AT_ONCE: Final = 64
"""Files that one look takes, so that a flood in one folder does not hold up its own newest for ever."""
STOP_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 10.0

Stamp = tuple[int, int, int, int]
"""Inode, size, last change of the content and of the file itself: the latter no uploader can set back."""


@dataclass
class _Sighting:
    stamp: Stamp
    since: float
    flawed: bool = False
    """It was read and is not whole: it is not read again until it changes."""


@dataclass
class Folder:
    """One folder; `look` is called again and again, by one thread."""

    settings: FolderSettings
    database: Database
    drop: Drop
    limit_bytes: int
    checkpoint: Checkpoint = go_on
    tables: bool = False
    """Whether the node reads CSV files. Of those nothing but their standing still says that they are whole."""
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, _Sighting] = field(default_factory=dict)
    _taken: dict[str, str] | None = None
    _complaints: dict[str, str] = field(default_factory=dict)
    _unnamed: set[str] = field(default_factory=set)
    """Files of the last look whose names cannot be remembered, as they can be shown."""

    def look(self) -> int:
        """Takes what is whole; how many files. What cannot be read now is complained of once, and tried again."""
        try:
            present = dict(self._present())
        except OSError as error:
            self._complain("", f"the folder cannot be read: {error.strerror}")
            return 0
        self._complaints.pop("", None)
        self._forget_absent(present)
        for name in self._unnamed:
            self._complain(name, NOT_TEXT)
        count = 0
        for name in sorted(present):
            if count < MOST_AT_ONCE and self._is_due(name, present[name]):
                count += self._take(name, present[name])
        return count

    def _present(self) -> Iterator[tuple[str, Stamp]]:
        self._unnamed = set()
        with os.scandir(self.settings.path) as entries:
            for entry in entries:
                if not is_final(entry.name, tables=self.tables):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                if is_text(entry.name):
                    yield entry.name, _stamp(status)
                else:
                    self._unnamed.add(shown(entry.name))

    def _is_due(self, name: str, stamp: Stamp) -> bool:
        if self._known().get(name) == _text(stamp):
            return False
        sighting = self._seen.get(name)
        if sighting is None or sighting.stamp != stamp:
            self._seen[name] = _Sighting(stamp, self.clock())
            self._complaints.pop(name, None)
            return False
        return not sighting.flawed and self.clock() - sighting.since >= self.settings.settle_seconds

    def _take(self, name: str, stamp: Stamp) -> bool:
        try:
            data = self._read(name, stamp)
        except OSError as error:
            self._complain(name, f"cannot be read: {error.strerror}")
            return False
        if data is None:
            return False
        suffix = os.path.splitext(name)[1].lower()
        flaw = self._flaw(data, suffix)
        if flaw:
            self._seen[name].flawed = True
            self._complain(name, flaw)
            return False
        taken_as = self.drop.put(data, suffix)
        self.checkpoint(Point.FOLDER_COPIED)
        self._remember(name, stamp, taken_as)
        self.checkpoint(Point.FOLDER_REMEMBERED)
        log.info("file taken", source=self.settings.source, name=name, file=taken_as, bytes=len(data))
        return True

    def _read(self, name: str, stamp: Stamp) -> bytes | None:
        """None where it is no longer that file, before or after. Never through a link. Raises OSError."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(self.settings.path / name, flags), "rb") as file:
            if _stamp(os.fstat(file.fileno())) != stamp:
                return None
            data = file.read(self.limit_bytes + 1)
            after = _stamp(os.fstat(file.fileno()))
        in_place = os.stat(self.settings.path / name, follow_symlinks=False)
        return data if after == stamp == _stamp(in_place) else None

    def _flaw(self, data: bytes, suffix: str) -> str:
        """Why a file is left where it is. What reads to its end but is of no known kind goes the way of all papers."""
        if len(data) > self.limit_bytes:
            return f"is larger than the {self.limit_bytes} bytes that this node reads"
        if not data.strip():
            return "is empty"
        try:
            if suffix == ".xml":
                xml.parse(data, self.limit_bytes)
            elif suffix == ".json":
                strict_json.parse(data, self.limit_bytes, MAY_REPEAT)
        except StandardsError as error:
            return f"is not whole, or cannot be read: {error}"
        return ""

    def _known(self) -> dict[str, str]:
        """Stamps of what was taken, by name."""
        if self._taken is None:
            with self.database.session() as session:
                rows = session.exec(select(FolderFileRow).where(FolderFileRow.folder == str(self.settings.path)))
                self._taken = {row.name: row.stamp for row in rows}
        return self._taken

    def _remember(self, name: str, stamp: Stamp, taken_as: str) -> None:
        folder = str(self.settings.path)
        with self.database.session() as session:
            session.exec(delete(FolderFileRow).where(_is(folder, name)))
            session.add(FolderFileRow(folder=folder, name=name, stamp=_text(stamp), taken_as=taken_as))
        self._known()[name] = _text(stamp)
        self._seen.pop(name, None)

    def _forget_absent(self, present: dict[str, Stamp]) -> None:
        self._seen = {name: sighting for name, sighting in self._seen.items() if name in present}
        self._complaints = {
            name: why for name, why in self._complaints.items() if name in present or name in self._unnamed
        }
        gone = [name for name in self._known() if name not in present]
        for name in gone:
            with self.database.session() as session:
                session.exec(delete(FolderFileRow).where(_is(str(self.settings.path), name)))
            del self._known()[name]

    def _complain(self, name: str, why: str) -> None:
        if self._complaints.get(name) != why:
            self._complaints[name] = why
            log.error(
                "file left in its folder",
                source=self.settings.source,
                name=name,
                reason=why,
                operator_action_required=True,
            )


def is_final(name: str, *, tables: bool = False) -> bool:
    """Whether a name is one that a paper has, and not that of an upload under way."""
    suffixes = SUFFIXES + (RESTING_SUFFIXES if tables else ())
    return name.lower().endswith(suffixes) and not name.startswith(TEMPORARY_STARTS)


@contextmanager
def watching(folders: list[Folder], told: Told = nobody) -> Iterator[None]:
    """Each folder in a thread of its own: one that hangs (a mount that is away) holds up no other."""
    stopping = threading.Event()
    with ExitStack() as stack:
        for folder in folders:
            run = contextvars.copy_context().run
            name = f"folder-{folder.settings.source}"
            work = lasting(_watch, stopping.is_set, name, told)
            thread = threading.Thread(target=run, args=(work, folder, stopping), name=name, daemon=True)
            thread.start()
            stack.callback(thread.join, STOP_SECONDS)
        stack.callback(stopping.set)
        yield


def _watch(folder: Folder, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            folder.look()
        except (OSError, DBAPIError, *FLAWS) as error:
            # Our own disk, database or program: what was not remembered is taken again, which adds nothing. A folder
            # whose thread has ended would be read no more, and nobody would know.
            reason = f"{type(error).__name__}: {getattr(error, 'orig', error)}"
            log.error("folder not read", source=folder.settings.source, reason=reason, operator_action_required=True)
            stopping.wait(RETRY_SECONDS)
        stopping.wait(folder.settings.poll_seconds)


def _is(folder: str, name: str) -> ColumnElement[bool]:
    return (col(FolderFileRow.folder) == folder) & (col(FolderFileRow.name) == name)


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _text(stamp: Stamp) -> str:
    return ",".join(map(str, stamp))
