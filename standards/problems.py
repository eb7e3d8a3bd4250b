"""What is wrong in a JSON document, each problem with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

SHOWN: Final = 3
_PLAINER: Final = {
    "missing": "it is missing",
    "extra_forbidden": "it is not allowed here",
    "string_type": "it must be text",
    "bool_type": "it must be true or false",
    "int_type": "it must be a whole number",
    "tuple_type": "it must be a list",
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `pointer` is the JSON pointer (RFC 6901) of its place, '' being the whole document."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'}: {self.message}"


def pointer(*parts: str | int) -> str:
    """The JSON pointer of a path of keys and indexes."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def summary(problems: Sequence[Problem]) -> str:
    """The first problems in one sentence, and how many more there are."""
    listed = "; ".join(str(problem) for problem in problems[:SHOWN])
    return listed + (f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else "")


def problems_of(error: ValidationError, path: Sequence[str | int]) -> list[Problem]:
    """What pydantic found, in our words; a rule's context may name a key `below` the place that it was found at."""
    return [_problem(detail, path) for detail in error.errors(include_url=False)]


def _problem(detail: Any, path: Sequence[str | int]) -> Problem:
    context = detail.get("ctx", {})
    below = [context["below"]] if "below" in context else []
    message = _PLAINER.get(detail["type"], detail["msg"]).replace("Input should be", "it should be")
    if "pattern" in context:
        message = f"{detail['input']!r} does not match {context['pattern']}"
    return Problem(pointer(*path, *detail["loc"], *below), message)
