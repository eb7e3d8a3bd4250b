"""One call from bytes to an invoice."""

from __future__ import annotations

from standards.invoices import cii, ubl
from standards.invoices.document import Document, open_document
from standards.invoices.model import Invoice


def parse_invoice(data: bytes, media_hint: str | None = None) -> Invoice:
    """Return the invoice in UBL, CII or hybrid PDF bytes; no rule is checked beyond what reading needs.

    Raises InvoiceUnreadable (the bytes are no invoice) or its kind InvoiceIncomplete (a needed term is missing).
    """
    return read_invoice(open_document(data, media_hint))


def read_invoice(document: Document) -> Invoice:
    """Return the invoice of an opened document. Raises InvoiceIncomplete."""
    return ubl.read(document.root) if document.syntax == "UBL" else cii.read(document.root)
