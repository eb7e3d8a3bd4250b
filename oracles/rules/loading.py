"""A rules file, read and checked: all that is wrong with it at once, each with its place in the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from oracles.errors import RulesInvalid
from oracles.rules.book import Rulebook
from oracles.rules.clashes import Rule, clashes
from oracles.rules.tables import AttestRule, HoldRule, KindRule, MilestoneRule

BUILT_IN: Final = "rules.toml"
_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "kind": KindRule,
    "milestone": MilestoneRule,
    "attest": AttestRule,
    "hold": HoldRule,
}
_HEADER: Final = re.compile(r"\s*\[\[\s*\"?([A-Za-z0-9_-]+)\"?\s*\]\]")
_KEY: Final = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")
_QUOTES: Final = re.compile(r"\"{3}|'{3}")
Table = TypeVar("Table", bound=BaseModel)


class _Place(NamedTuple):
    """Where a table begins in the file, and its keys."""

    line: int
    keys: dict[str, int]


@dataclass
class _Reading:
    """One look at a file: what is good of it, and all problems by line."""

    tables: Mapping[str, Any]
    places: Mapping[tuple[str, int], _Place]
    problems: list[tuple[int, str]] = field(default_factory=list)

    def look_for_strangers(self) -> None:
        for name, value in self.tables.items():
            if name not in _TABLES:
                known = ", ".join(f"[[{table}]]" for table in _TABLES)
                self.problems.append((self._line(name), f"{name!r} is not known; a rules file has {known}"))
            elif not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
                self.problems.append((self._line(name), f"{name!r} must be tables, each under its own [[{name}]]"))

    def rules(self, name: str, model: type[Table]) -> tuple[Table, ...]:
        """The tables of that name which are good."""
        entries = self.tables.get(name)
        if not isinstance(entries, list):
            return ()
        found = (self._rule(name, index, entry, model) for index, entry in enumerate(entries))
        return tuple(rule for rule in found if rule is not None)

    def refuse(self, name: str, index: int, message: str, key: str = "") -> None:
        place = self.places.get((name, index))
        line = 0 if place is None else place.keys.get(key, place.line)
        self.problems.append((line, f"[[{name}]] {self._title(name, index)}: {message}"))

    def _rule(self, name: str, index: int, entry: Any, model: type[Table]) -> Table | None:
        if not isinstance(entry, dict):
            return None
        try:
            return model.model_validate(entry)
        except ValidationError as error:
            for detail in error.errors():
                key = str(detail["loc"][0]) if detail["loc"] else ""
                self.refuse(name, index, _sentence(key, detail), key)
        return None

    def _title(self, name: str, index: int) -> str:
        title = self.tables[name][index].get("name")
        return f"{index + 1} {title!r}" if isinstance(title, str) else f"{index + 1}"

    def _line(self, name: str) -> int:
        place = self.places.get((name, 0))
        return place.line if place else 0


def read_rules(text: str, path: Path) -> Rulebook:
    """The rules that `text` writes. Without any `kind` (or `milestone`) table those of the program count.

    Raises RulesInvalid with every problem.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesInvalid(path, [f"is not TOML: {error}"]) from error
    reading = _Reading(tables, dict(_places(text)))
    reading.look_for_strangers()
    book = Rulebook(
        reading.rules("kind", KindRule) if "kind" in tables else built_in_rules().kinds,
        reading.rules("milestone", MilestoneRule) if "milestone" in tables else built_in_rules().milestones,
        reading.rules("attest", AttestRule),
        reading.rules("hold", HoldRule),
    )
    if not reading.problems:
        _compare(book, reading)
    if reading.problems:
        raise RulesInvalid(path, [f"line {line}: {what}" if line else what for line, what in sorted(reading.problems)])
    return book


@lru_cache(maxsize=1)
def built_in_rules() -> Rulebook:
    """What the program makes of events where a node has no rules of its own."""
    return read_rules(built_in_text(), Path(BUILT_IN))


def built_in_text() -> str:
    return files("oracles.rules").joinpath(BUILT_IN).read_text(encoding="utf-8")


def _compare(book: Rulebook, reading: _Reading) -> None:
    """Each rule against the others. Only of a file whose rules are all good: places in it are then theirs."""
    groups: Sequence[tuple[str, Sequence[Rule]]] = (
        ("kind", book.kinds if "kind" in reading.tables else ()),
        ("attest", book.attests),
        ("hold", book.holds),
    )
    for name, rules in groups:
        for index, message in clashes(rules):
            reading.refuse(name, index, message)
        names = [rule.name for rule in rules]
        for index, title in enumerate(names):
            if title in names[:index]:
                reading.refuse(name, index, "another rule has this name", "name")
    _compare_milestones(book, reading)


def _compare_milestones(book: Rulebook, reading: _Reading) -> None:
    supported = {rule.milestone for rule in book.milestones}
    kinds = {rule.kind for rule in book.kinds}
    if "milestone" in reading.tables:
        for index, rule in enumerate(book.milestones):
            if rule.kind in {earlier.kind for earlier in book.milestones[:index]}:
                reading.refuse("milestone", index, f"{str(rule.kind)!r} supports a milestone already", "kind")
            elif rule.kind not in kinds:
                reading.refuse("milestone", index, f"it is never reached: no event is {str(rule.kind)!r}", "kind")
    limited: Sequence[tuple[str, Sequence[AttestRule | HoldRule]]] = (("attest", book.attests), ("hold", book.holds))
    for name, limits in limited:
        for index, its in enumerate(limits):
            for milestone in its.milestones or ():
                if milestone not in supported:
                    reading.refuse(name, index, f"no kind of event supports {milestone.name}", "milestones")


def _places(text: str) -> Iterator[tuple[tuple[str, int], _Place]]:
    """Where each table of a list begins, and where its keys stand; lines count from 1."""
    counts: dict[str, int] = {}
    place: _Place | None = None
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        was_inside, inside = inside, _still_inside(line, inside)
        if was_inside:
            continue
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            index = counts.get(header[1], 0)
            counts[header[1]] = index + 1
            place = _Place(number, {})
            yield (header[1], index), place
        elif key is not None:
            if place is None:
                yield (key[1], 0), _Place(number, {})
            else:
                place.keys.setdefault(key[1], number)


def _still_inside(line: str, delimiter: str) -> str:
    """The quotes of a text over several lines that is open after this line; '' where none is."""
    rest = line
    while True:
        if delimiter:
            _, closed, rest = rest.partition(delimiter)
            if not closed:
                return delimiter
            delimiter = ""
        found = _QUOTES.search(rest)
        if found is None:
            return ""
        delimiter, rest = found[0], rest[found.end() :]


def _sentence(key: str, detail: Any) -> str:
    if detail["type"] == "missing":
        return f"{key!r} is missing"
    if detail["type"] == "extra_forbidden":
        return f"{key!r} is not known"
    message = str(detail["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:] if message.startswith("Input") else message
    return f"{key!r}: {message}" if key else message
