"""A list's table of columns, and what one request asks of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from fastapi import Request
from sqlalchemy import and_, func, or_, tuple_
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session

from api.errors import Malformed
from api.lists.cursors import cursor_of, position_of
from api.lists.kinds import Kind

T = TypeVar("T")
_MOST_ROWS: Final = 200
_USUAL_ROWS: Final = 50
_MOST_VALUES: Final = 20
_MOST_SORTS: Final = 3
_OWN: Final = ("sort", "limit", "cursor")
_COMPARED: Final[dict[str, tuple[str, Callable[[Any, Any], Any]]]] = {
    "gt": ("more than", lambda mine, asked: mine > asked),
    "gte": ("at least", lambda mine, asked: mine >= asked),
    "lt": ("less than", lambda mine, asked: mine < asked),
    "lte": ("at most", lambda mine, asked: mine <= asked),
}


@dataclass(frozen=True)
class Column:
    """A field that a list shows. `expression` is what the database compares, `matches` a condition in place of it where
    a value is kept in another way, `value` how a view tells it."""

    name: str
    kind: Kind
    expression: Any = None
    matches: Callable[[Any], Any] | None = None
    value: Callable[[Any], Any] | None = None
    description: str = ""
    nullable: bool = False

    @property
    def sortable(self) -> bool:
        return self.kind.sortable and self.matches is None

    @property
    def ordered(self) -> bool:
        return self.kind.ordered and self.matches is None

    def condition(self, operator: str, values: Sequence[Any]) -> Any:
        """For a query: that it is one of the values, or lies to the side of the one."""
        if self.matches is not None:
            return or_(*(self.matches(value) for value in values))
        expression = self.kind.comparable(self.expression)
        if operator:
            return _COMPARED[operator][1](expression, values[0])
        return expression == values[0] if len(values) == 1 else expression.in_(values)

    def holds(self, view: Any, operator: str, values: Sequence[Any]) -> bool:
        """The same of a view."""
        assert self.value is not None
        mine = self.value(view)
        if mine is None:
            return False
        return bool(_COMPARED[operator][1](mine, values[0])) if operator else mine in values

    def order(self) -> Any:
        """By what a query sorts: nothing comes before everything else, on every database."""
        expression = self.kind.comparable(self.expression)
        return func.coalesce(expression, self.kind.least) if self.nullable else expression

    def rank(self, view: Any) -> Any:
        assert self.value is not None
        mine = self.value(view)
        return self.kind.least if mine is None else mine


def column(name: str, kind: Kind, expression: Any, description: str = "", *, nullable: bool | None = None) -> Column:
    """A column of a table, or any expression over the query's rows (say then whether it may be null)."""
    if nullable is None:
        nullable = bool(getattr(getattr(expression, "expression", expression), "nullable", False))
    return Column(name, kind, expression, description=description, nullable=nullable)


def matched(name: str, kind: Kind, matches: Callable[[Any], Any], description: str = "") -> Column:
    """A field that a list may be filtered by, through a condition, and not sorted by."""
    return Column(name, kind, matches=matches, description=description)


def bound(name: str, kind: Kind) -> Column:
    """As `matched`, through a condition that takes more to say than the columns: see `Asked.where`."""

    def unbound(_: Any) -> Any:
        raise LookupError(f"the endpoint says nothing of {name}: it has to call Asked.where({name}=...)")

    return Column(name, kind, matches=unbound)


