"""From the bytes of a CSV file to its rows, with the line at which each begins. Everything is text: nothing is run."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from standards.tables.errors import CellProblem, CellRefused, TableRefused
from standards.tables.mapping import Column, Mapping

BOM: Final = "\ufeff"
MOST_COLUMNS: Final = 1024


@dataclass(frozen=True)
class Row:
    """`line`: where it begins in the file, from 1; a quoted cell may go over several lines."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`header` is empty where the file has none."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    places: dict[Column, int]
    """Where each column of the mapping stands."""
    width: int

    def cell(self, row: Row, column: Column) -> str:
        """Without blanks around it. Raises CellRefused."""
        text = row.cells[self.places[column]].strip()
        if any(unicodedata.category(sign) == "Cc" for sign in text):
            raise CellRefused(str(column), "it holds a control character, or a line break")
        return text

    def objection(self, row: Row) -> CellProblem | None:
        """A row that is longer or shorter than the table has lost its columns."""
        if len(row.cells) == self.width:
            return None
        return CellProblem("", f"it has {len(row.cells)} cells, the table has {self.width}")


def read_table(data: bytes, mapping: Mapping) -> Table:
    """Raises TableRefused, which says at which line."""
    form = mapping.file
    rows = list(_rows(_text(data, mapping), mapping))[form.skip_lines :]
    if form.header:
        if not rows:
            raise TableRefused("the file has no header")
        header, rows = tuple(name.strip() for name in rows[0].cells), rows[1:]
        places = _named(header, mapping)
        width = len(header)
    else:
        if not rows:
            raise TableRefused("the file has no rows")
        header, width = (), len(rows[0].cells)
        places = _numbered(width, mapping)
    return Table(header, tuple(rows), places, width)


def write_rows(mapping: Mapping, header: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Rows in the form that the mapping describes, so that they can be mended and handed in again."""
    form, out = mapping.file, io.StringIO(newline="")
    writer = csv.writer(out, delimiter=form.delimiter, quotechar=form.quote, lineterminator="\r\n")
    width = max([len(header), *(len(row.cells) for row in rows)])
    writer.writerows([[""] * width] * form.skip_lines)
    if form.header:
        writer.writerow(header)
    writer.writerows(row.cells for row in rows)
    return out.getvalue().encode(form.encoding)


def _text(data: bytes, mapping: Mapping) -> str:
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise TableRefused(f"line {line}: it holds a NUL byte: the file is no text in {mapping.file.encoding}")
    try:
        text = data.decode(mapping.file.encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TableRefused(f"line {line}: byte 0x{data[error.start]:02x} is not {mapping.file.encoding}") from error
    if text.startswith(BOM):
        raise TableRefused("line 1: the file begins with a byte order mark: its encoding is utf-8-sig")
    return text


def _rows(text: str, mapping: Mapping) -> Iterator[Row]:
    """Rows with anything in them; lines that are skipped by number count even where they are empty."""
    form = mapping.file
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=form.delimiter, quotechar=form.quote, doublequote=True, strict=True
    )
    line, number = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise TableRefused(f"line {line}: it cannot be read as CSV: {error}") from error
        if cells is None:
            return
        number += 1
        if number > form.rows_limit + form.skip_lines + form.header:
            raise TableRefused(f"line {line}: more than the {form.rows_limit} rows that 'file.rows_limit' allows")
        _check_size(line, cells, form.cell_limit)
        if number <= form.skip_lines or any(cell.strip() for cell in cells):
            yield Row(line, tuple(cells))
        line = reader.line_num + 1


def _check_size(line: int, cells: Sequence[str], most: int) -> None:
    if len(cells) > MOST_COLUMNS:
        raise TableRefused(f"line {line}: more than {MOST_COLUMNS} cells")
    for place, cell in enumerate(cells, 1):
        if len(cell) > most:
            raise TableRefused(f"line {line}, cell {place}: more than the {most} characters of 'file.cell_limit'")


def _named(header: Sequence[str], mapping: Mapping) -> dict[Column, int]:
    missing = [str(column) for column in mapping.columns if str(column).strip() not in header]
    if missing:
        names = ", ".join(repr(name) for name in header[:50])
        raise TableRefused(f"the header has no column {', '.join(map(repr, missing))}; it has {names}")
    twice = [str(column) for column in mapping.columns if list(header).count(str(column).strip()) > 1]
    if twice:
        raise TableRefused(f"the header has the column {', '.join(map(repr, twice))} more than once")
    return {column: header.index(str(column).strip()) for column in mapping.columns}


def _numbered(width: int, mapping: Mapping) -> dict[Column, int]:
    beyond = [column for column in mapping.columns if not isinstance(column, int) or column > width]
    if beyond:
        raise TableRefused(f"the first row has {width} cells, the mapping reads column {beyond[0]}")
    return {column: column - 1 for column in mapping.columns if isinstance(column, int)}
