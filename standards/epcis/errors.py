"""What can be wrong with an EPCIS document, each problem with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standards.errors import StandardsError

SHOWN: Final = 3


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `pointer` is the JSON pointer (RFC 6901) of its place, '' being the whole document."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'}: {self.message}"


class EpcisInvalid(StandardsError):
    """A document or event that EPCIS 2.0 does not allow; `problems` holds each with its JSON pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        listed = "; ".join(str(problem) for problem in problems[:SHOWN])
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        super().__init__(f"EPCIS refused: {listed}{more}")
        self.problems = tuple(problems)


def pointer(*parts: str | int) -> str:
    """The JSON pointer of a path of keys and indexes."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
