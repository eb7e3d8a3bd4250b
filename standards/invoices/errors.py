"""Why bytes are not an invoice that can be read; `rule` is our own id for the refusal."""

from __future__ import annotations

from typing import Final

TOO_LARGE: Final = "PORTOLAN-TOO-LARGE"
NOT_XML: Final = "PORTOLAN-NOT-XML"
NOT_AN_INVOICE: Final = "PORTOLAN-NOT-AN-INVOICE"
PDF_UNREADABLE: Final = "PORTOLAN-PDF-UNREADABLE"
PDF_WITHOUT_INVOICE: Final = "PORTOLAN-PDF-WITHOUT-INVOICE"
PDF_TWO_INVOICES: Final = "PORTOLAN-PDF-TWO-INVOICES"
TOO_MANY_LINES: Final = "PORTOLAN-TOO-MANY-LINES"
TOO_MANY_ELEMENTS: Final = "PORTOLAN-TOO-MANY-ELEMENTS"
INCOMPLETE: Final = "PORTOLAN-INCOMPLETE"


class InvoiceUnreadable(ValueError):
    """The bytes are no invoice that we can read. `rule` names the refusal, the text says what was wrong and where."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.rule = rule
        self.why = why


class InvoiceIncomplete(InvoiceUnreadable):
    """The document is an invoice, but a term that identifies or values it is missing or malformed."""

    def __init__(self, term: str, why: str) -> None:
        super().__init__(INCOMPLETE, f"{term}: {why}")
        self.term = term
