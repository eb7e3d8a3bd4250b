"""Lists over tables and over views: any rows, sorted by any columns, read page by page, on both databases."""

import asyncio
import base64
import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column
from sqlmodel import Field, SQLModel, select

from api.db import Database, UtcDateTime
from api.errors import Malformed
from api.lists import COUNT, FLAG, NUMBER, TEXT, TIMESTAMP, UNITS, Asked, Listing, Slice, column, seen, words
from api.lists.cursors import cursor_of, position_of
from api.values import units_column

BEGIN = datetime(2026, 5, 4, tzinfo=UTC)


class Ware(SQLModel, table=True):
    __tablename__ = "test_wares"

    id: int = Field(primary_key=True)
    kind: str
    price: int = Field(sa_column=units_column())
    pieces: int | None = None
    sold: bool = False
    came_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    left_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


_KINDS = words("bolt", "nut", "screw")
WARES = Listing(
    column("kind", _KINDS, Ware.kind),
    column("price", UNITS, Ware.price),
    column("pieces", COUNT, Ware.pieces),
    column("sold", FLAG, Ware.sold),
    column("came_at", TIMESTAMP, Ware.came_at),
    column("left_at", TIMESTAMP, Ware.left_at),
    key=column("id", NUMBER, Ware.id),
)
SEEN = Listing(
    seen("kind", _KINDS),
    seen("price", UNITS),
    seen("pieces", COUNT),
    seen("sold", FLAG),
    seen("came_at", TIMESTAMP),
    seen("left_at", TIMESTAMP),
    key=seen("id", NUMBER),
)


@dataclass(frozen=True)
class Shelf:
    """The same wares in a database and in memory."""

    database: Database
    wares: list[Ware]

    def page(self, **query: Any) -> Slice[Ware]:
        with self.database.session() as session:
            return asked(WARES, **query).page(session, select(Ware))

    def all(self, **query: Any) -> list[int]:
        """The ids, read page by page."""
        found, cursor = [], {}
        while True:
            part = self.page(**query, **cursor)
            found += [ware.id for ware in part.rows]
            if part.next is None:
                return found
            assert len(part.rows) == int(query["limit"])
            cursor = {"cursor": part.next}


@pytest.fixture(scope="module")
def shelf(kept_database_url: str) -> Iterator[Shelf]:
    database = Database(kept_database_url)
    yield filled(database)
    database.close()


def filled(database: Database) -> Shelf:
    SQLModel.metadata.create_all(database.engine)
    chosen = random.Random(7)
    wares = [
        Ware(
            id=number,
            kind=chosen.choice(("bolt", "nut", "screw")),
            price=chosen.choice((0, 9, 10, 99, 100, 10**16, chosen.randrange(10**17))),
            pieces=chosen.choice((None, 0, 5, 40)),
            sold=chosen.random() < 0.5,
            came_at=BEGIN + timedelta(microseconds=chosen.randrange(5)),
            left_at=chosen.choice((None, BEGIN, BEGIN + timedelta(days=1))),
        )
        for number in range(1, 41)
    ]
    with database.transaction() as session:
        session.add_all([Ware(**ware.model_dump()) for ware in wares])
    return Shelf(database, wares)


def asked(listing: Listing, **query: Any) -> Asked:
    """What a request with this query asks for."""
    pairs = [(name, one) for name, value in query.items() for one in (value if isinstance(value, list) else [value])]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": urlencode(pairs).encode()}
    return asyncio.run(listing.asked(Request(scope)))


def sorted_by(wares: list[Ware], sort: str) -> list[int]:
    """The ids in an order, reckoned here: nothing first, equals by the key in the last column's direction."""
    names = sort.split(",")
    order = [*names, ("-" if names[-1].startswith("-") else "") + "id"]
    ranked = list(wares)
    for name in reversed(order):
        plain = name.lstrip("-")
        ranked.sort(
            key=lambda ware: (getattr(ware, plain) is not None, getattr(ware, plain)), reverse=name.startswith("-")
        )
    return [ware.id for ware in ranked]


@pytest.mark.parametrize(
    "sort",
    ["id", "-id", "kind", "-price", "price,-came_at", "-pieces", "pieces,-kind,left_at", "-left_at,price", "came_at"],
)
@pytest.mark.parametrize("limit", ["1", "7", "40"])
def test_rows_come_in_the_order_asked_for_whatever_the_page(shelf: Shelf, sort: str, limit: str) -> None:
    assert shelf.all(sort=sort, limit=limit) == sorted_by(shelf.wares, sort)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"kind": "nut"}, lambda w: w.kind == "nut"),
        ({"kind": ["nut", "bolt"]}, lambda w: w.kind in ("nut", "bolt")),
        ({"price[gte]": "99"}, lambda w: w.price >= 99),
        ({"price[gt]": "99", "price[lt]": str(10**16)}, lambda w: 99 < w.price < 10**16),
        ({"pieces": "5"}, lambda w: w.pieces == 5),
        ({"pieces[lte]": "5"}, lambda w: w.pieces is not None and w.pieces <= 5),
        ({"sold": "true"}, lambda w: w.sold),
        ({"sold": "false", "kind": "screw"}, lambda w: not w.sold and w.kind == "screw"),
        ({"came_at": "2026-05-04T02:00:00.000003+02:00"}, lambda w: w.came_at == BEGIN + timedelta(microseconds=3)),
        ({"left_at[gt]": "2026-05-04T00:00:00Z"}, lambda w: w.left_at is not None and w.left_at > BEGIN),
    ],
)
def test_rows_are_those_that_fit(shelf: Shelf, query: dict[str, Any], fits: Any) -> None:
    expected = [ware.id for ware in reversed(shelf.wares) if fits(ware)]

    assert shelf.all(**query, limit="3") == expected
    assert [ware.id for ware in asked(SEEN, **query).among(shelf.wares).rows] == expected


