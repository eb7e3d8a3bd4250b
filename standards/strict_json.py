"""The one door through which JSON comes in: bounded in bytes and depth, exact numbers, no key twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, Final

from standards.errors import StandardsError

DEFAULT_LIMIT_BYTES: Final = 8 * 1024 * 1024
DEPTH_LIMIT: Final = 48
NUMBER_SIGNS_LIMIT: Final = 64
EXPONENT_LIMIT: Final = 300


class JsonRefused(StandardsError):
    """The bytes are not JSON that we take. `line` and `column` count from 1; both are None where no place is known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f" at line {line}, column {column}"
        super().__init__(f"JSON refused{place}: {why}")
        self.why = why
        self.line = line
        self.column = column


def parse(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES, may_repeat: Collection[str] = ()) -> Any:
    """The value that `data` (UTF-8) writes; numbers with a fraction or an exponent come as exact Decimal.

    Raises JsonRefused for anything else: too long, too deep, a key given twice, NaN, a number of absurd size.
    Of a key in `may_repeat` the last value counts.
    """
    if len(data) > limit_bytes:
        raise JsonRefused(f"{len(data)} bytes are more than the {limit_bytes} allowed")
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object_maker(may_repeat),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise JsonRefused(f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise JsonRefused(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno) from error
    except RecursionError as error:
        raise JsonRefused(f"it is nested deeper than the {DEPTH_LIMIT} levels allowed") from error
    # Few brackets cannot lie deep, and only an escape writes half a pair: most documents need no further look.
    if data.count(b"{") + data.count(b"[") >= DEPTH_LIMIT or b"\\u" in data:
        _check_depth_and_text(value)
    return value


def json_able(value: Any) -> Any:
    """A value with Decimals in it as one that `json.dumps` takes: a number where it says the same, else its text."""
    if isinstance(value, dict):
        return {name: json_able(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_able(item) for item in value]
    if not isinstance(value, Decimal):
        return value
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else f"{value:f}"


def write(value: Any) -> str:
    """The value as JSON, its Decimals digit for digit: what `parse` gave comes back the same from `parse`."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{write(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def _object_maker(may_repeat: Collection[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def make(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs if name not in may_repeat]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise JsonRefused(f"the key {twice!r} is given twice in one object")
        return members

    return make


def _decimal(text: str) -> Decimal:
    if len(text) > NUMBER_SIGNS_LIMIT:
        raise JsonRefused(f"the number {text[:20]}… is longer than the {NUMBER_SIGNS_LIMIT} signs allowed")
    number = Decimal(text)
    if abs(number.adjusted()) > EXPONENT_LIMIT:
        raise JsonRefused(f"the number {text} is beyond the powers of ten allowed ({EXPONENT_LIMIT})")
    return number


def _integer(text: str) -> int:
    if len(text) > NUMBER_SIGNS_LIMIT:
        raise JsonRefused(f"the number {text[:20]}… is longer than the {NUMBER_SIGNS_LIMIT} signs allowed")
    return int(text)


def _refuse_constant(text: str) -> Any:
    raise JsonRefused(f"{text} is not a number in JSON")


def _check_depth_and_text(value: Any) -> None:
    """Level by level, without recursion: a level is all that lies equally deep."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, str) and not item.isascii():
                _check_characters(item)
        if not deeper:
            return
        level = deeper
    raise JsonRefused(f"it is nested deeper than the {DEPTH_LIMIT} levels allowed")


def _check_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise JsonRefused(
            f"half a surrogate pair stands in {text[:20].encode('ascii', 'replace').decode()!r}"
        ) from error
