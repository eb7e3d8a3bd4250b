"""The rows of a long stretch of the chain, found by their keys without asking the database for each event."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel


class HandlersSession(Session):
    """Within `remembering`, a row that was read, added or merged is remembered by its key. So `get` neither writes what
    waits nor reads what is known: nearly every event of a history is about a row that others were about before it, and
    a row that they make or change many times is written once. Statements of handlers still see all of it."""

    _rows: dict[tuple[type, tuple[Any, ...]], Any] | None = None
    _newcomers: list[SQLModel]

    @contextmanager
    def remembering(self) -> Iterator[None]:
        self._rows, self._newcomers = {}, []
        try:
            yield
        finally:
            self._rows = None
            del self._newcomers

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        if self._rows is None or any(options.values()):
            return super().get(entity, ident, **options)
        if self._newcomers:
            self._learn(self._rows)
        key = entity, ident if isinstance(ident, tuple) else (ident,)
        if key not in self._rows:
            with self.no_autoflush:
                self._rows[key] = super().get(entity, ident)
        return self._rows[key]

    def add(self, instance: Any, **options: Any) -> None:
        super().add(instance, **options)
        if self._rows is not None:
            self._newcomers.append(instance)

    def merge(self, instance: Any, **options: Any) -> Any:
        if self._rows is None:
            return super().merge(instance, **options)
        with self.no_autoflush:
            merged = super().merge(instance, **options)
        self._newcomers.append(merged)
        return merged

    def delete(self, instance: Any) -> None:
        """At once: it may wait to be inserted, and a row with its key may come again."""
        if self._rows is None:
            super().delete(instance)
            return
        self.flush()
        super().delete(instance)
        self.flush()
        self._learn(self._rows)
        self._rows.pop(_key(instance), None)

    def _learn(self, rows: dict[tuple[type, tuple[Any, ...]], Any]) -> None:
        """A row may get its key only after it was added."""
        for row in self._newcomers:
            rows[_key(row)] = row
        self._newcomers.clear()


def _key(row: SQLModel) -> tuple[type, tuple[Any, ...]]:
    return type(row), inspect(type(row)).primary_key_from_instance(row)