def test_whatever_happens_meanwhile_no_row_comes_twice_and_none_is_left_out(database: Database) -> None:
    shelf = filled(database)
    first = shelf.page(sort="-price", limit="10")
    newer = Ware(id=100, kind="nut", price=10**17, came_at=BEGIN)
    with shelf.database.transaction() as session:
        session.add(newer)
        session.delete(session.get_one(Ware, first.rows[-1].id))

    rest = shelf.page(sort="-price", limit="40", cursor=first.next)

    assert [ware.id for ware in first.rows + rest.rows] == sorted_by(shelf.wares, "-price")


WARE = st.builds(
    Ware,
    kind=st.sampled_from(("bolt", "nut", "screw")),
    price=st.integers(0, 3),
    pieces=st.none() | st.integers(0, 3),
    came_at=st.integers(0, 3).map(lambda days: BEGIN + timedelta(days=days)),
    left_at=st.none() | st.just(BEGIN),
)
SORTS = st.lists(
    st.sampled_from(("kind", "price", "pieces", "came_at", "left_at")), min_size=1, max_size=3, unique=True
)


@settings(max_examples=80, deadline=None)
@given(st.lists(WARE, max_size=12), SORTS, st.lists(st.booleans(), min_size=3, max_size=3), st.integers(1, 5))
def test_views_come_in_the_order_asked_for(wares: list[Ware], names: list[str], downs: list[bool], limit: int) -> None:
    wares = [ware.model_copy(update={"id": number}) for number, ware in enumerate(wares)]
    sort = ",".join(f"{'-' if down else ''}{name}" for name, down in zip(names, downs, strict=False))

    found: list[int] = []
    more: dict[str, str] = {}
    while True:
        part = asked(SEEN, sort=sort, limit=limit, **more).among(wares)
        found += [ware.id for ware in part.rows]
        if part.next is None:
            break
        more = {"cursor": part.next}

    assert found == sorted_by(wares, sort)


def forged(*said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(said)).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "a",
        "x" * 5_000,
        "\u0663",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 2_000).decode(),
        forged(),
        forged(""),
        forged(1, 2),
        forged("", "1"),
        forged("", True),
        forged("", None),
        forged("", 1.0),
        forged("", 10**18),
        forged("", -(10**19)),
        forged("", 1, 2),
        forged("", [1]),
    ],
)
def test_cursor_that_is_none_is_refused(shelf: Shelf, cursor: str) -> None:
    with pytest.raises(Malformed) as refused:
        shelf.page(cursor=cursor)

    assert refused.value.error == "page-unknown"


@pytest.mark.parametrize(
    ("sort", "value"),
    [("price", 2**63), ("pieces", 2**31), ("kind", "a\0b"), ("came_at", "soon"), ("came_at", "1200-01-01T00:00:00Z")],
)
def test_forged_values_reach_no_database(shelf: Shelf, sort: str, value: Any) -> None:
    with pytest.raises(Malformed):
        shelf.page(sort=sort, cursor=forged(sort, value, 1))


@given(st.text(max_size=30))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("name", [*WARES.filters(), "sort", "limit", "cursor"])
def test_any_text_is_taken_or_refused(name: str, text: str) -> None:
    with contextlib.suppress(Malformed):
        asked(WARES, **{name: text.encode("utf-8", "replace")})


def test_parameters_of_a_list_are_described() -> None:
    described = {each["name"]: each for each in WARES.parameters()}

    assert set(described) == {*WARES.filters(), "sort", "limit", "cursor"}
    assert described["kind"]["schema"]["items"] == {"type": "string", "enum": ["bolt", "nut", "screw"]}
    assert described["came_at[gte]"]["schema"]["format"] == "date-time"
    assert "-price" in described["sort"]["schema"]["items"]["enum"]
    assert "sold" not in described["sort"]["schema"]["items"]["enum"]
    assert "kind[gte]" not in described


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_text_that_no_row_has_is_in_no_cursor(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # whatever its words, position_of makes one refusal of it
        TEXT.thawed(text)


@pytest.mark.parametrize("text", ["a\nb", "\x00", "a\x7f", "x" * 201])
def test_control_characters_are_refused_in_filters(text: str) -> None:
    with pytest.raises(ValueError, match="not printable"):
        TEXT.read(text)


@pytest.mark.parametrize("text", ["\u682a\u5f0f\u4f1a\u793e\u3000\u5c71\u7530", "5\u00a0t", "a\r\nb", "x" * 900])
def test_list_takes_its_own_cursor_whatever_its_text(text: str) -> None:
    assert position_of(cursor_of("name", [text]), "name", [TEXT]) == (text,)


@pytest.mark.parametrize("text", ["\u682a\u5f0f\u4f1a\u793e\u3000\u5c71\u7530", "5\u00a0t"])
def test_filter_takes_any_space(text: str) -> None:
    assert TEXT.read(text) == text
