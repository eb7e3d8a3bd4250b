"""One finding of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FATAL: Final = "fatal"
WARNING: Final = "warning"


@dataclass(frozen=True)
class Violation:
    """`rule` is the official id, `severity` fatal, warning or information; only fatal makes an invoice invalid."""

    rule: str
    severity: str
    message: str
