"""Runs every rule set that applies to a document."""

from __future__ import annotations

from collections.abc import Iterable

from standards.invoices.document import Document, open_document
from standards.invoices.rules import business, cii_datatypes, cii_syntax, schema, ubl_syntax
from standards.invoices.rules.violation import FATAL, Violation


def check(invoice: bytes | Document) -> list[Violation]:
    """Return what the rules find, each rule once, in the order of the rule sets.

    Raises InvoiceUnreadable where the bytes are no invoice at all.
    """
    document = open_document(invoice) if isinstance(invoice, bytes) else invoice
    found = business.check(document)
    if document.syntax == "CII":
        found += cii_syntax.check(document.root)
        found += cii_datatypes.check(document.root)
    else:
        found += ubl_syntax.check(document.root)
    found += schema.check(document)
    first = {violation.rule: violation for violation in reversed(found)}
    return [violation for violation in dict.fromkeys(found) if first[violation.rule] is violation]


def is_valid(violations: Iterable[Violation]) -> bool:
    """Whether nothing fatal was found."""
    return all(violation.severity != FATAL for violation in violations)
