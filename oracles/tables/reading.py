"""A CSV file as a document: each row goes the way of an EPCIS event, so that one hash names the fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path, PurePath

from oracles.adapters import epcis
from oracles.canonical import CanonicalEvent, Correction, Document, SetAside, Standard
from oracles.errors import FLAWS, DocumentRefused, SettingsInvalid
from oracles.tables.settings import SUFFIX, BadRows, CsvSettings
from standards.epcis import event_hash, parse_event
from standards.errors import StandardsError
from standards.tables import (
    CellProblem,
    Mapping,
    MappingInvalid,
    Row,
    RowEvent,
    RowProblem,
    Table,
    event_of,
    read_mapping,
    read_table,
    skipped,
    write_rows,
)
from standards.tables.errors import listed

Reader = Callable[[str, bytes, int], Document]


@dataclass(frozen=True)
class Skipped:
    """A row that the mapping says is no event."""

    line: int
    why: str


def reader_of(tables: Sequence[CsvSettings], other: Reader, *, skips_bad_rows: bool = False) -> Reader:
    """Reads CSV by the pattern of its name, all else with `other`. Raises SettingsInvalid."""
    mappings = [(table, load_mapping(table.mapping)) for table in tables]

    def read(name: str, data: bytes, limit_bytes: int) -> Document:
        file = PurePath(name).name
        if not file.lower().endswith(SUFFIX):
            return other(name, data, limit_bytes)
        for table, mapping in mappings:
            if fnmatchcase(file, table.files):
                bad_rows: BadRows = "set aside" if skips_bad_rows else table.bad_rows
                return read_csv(name, data, limit_bytes, mapping, bad_rows)
        raise DocumentRefused(name, "no [[csv]] of the settings has a pattern for this name")

    return read


def load_mapping(path: Path) -> Mapping:
    """Raises SettingsInvalid with all problems, each naming its key."""
    try:
        return read_mapping(path.read_bytes())
    except OSError as error:
        raise SettingsInvalid(path, [f"cannot be read: {error.strerror}"]) from error
    except MappingInvalid as error:
        raise SettingsInvalid(path, error.problems) from error


def read_csv(name: str, data: bytes, limit_bytes: int, mapping: Mapping, bad_rows: BadRows) -> Document:
    """All events of a table, or DocumentRefused with every bad row. A table without rows is a document of no events."""
    table = table_of(name, data, limit_bytes, mapping)
    read = list(rows_of(table, mapping))
    events = [result for _, result in read if isinstance(result, CanonicalEvent)]
    bad = [(row, result) for row, result in read if isinstance(result, RowProblem)]
    if bad and (bad_rows == "refuse" or not events):
        count = f"{len(bad)} of {len(read)} rows are bad, so nothing of it was taken"
        raise DocumentRefused(name, f"{count}:\n{listed([problem for _, problem in bad])}")
    digest = sha256(data).hexdigest()
    aside = _set_aside(name, digest, table, mapping, bad) if bad else None
    return Document(name, digest, Standard.CSV, tuple(events), set_aside=aside)


def table_of(name: str, data: bytes, limit_bytes: int, mapping: Mapping) -> Table:
    """Raises DocumentRefused."""
    if len(data) > limit_bytes:
        raise DocumentRefused(name, f"it is larger than the {limit_bytes} bytes that this node reads")
    try:
        return read_table(data, mapping)
    except StandardsError as error:
        raise DocumentRefused(name, str(error)) from error
    except FLAWS as error:
        raise DocumentRefused(name, f"this program failed on it ({type(error).__name__}: {error})") from error


def rows_of(table: Table, mapping: Mapping) -> Iterator[tuple[Row, CanonicalEvent | RowProblem | Skipped]]:
    """What each row means, in the order of the file."""
    for row in table.rows:
        why = skipped(table, row, mapping)
        yield row, Skipped(row.line, why) if why else _canonical(table, row, mapping)


def _canonical(table: Table, row: Row, mapping: Mapping) -> CanonicalEvent | RowProblem:
    try:
        read = event_of(table, row, mapping)
        return read if isinstance(read, RowProblem) else _event(read)
    except StandardsError as error:
        return RowProblem(row.line, (CellProblem("", str(error)),))
    except FLAWS as error:
        return RowProblem(row.line, (CellProblem("", f"this program failed on it ({type(error).__name__})"),))


def _event(read: RowEvent) -> CanonicalEvent:
    parsed = parse_event(read.source)
    correction = None
    if read.cancellation is not None:
        # Without its line: the same row on another line of a later export is the same correction.
        reason, of = f"cancelled by a row of a table ({read.cancellation.reason})", read.cancellation.event_id
        correction = Correction(reason, parsed.occurred_at, event_hash=event_hash(parsed), source_event_id=of)
    event = epcis.canonical(parsed, epcis.activity(parsed), correction=correction)
    return event.model_copy(update={"line": read.line})


def _set_aside(
    name: str, digest: str, table: Table, mapping: Mapping, bad: Sequence[tuple[Row, RowProblem]]
) -> SetAside:
    """Named by the whole file's bytes: read again after a crash it is the same file once more."""
    stem = PurePath(name).stem
    rows = write_rows(mapping, table.header, [row for row, _ in bad])
    count = f"{len(bad)} of {len(table.rows)} rows of {PurePath(name).name} are bad; the others were taken"
    reason = f"{count}. Lines are those of the whole file:\n{listed([problem for _, problem in bad])}"
    return SetAside(f"{stem}.bad-rows-{digest[:12]}{SUFFIX}", rows, reason)