def seen(name: str, kind: Kind, value: Callable[[Any], Any] | None = None, description: str = "") -> Column:
    """A field of views that are chosen among in memory; the view's own of that name, unless `value` tells it. Amounts
    as whole numbers, moments as Unix seconds or as aware datetimes, days as days since 1970-01-01, as the kind says."""
    return Column(name, kind, value=value or (lambda view: getattr(view, name)), description=description)


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A part of a list, and the cursor of what follows; None at the end."""

    rows: list[T]
    next: str | None


@dataclass(frozen=True)
class Asked:
    """What one request wants of a list. `order` names columns with whether the greatest comes first, the key's last, so
    that no two rows are equal; `position` is that of the last row that the client has."""

    order: tuple[tuple[Column, bool], ...]
    conditions: tuple[tuple[Column, str, tuple[Any, ...]], ...]
    limit: int
    sort: str
    position: tuple[Any, ...] | None = None

    def where(self, **matches: Callable[[Any], Any]) -> "Asked":
        """The same with the conditions of `bound` columns, each called with a value only if the query names it."""
        conditions = tuple(
            (replace(its, matches=matches.get(its.name, its.matches)), operator, values)
            for its, operator, values in self.conditions
        )
        return replace(self, conditions=conditions)

    def page(self, session: Session, query: Any) -> Slice[Any]:
        """Of the rows of `select(Row)`, the caller's own conditions in it: those asked for, and where they go on."""
        expressions = [column.order() for column, _ in self.order]
        chosen = query.where(*(column.condition(operator, values) for column, operator, values in self.conditions))
        if self.position is not None:
            chosen = chosen.where(self._beyond(expressions, self.position))
        sorting = [each.desc() if down else each for each, (_, down) in zip(expressions, self.order, strict=True)]
        places = [each.label(f"place_{number}") for number, each in enumerate(expressions)]
        chosen = chosen.add_columns(*places).order_by(*sorting).limit(self.limit + 1)
        # Not `session.exec`: it takes a query that began with one row to answer that alone.
        found = OrmSession.execute(session, chosen).all()
        return self._slice([row[0] for row in found], lambda last: found[last][1:])

    def among(self, views: Iterable[T]) -> Slice[T]:
        """Of views of columns that were `seen`: those asked for, and where they go on."""
        chosen = [
            view
            for view in views
            if all(column.holds(view, operator, values) for column, operator, values in self.conditions)
        ]
        for column, down in reversed(self.order):
            chosen.sort(key=column.rank, reverse=down)
        if self.position is not None:
            chosen = [view for view in chosen if self._follows(view, self.position)]
        return self._slice(chosen, lambda last: [column.rank(chosen[last]) for column, _ in self.order])

    def _slice(self, rows: list[T], place: Callable[[int], Sequence[Any]]) -> Slice[T]:
        if len(rows) <= self.limit:
            return Slice(rows, None)
        kinds = [column.kind for column, _ in self.order]
        kept = [kind.frozen(value) for kind, value in zip(kinds, place(self.limit - 1), strict=True)]
        return Slice(rows[: self.limit], cursor_of(self.sort, kept))

    def _beyond(self, expressions: list[Any], position: tuple[Any, ...]) -> Any:
        downs = {down for _, down in self.order}
        if len(downs) == 1:  # one comparison of rows, which an index over them serves
            left, right = (tuple_(*expressions), position) if len(expressions) > 1 else (expressions[0], position[0])
            return left < right if downs == {True} else left > right
        steps = []
        for place, (_, down) in enumerate(self.order):
            same = [expressions[before] == position[before] for before in range(place)]
            mine, last = expressions[place], position[place]
            steps.append(and_(*same, mine < last if down else mine > last))
        return or_(*steps)

    def _follows(self, view: Any, position: tuple[Any, ...]) -> bool:
        for (column, down), last in zip(self.order, position, strict=True):
            mine = column.rank(view)
            if mine != last:
                return bool(mine < last if down else mine > last)
        return False


@dataclass(frozen=True)
class _Query:
    """The parameters of a request, each with its values."""

    given: Mapping[str, list[str]]

    @classmethod
    def of(cls, request: Request) -> "_Query":
        given: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            given.setdefault(name, []).append(value)
        return cls(given)

    def one(self, name: str) -> str | None:
        values = self.given.get(name, [])
        if len(values) > 1:
            raise _invalid(name, "given once")
        return values[0] if values else None


