"""The whole verdict on one file: the rules of form, what stands in the way of financing, terms, fingerprint."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from api.invoices.eligibility import refusals
from chain_node.references import NetworkKey, fingerprint
from standards.invoices import Document, Invoice, InvoiceUnreadable, open_document, read_invoice
from standards.invoices.document import PDF_LIMIT_BYTES
from standards.invoices.errors import TOO_LARGE
from standards.invoices.rules import FATAL, Violation, check, is_valid

FILE_UNREADABLE: Final = "PORTOLAN-FILE-UNREADABLE"
SHOWN_RULES: Final = 5
STANDARD_INPUT: Final = Path("-")

# Known to everyone: good for comparing files, useless on a network, whose key is its own.
EVALUATION_KEY: Final = NetworkKey(sha256(b"portolan public evaluation key").digest())


@dataclass(frozen=True)
class InvoiceReport:
    """`valid` is the official verdict; `financeable` needs it and the absence of refusals.

    `readable` is false where the bytes are no invoice at all; then `syntax`, `invoice` and `fingerprint` are None.
    An invoice that lacks an identifying term is readable, but has neither terms nor fingerprint.
    """

    file: str
    syntax: str | None
    valid: bool
    violations: tuple[Violation, ...]
    refusals: tuple[str, ...]
    fingerprint: int | None
    invoice: Invoice | None = field(repr=False)
    readable: bool = True

    @property
    def financeable(self) -> bool:
        """Whether the invoice is valid and nothing stands in the way of financing it."""
        return self.valid and not self.refusals

    def as_json(self) -> dict[str, Any]:
        """The record that `portolan invoice check --json` prints."""
        return {
            "file": self.file,
            "syntax": self.syntax,
            "valid": self.valid,
            "violations": [
                {"rule": found.rule, "severity": found.severity, "message": found.message} for found in self.violations
            ],
            "financeable": self.financeable,
            "refusals": list(self.refusals),
            "terms": self.invoice.terms() if self.invoice else {},
            "fingerprint": None if self.fingerprint is None else f"0x{self.fingerprint:064x}",
        }


def check_file(path: Path, key: NetworkKey = EVALUATION_KEY) -> InvoiceReport:
    """Check a file, or the standard input for `-`; one that cannot be read is reported, not raised."""
    # A name need not be text; bytes that are none are written out, so that the record stays one.
    file = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        data = _read_bytes(path, PDF_LIMIT_BYTES + 1)
    except OSError as error:
        return _unreadable(file, FILE_UNREADABLE, error.strerror or "the file cannot be read")
    if len(data) > PDF_LIMIT_BYTES:
        return _unreadable(file, TOO_LARGE, f"more than the {PDF_LIMIT_BYTES} bytes allowed")
    return check_invoice(data, key, file=file)


def check_invoice(
    data: bytes, key: NetworkKey = EVALUATION_KEY, *, file: str = "", media_hint: str | None = None
) -> InvoiceReport:
    """Check an invoice's bytes. Never raises for what they contain."""
    try:
        document = open_document(data, media_hint)
    except InvoiceUnreadable as unreadable:
        return _unreadable(file, unreadable.rule, unreadable.why)
    violations = tuple(check(document))
    invoice, reasons = _read(document)
    valid = is_valid(violations)
    if not valid:
        reasons.insert(0, _invalidity(violations))
    return InvoiceReport(
        file=file,
        syntax=document.syntax,
        valid=valid,
        violations=violations,
        refusals=tuple(reasons),
        fingerprint=_fingerprint(invoice, key),
        invoice=invoice,
    )


def _read_bytes(path: Path, most_bytes: int) -> bytes:
    """The beginning of the file. Its size is not asked: that of a device or a pipe says nothing."""
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(most_bytes)
    with path.open("rb") as file:
        return file.read(most_bytes)


def _read(document: Document) -> tuple[Invoice | None, list[str]]:
    try:
        invoice = read_invoice(document)
    except InvoiceUnreadable as incomplete:
        return None, [incomplete.why]
    return invoice, refusals(invoice)


def _fingerprint(invoice: Invoice | None, key: NetworkKey) -> int | None:
    """None where nothing identifies the seller: such invoices of different sellers would be taken for one."""
    if invoice is None:
        return None
    identity = invoice.identity()
    return fingerprint(key, identity) if identity["seller"] and identity["number"] else None


def _invalidity(violations: tuple[Violation, ...]) -> str:
    rules = [found.rule for found in violations if found.severity == FATAL]
    more = f" and {len(rules) - SHOWN_RULES} more" if len(rules) > SHOWN_RULES else ""
    return f"not valid by the rules: {', '.join(rules[:SHOWN_RULES])}{more}"


def _unreadable(file: str, rule: str, why: str) -> InvoiceReport:
    return InvoiceReport(
        file=file,
        syntax=None,
        valid=False,
        violations=(Violation(rule, FATAL, why),),
        refusals=(f"not a readable invoice: {why}",),
        fingerprint=None,
        invoice=None,
        readable=False,
    )
