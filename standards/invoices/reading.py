"""Small readers of XML leaves shared by the two syntaxes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from standards import money
from standards.invoices.errors import InvoiceIncomplete

# xs:date, whose zone says nothing about the calendar day
ISO_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(Z|[+-]\d{2}:\d{2})?")
COMPACT_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Reader:
    """Reads texts under one element; a leaf that is absent or blank reads as empty text."""

    def __init__(self, element: etree._Element, namespaces: Mapping[str, str]) -> None:
        self.element = element
        self.namespaces = dict(namespaces)

    def text(self, path: str) -> str:
        """Return the first match's text, trimmed."""
        found = self.element.find(path, self.namespaces)
        return (found.text or "").strip() if found is not None else ""

    def attribute(self, path: str, name: str) -> str:
        """Return an attribute of the first match, trimmed."""
        found = self.element.find(path, self.namespaces)
        return (found.get(name) or "").strip() if found is not None else ""

    def texts(self, path: str) -> tuple[str, ...]:
        """Return the non-blank texts of all matches."""
        found = ((item.text or "").strip() for item in self.element.findall(path, self.namespaces))
        return tuple(text for text in found if text)

    def child(self, path: str) -> Reader | None:
        """Return a reader of the first match."""
        found = self.element.find(path, self.namespaces)
        return Reader(found, self.namespaces) if found is not None else None

    def children(self, path: str) -> list[Reader]:
        """Return readers of all matches."""
        return [Reader(found, self.namespaces) for found in self.element.findall(path, self.namespaces)]

    def needed(self, path: str, term: str) -> str:
        """Return the text. Raises InvoiceIncomplete naming the term where there is none."""
        text = self.text(path)
        if not text:
            raise InvoiceIncomplete(term, f"{path} is missing or empty")
        return text

    def amount(self, path: str, term: str, default: Decimal | None = None) -> Decimal:
        """Return the decimal. Raises InvoiceIncomplete where it is malformed, or absent without a default."""
        text = self.text(path)
        if not text and default is not None:
            return default
        if not text:
            raise InvoiceIncomplete(term, f"{path} is missing or empty")
        try:
            return money.decimal(text)
        except money.MoneyInvalid as error:
            raise InvoiceIncomplete(term, str(error)) from error

    def identified(self, path: str) -> tuple[tuple[str, str], ...]:
        """Return (schemeID, text) of all matches that have text."""
        found = self.element.findall(path, self.namespaces)
        pairs = (((item.get("schemeID") or "").strip(), (item.text or "").strip()) for item in found)
        return tuple(pair for pair in pairs if pair[1])


def calendar_date(text: str, term: str, pattern: re.Pattern[str] = ISO_DATE) -> date:
    """Return the day that `text` names. Raises InvoiceIncomplete naming the term."""
    match = pattern.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError("unknown format")
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise InvoiceIncomplete(term, f"{text[:40]!r} is not a calendar date") from None
