"""Finding what was captured, a page at a time.

A page token says where the next page begins and which events there were when the first one was asked for, so that
what comes in meanwhile neither repeats nor hides anything. It holds no secret: forged, it shows its maker another page
of what the maker may see anyway.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, func, select

from oracles.capture.parameters import (
    Condition,
    Declared,
    Ids,
    Moment,
    Number,
    OfType,
    OneOf,
    Operator,
    Query,
)
from oracles.capture.problems import Absent, ParameterInvalid, TooManyFound
from oracles.store.captures import CapturedEventRow, CapturedKeyRow, CaptureRow
from oracles.store.database import Database

Row = TypeVar("Row")
_MOST_INTEGER: Final = 2**63 - 1
_LONGEST_TOKEN: Final = 512
PAGE_SIGNS: Final = 8 * 1024 * 1024
"""A page ends before it has more signs of events than this, unless one event alone has."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`token` leads to the next page until `expires` (Unix seconds); None on the last one."""

    rows: Sequence[Row]
    token: str | None = None
    expires: int = 0


@dataclass(frozen=True)
class _Place:
    """Between two pages: after the row `id` with `value` in the order asked for, among rows up to `newest`; `left` of
    eventCountLimit."""

    value: int
    id: int
    newest: int
    left: int | None
    expires: int


@dataclass(frozen=True)
class Queries:
    """`page_limit` rows at most on one page, whatever is asked for."""

    database: Database
    page_limit: int
    page_seconds: int

    def events(self, query: Query) -> Page[CapturedEventRow]:
        """Raises ParameterInvalid, TooManyFound."""
        place = None if query.token is None else _place(query.token, query.about)
        order = col(CapturedEventRow.record_time if query.order_by == "record_time" else CapturedEventRow.event_time)
        with self.database.session() as session:
            newest = place.newest if place else (session.exec(select(func.max(col(CapturedEventRow.id)))).one() or 0)
            where = [col(CapturedEventRow.id) <= newest, *(_clause(condition) for condition in query.conditions)]
            if query.too_many is not None and place is None:
                _refuse_beyond(session, where, query.too_many)
            left = place.left if place else query.most
            size = min(query.page_size, self.page_limit, left if left is not None else self.page_limit)
            statement = select(col(CapturedEventRow.id), func.length(CapturedEventRow.source)).where(*where)
            if place is not None:
                statement = statement.where(_after(query, order, place))
            found = session.exec(statement.order_by(*_ordering(query, order)).limit(size + 1)).all()
            size = min(size, _fitting(length for _, length in found))
            page = select(CapturedEventRow).where(col(CapturedEventRow.id).in_([row for row, _ in found[:size]]))
            rows = session.exec(page.order_by(*_ordering(query, order))).all()
        left = None if left is None else left - size
        if len(found) <= size or left == 0:
            return Page(rows)
        last, expires = rows[size - 1], place.expires if place else int(time.time()) + self.page_seconds
        value = last.record_time if query.order_by == "record_time" else last.event_time
        assert last.id is not None
        return Page(rows, _token(_Place(value, last.id, newest, left, expires), query.about), expires)

    def event(self, event_id: str) -> Sequence[CapturedEventRow]:
        """The event of that id, or of that event hash, with its error declarations. Raises Absent."""
        named = or_(col(CapturedEventRow.event_id) == event_id, col(CapturedEventRow.event_hash) == event_id)
        with self.database.session() as session:
            rows = session.exec(select(CapturedEventRow).where(named).order_by(col(CapturedEventRow.id))).all()
        if not rows:
            raise Absent(f"no event was captured as {event_id[:200]}")
        return rows

    def jobs(self, client: str, query: Query) -> Page[CaptureRow]:
        """A client's own, newest first. Raises ParameterInvalid."""
        place = None if query.token is None else _place(query.token, query.about)
        statement = select(CaptureRow).where(CaptureRow.client == client, col(CaptureRow.lone).is_(False))
        if place is not None:
            statement = statement.where(col(CaptureRow.id) < place.id)
        size = min(query.page_size, self.page_limit)
        with self.database.session() as session:
            rows = session.exec(statement.order_by(col(CaptureRow.id).desc()).limit(size + 1)).all()
        if len(rows) <= size:
            return Page(rows)
        expires = place.expires if place else int(time.time()) + self.page_seconds
        last = rows[size - 1].id
        assert last is not None
        return Page(rows[:size], _token(_Place(0, last, 0, None, expires), query.about), expires)

    def job(self, client: str, capture_id: str) -> CaptureRow:
        """A client's own. Raises Absent, also for another's: nobody learns what others sent."""
        own = select(CaptureRow).where(
            CaptureRow.capture_id == capture_id, CaptureRow.client == client, col(CaptureRow.lone).is_(False)
        )
        with self.database.session() as session:
            row = session.exec(own).first()
        if row is None:
            raise Absent(f"you have no capture job {capture_id[:100]}")
        return row


