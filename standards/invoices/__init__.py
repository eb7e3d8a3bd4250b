"""Electronic invoices: UBL 2.1, UN/CEFACT CII D16B and PDFs that carry them, read into one small model."""

from standards.invoices.document import Document, open_document
from standards.invoices.errors import InvoiceIncomplete, InvoiceUnreadable
from standards.invoices.model import Invoice, Line, Party
from standards.invoices.parse import parse_invoice, read_invoice

__all__ = [
    "Document",
    "Invoice",
    "InvoiceIncomplete",
    "InvoiceUnreadable",
    "Line",
    "Party",
    "open_document",
    "parse_invoice",
    "read_invoice",
]
