"""What one cell says: a number, a moment, a word. Nothing is guessed: what has two meanings is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from standards.tables.errors import CellRefused
from standards.tables.mapping import Cell, Moment, Numbers
from standards.tables.rows import Row, Table

MOST_DIGITS: Final = 30
MOST_OFFSET: Final = timedelta(hours=14)


def text(table: Table, row: Row, cell: Cell) -> str:
    """What stands there, through the table of values where there is one. Raises CellRefused."""
    if cell.column is None:
        return str(cell.constant)
    found = table.cell(row, cell.column)
    if cell.values is None or not found:
        return found
    if found not in cell.values:
        known = ", ".join(repr(value) for value in list(cell.values)[:20])
        raise CellRefused(str(cell.column), f"{found!r} is not in the table of values ({known})")
    return cell.values[found]


def required(table: Table, row: Row, cell: Cell) -> str:
    found = text(table, row, cell)
    if not found:
        raise CellRefused(str(cell.column), "it is empty")
    return found


def number(written: str, column: str, form: Numbers) -> Decimal:
    """Raises CellRefused; groups of thousands are whole or not there at all."""
    if len(written) > 2 * MOST_DIGITS or not _number(form.decimal, form.thousands).fullmatch(written):
        shape = f"1{form.thousands}234{form.decimal}5"
        raise CellRefused(column, f"{written!r} is no number as {shape!r} is one")
    plain = written.replace(form.thousands, "") if form.thousands else written
    return Decimal(plain.replace(form.decimal, "."))


@lru_cache(maxsize=16)
def _number(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = rf"|[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+" if thousands else ""
    return re.compile(rf"[+-]?(?:[0-9]{{1,{MOST_DIGITS}}}{grouped})(?:{re.escape(decimal)}[0-9]{{1,{MOST_DIGITS}}})?")


def moment(table: Table, row: Row, form: Moment) -> datetime:
    """An instant with the offset that its place had. Raises CellRefused, also where the clock showed it twice."""
    column = ", ".join(str(name) for name in form.all_columns)
    cells = [table.cell(row, name) for name in form.all_columns]
    if not all(cells):
        raise CellRefused(column, "it is empty")
    written = " ".join(cells)
    parsed = _parsed(written, column, form)
    if form.time_of_day is not None:
        parsed = datetime.combine(parsed.date(), form.time_of_day, parsed.tzinfo)
    found = parsed if form.zone is None else _placed(parsed, written, column, ZoneInfo(form.zone))
    offset = found.utcoffset()
    if offset is None or offset % timedelta(minutes=1) or abs(offset) > MOST_OFFSET:
        raise CellRefused(column, f"{written!r} has an offset from UTC that cannot be written: {offset}")
    try:
        found.astimezone(UTC)
    except OverflowError:
        raise CellRefused(column, f"{written!r} is beyond the calendar") from None
    return found


def _parsed(written: str, column: str, form: Moment) -> datetime:
    # Python reads the digits of all scripts; a table has those of ASCII.
    for shape in form.formats if written.isascii() else ():
        try:
            return datetime.strptime(written, shape)  # noqa: DTZ007 (the zone is the mapping's, or in the format)
        except ValueError:
            continue
    raise CellRefused(column, f"{written!r} is no time as {' or '.join(map(repr, form.formats))}")


def _placed(naive: datetime, written: str, column: str, zone: ZoneInfo) -> datetime:
    """The clocks of a zone skip an hour in spring and show one twice in autumn."""
    try:
        first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            return first
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    except OverflowError:
        raise CellRefused(column, f"{written!r} is beyond the calendar") from None
    why = "was shown twice by the clocks" if exists else "was skipped by the clocks"
    raise CellRefused(column, f"{written!r} {why} of {zone.key}: which moment is meant would be guessed")