def _clause(condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition, Moment):
        column = CapturedEventRow.event_time if condition.column == "event_time" else CapturedEventRow.record_time
        return _compared(col(column), condition.operator, condition.value)
    if isinstance(condition, OfType):
        return col(CapturedEventRow.type).in_(condition.types)
    if isinstance(condition, Ids):
        return col(CapturedEventRow.event_id).in_(condition.values)
    if isinstance(condition, Declared):
        return col(CapturedEventRow.declaration) != ""
    return col(CapturedEventRow.id).in_(select(CapturedKeyRow.event_id).where(_key(condition)))


def _key(condition: OneOf | Number) -> ColumnElement[bool]:
    if isinstance(condition, OneOf):
        return and_(col(CapturedKeyRow.name).in_(condition.names), col(CapturedKeyRow.text).in_(condition.texts))
    number = _compared(col(CapturedKeyRow.number), condition.operator, condition.value)
    return and_(col(CapturedKeyRow.name) == condition.name, number)


def _compared(column: Any, operator: Operator, value: float) -> ColumnElement[bool]:
    comparisons: dict[Operator, ColumnElement[bool]] = {
        "EQ": column == value,
        "GT": column > value,
        "GE": column >= value,
        "LT": column < value,
        "LE": column <= value,
    }
    return comparisons[operator]


def _fitting(lengths: Iterable[int]) -> int:
    """How many of these fit onto one page: one at least."""
    return max(1, sum(1 for total in accumulate(lengths) if total <= PAGE_SIGNS))


def _refuse_beyond(session: Session, where: Sequence[ColumnElement[bool]], most: int) -> None:
    found = session.exec(select(CapturedEventRow.id).where(*where).limit(most + 1)).all()
    if len(found) > most:
        raise TooManyFound(f"it finds more than the {most} events that maxEventCount allows")


def _ordering(query: Query, order: Any) -> list[Any]:
    row = col(CapturedEventRow.id)
    if query.order_by is None:
        return [row]
    return [order.desc(), row.desc()] if query.descending else [order, row]


def _after(query: Query, order: Any, place: _Place) -> ColumnElement[bool]:
    row = col(CapturedEventRow.id)
    if query.order_by is None:
        return row > place.id
    if query.descending:
        return or_(order < place.value, and_(order == place.value, row < place.id))
    return or_(order > place.value, and_(order == place.value, row > place.id))


def _token(place: _Place, about: str) -> str:
    parts = [about, place.value, place.id, place.newest, place.left, place.expires]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _place(token: str, about: str) -> _Place:
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError("too long")
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        belongs, value, row, newest, left, expires = json.loads(text)
        if not all(_is_integer(part) for part in (value, row, newest, expires, 0 if left is None else left)):
            raise ValueError("not whole numbers")
        if left is not None and left < 1:
            raise ValueError("nothing left")
    except (ValueError, TypeError, RecursionError) as error:
        raise ParameterInvalid("nextPageToken is none that was given here") from error
    if belongs != about:
        raise ParameterInvalid("nextPageToken belongs to another query")
    if expires <= time.time():
        raise ParameterInvalid("nextPageToken has expired; ask for the first page again")
    return _Place(value, row, newest, left, expires)


def _is_integer(value: Any) -> bool:
    return type(value) is int and abs(value) <= _MOST_INTEGER
