"""The watched directory: whole files come in, nothing is lost, nothing is taken twice by mistake.

The contract with whoever drops files is an atomic rename into the inbox. A plain copy is understood too: what does not
read yet is left alone until its size and time have stood still for `settle_seconds` and at least two looks. A JSON or
XML document that reads to its end is complete (no proper beginning of one is well-formed), so it need not wait. Every
beginning of a table is a table, so CSV files always wait, and are looked for only where the settings know tables.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".json", ".xml")
RESTING_SUFFIXES: Final = (".csv",)
"""Files that are judged only after they have stood still."""
REASON_SUFFIX: Final = ".reason.txt"
NAME_LIMIT_BYTES: Final = 200
"""Of names that are read or given. What is put after them (reason, bad rows) fits into the 255 of file systems."""
NOT_TEXT: Final = "its name is not UTF-8"

Stamp = tuple[int, int, int]
"""Inode, size in bytes, time of the last change in nanoseconds."""


@dataclass(frozen=True)
class Candidate:
    """A file in the inbox. `settled`: it has stood still long enough to be judged as it is."""

    path: Path
    stamp: Stamp
    settled: bool


@dataclass
class _Sighting:
    stamp: Stamp
    since: float
    looks: int = 1
    tried: bool = False
    done: bool = False


class Directory:
    """The inbox of a node with its archive and quarantine, all on one file system."""

    def __init__(
        self,
        inbox: Path,
        archive: Path,
        quarantine: Path,
        settle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        dry: bool = False,
        tables: bool = False,
    ) -> None:
        """A dry directory moves nothing and looks at each file once. `tables`: whether CSV files are taken."""
        self.inbox, self.archive, self.quarantine = inbox, archive, quarantine
        self.dry = dry
        self._suffixes = SUFFIXES + (RESTING_SUFFIXES if tables else ())
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._seen: dict[str, _Sighting] = {}
        self.left: dict[str, str] = {}
        """Files of the last look whose names cannot be kept, by a name that can be shown: why each is left alone."""

    def prepare(self) -> None:
        for folder in (self.inbox,) if self.dry else (self.inbox, self.archive, self.quarantine):
            folder.mkdir(parents=True, exist_ok=True)

    def candidates(self) -> Iterator[Candidate]:
        """Files worth reading now, by name: new or changed ones at once, unreadable ones again when settled."""
        present = self._present()
        self._seen = {name: sighting for name, sighting in self._seen.items() if name in present}
        for name in sorted(present):
            sighting = self._sight(name, present[name])
            settled = sighting.looks >= 2 and self._clock() - sighting.since >= self._settle_seconds
            must_rest = name.lower().endswith(RESTING_SUFFIXES)
            if not sighting.done and (settled or not (sighting.tried or must_rest)):
                sighting.tried = True
                yield Candidate(self.inbox / name, sighting.stamp, settled)

    def try_later(self, name: str) -> None:
        """Offers a file again after `settle_seconds`, not in every turn."""
        sighting = self._seen.get(name)
        if sighting is not None:
            sighting.since = self._clock()

    def file_away(self, name: str, stamp: Stamp) -> Path | None:
        """Moves a finished file into the archive and says where it lies now; None where it is no longer that file."""
        return self._move(name, stamp, self.archive, "")

    def set_aside(self, name: str, stamp: Stamp, reason: str) -> Path | None:
        """Moves a malformed file into the quarantine, its reason beside it; None where it is no longer that file."""
        return self._move(name, stamp, self.quarantine, reason)

    def keep_aside(self, name: str, data: bytes, reason: str) -> None:
        """Lays a part of a file into the quarantine, on disk when this returns. Again it changes nothing."""
        if self.dry:
            return
        target = self.quarantine / name
        target.with_name(target.name + REASON_SUFFIX).write_text(reason + "\n", encoding="utf-8")
        unfinished = self.quarantine / f".{name}.part"
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    def _present(self) -> dict[str, Stamp]:
        found = {}
        self.left = {}
        with os.scandir(self.inbox) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.lower().endswith(self._suffixes):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                flaw = flaw_of_name(entry.name)
                if flaw:
                    self.left[shown(entry.name)] = flaw
                else:
                    found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def _sight(self, name: str, stamp: Stamp) -> _Sighting:
        sighting = self._seen.get(name)
        if sighting is None or sighting.stamp != stamp:
            self._seen[name] = sighting = _Sighting(stamp, self._clock())
        else:
            sighting.looks += 1
        return sighting

    def _move(self, name: str, stamp: Stamp, folder: Path, reason: str) -> Path | None:
        sighting = self._seen.get(name)
        if self.dry:
            if sighting is not None:
                sighting.done = True
            return None
        source = self.inbox / name
        if _stamp(source) != stamp:
            return None
        target = _moved(source, folder, reason)
        self._seen.pop(name, None)
        if _stamp(target) == stamp:
            return target
        # Another file took the name between the look and the move: it has not been read, so it goes back.
        target.replace(reserve(self.inbox, name))
        return None


def flaw_of_name(name: str) -> str:
    """Why a name of the inbox is not taken; empty where it is."""
    if not is_text(name):
        return NOT_TEXT
    return f"its name is longer than {NAME_LIMIT_BYTES} bytes" if len(name.encode()) > NAME_LIMIT_BYTES else ""


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8: no other can be kept in the database."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str) -> str:
    """A name that every log takes: bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def papers_in(folder: Path) -> Iterator[Path]:
    """The documents that lie in an archive or a quarantine, by name; neither their reasons nor reserved names."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        is_paper = not path.name.startswith(".") and not path.name.endswith(REASON_SUFFIX)
        if is_paper and path.is_file() and path.stat().st_size:
            yield path


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def _moved(source: Path, folder: Path, reason: str) -> Path:
    """Where the file lies now. Raises OSError, and then nothing of the attempt stays."""
    target = reserve(folder, source.name)
    beside = target.with_name(target.name + REASON_SUFFIX)
    try:
        if reason:
            # The reason first: a file in quarantine always has one, whenever the process dies.
            beside.write_text(reason + "\n", encoding="utf-8")
        source.replace(target)
    except OSError:
        if reason:
            beside.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
    return target


def reserve(folder: Path, name: str) -> Path:
    """A name that nothing else has, held by an empty file until the real one replaces it. Where the name is longer than
    NAME_LIMIT_BYTES its stem is cut."""
    stem, suffix = os.path.splitext(name)
    number = 1
    while True:
        end = suffix if number == 1 else f".{number}{suffix}"
        target = folder / (_cut(stem, NAME_LIMIT_BYTES - len(end.encode())) + end)
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            number += 1
        else:
            return target


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode("utf-8", "ignore")
