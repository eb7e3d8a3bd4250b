"""What can be wrong with a table or with the file that says what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from standards.errors import StandardsError

MOST_LISTED: Final = 50


@dataclass(frozen=True)
class CellProblem:
    """`column` is its name, or its number where the table has no header; empty where the whole row is meant."""

    column: str
    message: str

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}" if self.column else self.message


@dataclass(frozen=True)
class RowProblem:
    """A row that makes no event. `line`: where it begins in the file, from 1."""

    line: int
    problems: tuple[CellProblem, ...]

    def __str__(self) -> str:
        return f"line {self.line}: {'; '.join(map(str, self.problems))}"


class MappingInvalid(StandardsError):
    """The mapping file cannot be used; carries all problems, each naming its key."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class TableRefused(StandardsError):
    """Nothing of the table can be taken: it is no CSV, or not the one that the mapping describes."""


class CellRefused(ValueError):
    """One cell does not hold what the mapping says."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.problem = CellProblem(column, message)


def listed(problems: Sequence[RowProblem]) -> str:
    """Every bad row in a line of its own, at most MOST_LISTED."""
    lines = [str(problem) for problem in problems[:MOST_LISTED]]
    rest = len(problems) - MOST_LISTED
    return "\n".join([*lines, *([f"and {rest} bad rows more"] if rest > 0 else [])])
