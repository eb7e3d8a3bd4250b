"""Reading an uploaded invoice, and refusing it with every reason at once where it cannot be financed."""

from dataclasses import asdict, dataclass
from datetime import date

from api.errors import Malformed, TooLarge
from api.invoices.eligibility import refusals
from standards.invoices import Invoice, InvoiceUnreadable, open_document, read_invoice
from standards.invoices.rules import check, is_valid

LARGEST_INVOICE_BYTES = 5_000_000
_MOST_VIOLATIONS = 100


@dataclass(frozen=True)
class ChainTerms:
    """What the chain is told of an invoice: minor units, thousandths of its unit (0: not measurable)."""

    face_value: int
    quantity: int
    due_date: date


def read(data: bytes, media_type: str) -> Invoice:
    """The invoice; TooLarge, or Malformed with the rules it breaks, or with why it cannot be financed."""
    if len(data) > LARGEST_INVOICE_BYTES:
        detail = f"An invoice may have {LARGEST_INVOICE_BYTES} bytes, this one has {len(data)}."
        raise TooLarge("invoice-too-large", detail, bytes=len(data))
    try:
        document = open_document(data, media_type)
        violations = check(document)
        if not is_valid(violations):
            shown = [asdict(violation) for violation in violations[:_MOST_VIOLATIONS]]
            broken = ", ".join(v.rule for v in violations if v.severity == "fatal")[:300]
            raise Malformed("invoice-invalid", f"The invoice breaks the rules {broken}.", violations=shown)
        invoice = read_invoice(document)
    except InvoiceUnreadable as error:
        violation = {"rule": error.rule, "severity": "fatal", "message": error.why}
        detail = f"The document cannot be read as an invoice: {error.why}."
        raise Malformed("invoice-unreadable", detail, violations=[violation]) from error
    if reasons := refusals(invoice):
        detail = f"The invoice cannot be financed: {'; '.join(reasons)}."
        raise Malformed("invoice-not-financeable", detail, refusals=reasons)
    return invoice


def terms_on_chain(invoice: Invoice) -> ChainTerms:
    if invoice.due_date is None:
        detail = "The invoice names no due date, and none can be derived from its payment terms."
        raise Malformed("invoice-not-financeable", detail, refusals=[detail])
    return ChainTerms(invoice.payable, invoice.quantity_thousandths(), invoice.due_date)
