"""JSON bodies that nothing behind the edge has to be afraid of: not too deep, no numbers that are none, no text that a
database cannot keep."""

import json
import re
from typing import Any, NoReturn

from fastapi import HTTPException, Request

from api.errors import GatewayError, Malformed

_SUSPECT_TEXT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\x00")


class BodyRefused(HTTPException):
    """The framework lets this kind through and would call any other a malformed body."""

    def __init__(self, problem: GatewayError) -> None:
        super().__init__(problem.status, problem.detail)
        self.problem = problem


class BoundedRequest(Request):
    """A request whose `json()` refuses what nobody sends who means well."""

    deepest: int = 32

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            try:
                self._json = parsed(await self.body(), self.deepest)
            except Malformed as error:
                raise BodyRefused(error) from error
        return self._json


def parsed(body: bytes, deepest: int) -> Any:
    """The body's value; Malformed beyond `deepest` levels. JSONDecodeError, as ever, where it is not JSON."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep(deepest) from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of thousands of digits, or bytes that are no text
        raise Malformed("json-invalid", "The body has a number or text that cannot be read.") from None
    _check(value, deepest, suspect=_SUSPECT_TEXT.search(body) is not None)
    return value


def _check(value: Any, deepest: int, *, suspect: bool) -> None:
    level, depth = [value], 0
    while level:
        if depth == deepest and any(isinstance(item, dict | list) for item in level):
            raise _too_deep(deepest)
        if suspect and not all(_keepable(text) for text in _texts(level)):
            raise Malformed("text-invalid", "A text of the body holds NUL or half a character; no such text is kept.")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level, depth = inner, depth + 1


def _texts(level: list[Any]) -> list[str]:
    return [text for item in level for text in (item if isinstance(item, dict) else (item,)) if isinstance(text, str)]


def _keepable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _too_deep(deepest: int) -> Malformed:
    return Malformed("json-too-deep", f"Lists and objects of a body are nested at most {deepest} deep.", most=deepest)


def _no_constant(name: str) -> NoReturn:
    raise Malformed("json-invalid", f"{name} is no number of JSON.")