@dataclass(frozen=True, init=False)
class Listing:
    """The columns by which a list may be filtered and sorted. `key` tells its rows apart; without a sort they come in
    its order, the greatest first unless `oldest_first`. `besides` are parameters that the endpoint itself declares."""

    columns: Mapping[str, Column]
    key: Column
    oldest_first: bool
    besides: frozenset[str]
    usual: str = field(default="")

    def __init__(
        self,
        *columns: Column,
        key: Column,
        usual: str = "",
        oldest_first: bool = False,
        key_is_shown: bool = True,
        besides: Iterable[str] = (),
    ) -> None:
        shown = (key, *columns) if key_is_shown else columns
        values = ({each.name: each for each in shown}, key, oldest_first, frozenset(besides), usual)
        for name, value in zip(("columns", "key", "oldest_first", "besides", "usual"), values, strict=True):
            object.__setattr__(self, name, value)

    async def asked(self, request: Request) -> Asked:
        """The dependency of an endpoint: what the query asks for; Malformed where this list cannot."""
        query = _Query.of(request)
        self._require_known(query.given)
        sort = query.one("sort") or self.usual
        order = self._order(sort)
        cursor = query.one("cursor")
        position = None if cursor is None else position_of(cursor, sort, [column.kind for column, _ in order])
        return Asked(order, tuple(self._conditions(query)), _limit(query), sort, position)

    def filters(self) -> list[str]:
        """The names of all parameters that filter."""
        ordered = [f"{name}[{operator}]" for name, its in self.columns.items() if its.ordered for operator in _COMPARED]
        return [*self.columns, *ordered]

    def sorts(self) -> list[str]:
        return [name for name, its in self.columns.items() if its.sortable]

    def _require_known(self, given: Iterable[str]) -> None:
        filters = self.filters()
        unknown = [name for name in given if name not in _OWN and name not in self.besides and name not in filters]
        if unknown:
            detail = f"This list knows no `{unknown[0][:60]}`; it can be filtered by {', '.join(self.columns)}."
            known = {"filters": sorted(filters), "sorts": self.sorts(), "others": sorted({*_OWN, *self.besides})}
            raise Malformed("query-unknown", detail, unknown=[name[:60] for name in unknown[:10]], **known)

    def _order(self, sort: str) -> tuple[tuple[Column, bool], ...]:
        order: list[tuple[Column, bool]] = []
        names = sort.split(",") if sort else []
        if len(names) > _MOST_SORTS:
            raise _invalid("sort", f"at most {_MOST_SORTS} columns")
        for each in names:
            its = self.columns.get(each.removeprefix("-"))
            if its is None or not its.sortable:
                detail = f"This list cannot be sorted by `{each[:60]}`; it can by {', '.join(self.sorts())}."
                raise Malformed("sort-unknown", detail, sort=each[:60], sorts=self.sorts())
            if not any(its is known for known, _ in order):  # sorted by it already: a second time changes nothing
                order.append((its, each.startswith("-")))
        down = order[-1][1] if order else not self.oldest_first
        return tuple(order) if any(its is self.key for its, _ in order) else (*order, (self.key, down))

    def _conditions(self, query: _Query) -> Iterable[tuple[Column, str, tuple[Any, ...]]]:
        for name, texts in query.given.items():
            plain, _, operator = name.removesuffix("]").partition("[")
            if name in _OWN or name in self.besides:
                continue
            its = self.columns[plain]
            if len(texts) > (1 if operator else _MOST_VALUES):
                raise _invalid(name, "given once" if operator else f"given up to {_MOST_VALUES} times")
            try:
                yield its, operator, tuple(its.kind.read(text) for text in texts)
            except ValueError as error:
                raise _invalid(name, its.kind.meaning) from error

    def parameters(self) -> list[dict[str, Any]]:
        """The query's parameters for the OpenAPI description."""
        described = []
        for name, its in self.columns.items():
            schema = {"type": "array", "items": dict(its.kind.schema), "minItems": 1, "maxItems": _MOST_VALUES}
            described.append(_parameter(name, schema, its.description or f"of this {_said(name)}; of several: any"))
            if its.ordered:
                described += [
                    _parameter(f"{name}[{operator}]", dict(its.kind.schema), f"{_said(name)} {says} this")
                    for operator, (says, _) in _COMPARED.items()
                ]
        return [*described, *self._paging()]

    def _paging(self) -> list[dict[str, Any]]:
        usual = self.usual or f"{'' if self.oldest_first else '-'}{self.key.name}"
        names = [sign + name for name in self.sorts() for sign in ("", "-")]
        sort = {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1, "maxItems": _MOST_SORTS}
        told = "columns to sort by, after a minus the greatest first; by default "
        told += f"`{usual}`" if usual.lstrip("-") in self.columns else "the newest first"
        limit = {"type": "integer", "minimum": 1, "maximum": _MOST_ROWS, "default": _USUAL_ROWS}
        return [
            {**_parameter("sort", sort, told), "explode": False},
            _parameter("limit", limit, "most items in the answer"),
            _parameter("cursor", {"type": "string"}, "`next` of the previous answer, with the same sort"),
        ]


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": dict(schema), "description": description}


def _said(name: str) -> str:
    return name.replace("_", " ")


def _invalid(name: str, meaning: str) -> Malformed:
    detail = f"`{name}` must be {meaning}."
    return Malformed("query-invalid", detail, where=f"/query/{name}")


def _limit(query: _Query) -> int:
    text = query.one("limit")
    if text is None:
        return _USUAL_ROWS
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= _MOST_ROWS):
        raise _invalid("limit", f"a whole number from 1 to {_MOST_ROWS}")
    return int(text)
