"""What is refused of payment messages."""

from __future__ import annotations

from standards.errors import StandardsError


class Iso20022Invalid(StandardsError):
    """Not a message that can be read, or a payment that cannot be written; `line` is the line of the file where there
    is one."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(f"payment message refused{'' if line is None else f' at line {line}'}: {why}")
        self.why = why
        self.line = line
