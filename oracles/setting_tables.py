"""What all tables of a node's settings have in common: which of their values are paths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict

Table = dict[str, Any]


class SettingTable(BaseModel):
    """One table of the file. `paths` start at the file's folder; the files of `needed` must be there at the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paths: ClassVar[frozenset[str]] = frozenset()
    needed: ClassVar[frozenset[str]] = frozenset()


def resolved(model: type[SettingTable], table: Table, folder: Path) -> Table:
    """The table with its paths made absolute, in the tables inside it too."""
    return {key: _resolved(model, key, value, folder) for key, value in table.items()}


def missing_files(model: type[SettingTable], table: Table, where: str = "") -> Iterator[str]:
    """A sentence for each file that must be there and is not; `table` is resolved."""
    for key in sorted(model.needed):
        value = table.get(key)
        if isinstance(value, Path) and not value.is_file():
            yield f"setting '{where}{key}': there is no file {value}"
    for key, value in table.items():
        inner = _inner(model, key)
        if inner is not None:
            for place, entry in _entries(value):
                yield from missing_files(inner, entry, f"{where}{key}.{place}")


def _resolved(model: type[SettingTable], key: str, value: Any, folder: Path) -> Any:
    if key in model.paths and isinstance(value, str):
        return folder / value
    inner = _inner(model, key)
    if inner is None:
        return value
    if isinstance(value, list):
        return [resolved(inner, entry, folder) if isinstance(entry, dict) else entry for entry in value]
    return resolved(inner, value, folder) if isinstance(value, dict) else value


def _entries(value: Any) -> Iterator[tuple[str, Table]]:
    if isinstance(value, dict):
        yield "", value
    elif isinstance(value, list):
        yield from ((f"{number}.", entry) for number, entry in enumerate(value) if isinstance(entry, dict))


def _inner(model: type[SettingTable], key: str) -> type[SettingTable] | None:
    """The kind of table that stands at a key, alone, or in a list of them; None where a plain value does."""
    field = model.model_fields.get(key)
    return None if field is None else _table_in(field.annotation)


def _table_in(annotation: Any) -> type[SettingTable] | None:
    if isinstance(annotation, type) and issubclass(annotation, SettingTable):
        return annotation
    found = (_table_in(part) for part in get_args(annotation))
    return next((table for table in found if table is not None), None)
