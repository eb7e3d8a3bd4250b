"""What the node could not read: looked at, handed in again, or laid aside for good with a record of who and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from oracles.errors import OracleError
from oracles.settings import NodeSettings
from oracles.sources.directory import REASON_SUFFIX, papers_in, reserve
from oracles.sources.drop import source_of
from oracles.store.database import Database
from oracles.store.operations import OperatorActRow

RECORD_SUFFIX: Final = ".dropped.json"
RETRIED: Final = "quarantine retry"
DROPPED: Final = "quarantine drop"


class NotQuarantined(OracleError):
    """There is no such file in the quarantine."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(f"{folder}: no file {name!r} lies there; `portolan oracle quarantine list` names them")
        self.name = name


@dataclass(frozen=True)
class Quarantined:
    """A file. `at` is when its content came, by the machine's clock, in ISO 8601, UTC."""

    name: str
    source: str
    reason: str
    sha256: str
    size_bytes: int
    at: str


@dataclass
class Quarantine:
    """A node's; it may be running. `who` stands in the record of what is done."""

    settings: NodeSettings
    who: str

    @property
    def dropped(self) -> Path:
        """Where files lie that were laid aside for good."""
        return self.settings.inbox.parent / "dropped"

    def files(self) -> Iterator[Quarantined]:
        for path in papers_in(self.settings.quarantine):
            yield self._look(path)

    def file(self, name: str) -> Quarantined:
        """Raises NotQuarantined."""
        return self._look(self._path(name))

    def retry(self, name: str) -> Path:
        """Back into the inbox, to be read anew. Raises NotQuarantined."""
        path = self._path(name)
        self._record(RETRIED, self._look(path), "")
        target = reserve(self.settings.inbox, name)
        path.replace(target)
        _reason_file(path).unlink(missing_ok=True)
        return target

    def drop(self, name: str, reason: str) -> Path:
        """Out of the quarantine, with a record beside it and in the database; the file is kept. Raises
        NotQuarantined."""
        path = self._path(name)
        found = self._look(path)
        self.dropped.mkdir(mode=0o700, exist_ok=True)
        target = reserve(self.dropped, name)
        record = asdict(found) | {"dropped_at": _now(), "dropped_by": self.who, "dropped_because": reason}
        # The record first: a file that was laid aside always has one, whenever the process dies.
        _write_durably(target.with_name(target.name + RECORD_SUFFIX), json.dumps(record, indent=2) + "\n")
        self._record(DROPPED, found, reason)
        path.replace(target)
        _reason_file(path).unlink(missing_ok=True)
        return target

    def _path(self, name: str) -> Path:
        path = self.settings.quarantine / name
        if Path(name).name != name or path not in set(papers_in(self.settings.quarantine)):
            raise NotQuarantined(self.settings.quarantine, name)
        return path

    def _look(self, path: Path) -> Quarantined:
        data, reason = path.read_bytes(), _reason_file(path)
        why = reason.read_text(encoding="utf-8", errors="replace").strip() if reason.exists() else ""
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        return Quarantined(path.name, source_of(path.name), why, sha256(data).hexdigest(), len(data), moment)

    def _record(self, act: str, found: Quarantined, reason: str) -> None:
        database = Database(self.settings.database)
        try:
            database.prepare()
            with database.session() as session:
                session.add(
                    OperatorActRow(
                        at=_now(), who=self.who, act=act, name=found.name, sha256=found.sha256, reason=reason
                    )
                )
        finally:
            database.close()


def _reason_file(path: Path) -> Path:
    return path.with_name(path.name + REASON_SUFFIX)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
