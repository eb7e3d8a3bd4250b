"""Which consignment a device travels with, and when: a table that its operator keeps, read again when it changes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError, model_validator

from oracles.errors import OracleError
from oracles.mqtt.readings import About, about_of
from oracles.setting_tables import SettingTable
from standards.epcis import ReferenceKind, fields
from standards.errors import StandardsError

log = structlog.get_logger("oracles")

Stamp = tuple[int, int, int]
_KINDS: Final[tuple[ReferenceKind, ...]] = (
    "container",
    "sscc",
    "order",
    "booking",
    "transport_document",
    "consignment",
    "despatch_advice",
    "invoice",
)


class DevicesUnusable(OracleError):
    """The table of devices cannot be used; the problems name their entries."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("; ".join(f"{path.name}: {problem}" for problem in problems))
        self.path = path
        self.problems = tuple(problems)


class DeviceEntry(SettingTable):
    """A device and what it travels with from a moment (inclusive) until another (exclusive)."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    since: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = None
    container: str | None = None
    sscc: str | None = None
    order: str | None = None
    booking: str | None = None
    transport_document: str | None = None
    consignment: str | None = None
    despatch_advice: str | None = None
    invoice: str | None = None
    place: str | None = None
    """Where it stands, as a Digital Link or geo URI; events name it as their read point."""

    @model_validator(mode="after")
    def _says_something(self) -> DeviceEntry:
        if not self.kinds:
            raise ValueError(f"{self.id}: it names nothing that it travels with ({', '.join(_KINDS)})")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"{self.id}: 'from' must lie before 'until'")
        if self.place is not None and not fields.is_uri(self.place):
            raise ValueError(f"{self.id}: place {self.place!r} is no URI")
        try:
            about_of(self.kinds, self.place)
        except StandardsError as error:
            raise ValueError(f"{self.id}: {error}") from error
        return self

    @property
    def kinds(self) -> dict[ReferenceKind, str]:
        return {kind: str(getattr(self, kind)).strip() for kind in _KINDS if getattr(self, kind)}

    def covers(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


class _Table(SettingTable):
    device: tuple[DeviceEntry, ...] = ()


DeviceTable = Mapping[str, Sequence[DeviceEntry]]
"""The entries of each device; at most one of them covers a moment."""


def read_devices(data: str, path: Path) -> DeviceTable:
    """Raises DevicesUnusable with everything that is wrong."""
    try:
        table = _Table.model_validate(tomllib.loads(data))
    except tomllib.TOMLDecodeError as error:
        raise DevicesUnusable(path, [f"is not TOML: {error}"]) from error
    except ValidationError as error:
        raise DevicesUnusable(path, [_sentence(detail) for detail in error.errors()]) from error
    found: dict[str, list[DeviceEntry]] = {}
    for entry in table.device:
        found.setdefault(entry.id, []).append(entry)
    clashes = [clash for entries in found.values() if (clash := _clash(entries))]
    if clashes:
        raise DevicesUnusable(path, clashes)
    return found


class Devices:
    """The table as it is now. A change that cannot be used is said once, and the table before it stays in force."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._table: DeviceTable = {}

    def look(self) -> bool:
        """Reads the table again where its file has changed; whether it has."""
        if self._path is None:
            return False
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            self._table = read_devices(self._path.read_text(encoding="utf-8"), self._path)
        except (OSError, UnicodeDecodeError) as error:
            self._complain(f"cannot be read: {error}")
            return False
        except DevicesUnusable as error:
            self._complain(str(error))
            return False
        log.info("devices", file=self._path.name, devices=len(self._table))
        return True

    def about(self, device: str, at: datetime) -> About | None:
        """What a device travelled with at a moment; None where the table does not say."""
        for entry in self._table.get(device, ()):
            if entry.covers(at):
                return about_of(entry.kinds, entry.place)
        return None

    def is_over(self, device: str, now: datetime) -> bool:
        """Whether the device is in the table and none of its entries reaches until now: nobody waits for it."""
        entries = self._table.get(device)
        return bool(entries) and all(entry.until is not None and entry.until <= now for entry in entries or ())

    def _complain(self, why: str) -> None:
        log.error("devices not read", file=str(self._path), reason=why, operator_action_required=True)


def _clash(entries: Sequence[DeviceEntry]) -> str | None:
    """Two entries of one device that both cover a moment: which of them would be true?"""
    always, never = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    spans = sorted((entry.since or always, entry.until or never) for entry in entries)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            return f"{entries[0].id}: two entries cover {'every moment' if start == always else start.isoformat()}"
    return None


def _sentence(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
