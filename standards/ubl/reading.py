"""Namespaces of UBL 2.1, and how its elements are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from lxml import etree

from standards.errors import StandardsError

DOCUMENTS: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
AGGREGATES: Final = f"{DOCUMENTS}CommonAggregateComponents-2"
BASICS: Final = f"{DOCUMENTS}CommonBasicComponents-2"
NAMESPACES: Final = {"cac": AGGREGATES, "cbc": BASICS}

_DECIMAL: Final = re.compile(r"[+-]?(\d{1,24}(\.\d{0,12})?|\.\d{1,12})", re.ASCII)

STATUS_CODES: Final = ("9", "5", "1", "22")
"""Of a document: original, replaces the earlier of its number, cancels it, final (nothing follows)."""

Refuse = Callable[[str, int | None], StandardsError]


class UblInvalid(StandardsError):
    """Not a document of its kind that can be read; `line` is the line of the file where that is known."""

    document: ClassVar[str]

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(f"{self.document} refused{'' if line is None else f' at line {line}'}: {why}")
        self.why = why
        self.line = line


@dataclass(frozen=True)
class Reader:
    """Reads below one element by paths such as `cac:Shipment/cbc:ID`; `refuse` makes the error of its document."""

    element: etree._Element
    refuse: Refuse

    def all(self, path: str) -> list[Reader]:
        return [Reader(found, self.refuse) for found in self.element.iterfind(path, NAMESPACES)]

    def first(self, path: str) -> Reader | None:
        found = self.element.find(path, NAMESPACES)
        return None if found is None else Reader(found, self.refuse)

    def text(self, path: str) -> str | None:
        """The trimmed text of the first element at `path`; None when it is absent or empty."""
        found = self.element.find(path, NAMESPACES)
        return ((found.text or "").strip() or None) if found is not None else None

    def required(self, path: str) -> str:
        text = self.text(path)
        if text is None:
            raise self.refuse(f"{path} is missing or empty", self.line)
        return text

    def attribute(self, path: str, name: str) -> str | None:
        found = self.element.find(path, NAMESPACES)
        value = None if found is None else found.get(name)
        return None if value is None else str(value).strip()

    def decimal(self, path: str) -> Decimal | None:
        """The number at `path`, never negative; None when it is absent or empty."""
        text = self.text(path)
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text) or Decimal(text) < 0:
            raise self.refuse(f"{path} is {text!r}, not a quantity from zero up", self.line)
        return Decimal(text)

    def code(self, path: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """One of the codes `allowed`; `default` where there is none, unless that is missing too."""
        code = self.text(path) or default or self.required(path)
        if code not in allowed:
            raise self.refuse(f"{path} is {code!r}, not one of {', '.join(allowed)}", self.line)
        return code

    def of_scheme(self, path: str, scheme: str) -> str | None:
        """The identifier at `path` where it is of that scheme."""
        return self.text(path) if self.attribute(path, "schemeID") == scheme else None

    @property
    def line(self) -> int | None:
        line = self.element.sourceline
        return int(line) if isinstance(line, int) else None
