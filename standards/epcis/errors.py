"""The refusal of an EPCIS document."""

from __future__ import annotations

from collections.abc import Sequence

from standards.errors import StandardsError
from standards.problems import Problem, summary


class EpcisInvalid(StandardsError):
    """A document or event that EPCIS 2.0 does not allow; `problems` holds each with its JSON pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"EPCIS refused: {summary(problems)}")
        self.problems = tuple(problems)
