"""What holds of every list: read page by page it is the list, and each column that it declares sorts and filters it."""

from collections.abc import Iterator, Mapping
from typing import Any

from trading import LEIS, Desk

from api.lists import Kind, Listing
from api.resources import load_routers
from api.transactions.router import router as transactions_router

EVIDENCE = "0x" + "e7" * 32
_SHOWN_AS = {"limit_amount": "limit"}
Query = Mapping[str, str]


def listings() -> dict[str, Listing]:
    """Each list's path and its columns."""
    found: dict[str, Listing] = {}
    for router in (transactions_router, *load_routers()):
        for route in router.routes:
            for asked in route.dependant.dependencies:  # type: ignore[attr-defined]
                its = getattr(asked.call, "__self__", None)
                if isinstance(its, Listing):
                    found[route.path] = its  # type: ignore[attr-defined]
    return found


def pages(desk: Desk, path: str, **query: str) -> Iterator[list[Any]]:
    while True:
        page = desk.get(path, **query)
        yield page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]


def comparable(value: Any) -> tuple[bool, Any]:
    """A shown value as what it is sorted by: nothing comes first."""
    value = value["amount"] if isinstance(value, dict) else value
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    return value is not None, value


def any_value_of(kind: Kind) -> str:
    """Some text that a column of the kind is asked for by."""
    tried = ["EUR", "DE", LEIS["supplier"], EVIDENCE, "2026-05-04", "2026-05-04T00:00:00Z", "true", "1"]
    return next(text for text in [*kind.schema.get("enum", []), *tried] if readable(kind, text))


def readable(kind: Kind, text: str) -> bool:
    try:
        kind.read(text)
    except ValueError:
        return False
    return True


def written(value: Any) -> str:
    """A shown value as a query says it."""
    value = value["amount"] if isinstance(value, dict) else value
    return str(value).lower() if isinstance(value, bool) else str(value)


def require_read_by_twos(desk: Desk, path: str, besides: Query) -> None:
    whole = desk.get(path, **besides, limit="200")

    by_twos = list(pages(desk, path, **besides, limit="2"))

    assert [item for page in by_twos for item in page] == whole["items"]
    assert whole["next"] is None
    assert all(len(page) == 2 for page in by_twos[:-1])


def require_sorted(desk: Desk, path: str, listing: Listing, besides: Query) -> None:
    for sort in listing.sorts():
        rising = desk.get(path, **besides, sort=sort, limit="200")["items"]
        falling = [item for page in pages(desk, path, **besides, sort=f"-{sort}", limit="2") for item in page]

        assert falling == rising[::-1], sort
        shown = _SHOWN_AS.get(sort, sort)
        if rising and shown in rising[0]:
            values = [comparable(item[shown]) for item in rising]
            assert values == sorted(values), sort


def require_filtered(desk: Desk, path: str, listing: Listing, besides: Query) -> None:
    whole = desk.get(path, **besides, limit="200")["items"]

    def found(**query: str) -> list[Any]:
        items: list[Any] = desk.get(path, **besides, **query, limit="200")["items"]
        return items

    for name, column in listing.columns.items():
        shown = _SHOWN_AS.get(name, name)
        values = [item[shown] for item in whole if item.get(shown) is not None]
        if not values:  # shown under another name, or nothing of the kind has happened: it is a filter all the same
            assert all(item in whole for item in found(**{name: any_value_of(column.kind)})), name
            continue
        text = written(values[0])

        assert found(**{name: text}) == [its for its in whole if comparable(its[shown]) == comparable(values[0])], name
        if column.ordered:
            least, below = found(**{f"{name}[gte]": text}), found(**{f"{name}[lt]": text})
            assert len(least) + len(below) == len(values), name
            assert all(comparable(item[shown]) >= comparable(values[0]) for item in least), name
