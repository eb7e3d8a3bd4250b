"""From bytes to the invoice's XML: plain UBL or CII, or a PDF that carries exactly one of them."""

from __future__ import annotations

import io
import logging
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from standards import xml
from standards.invoices import errors
from standards.invoices.errors import InvoiceUnreadable

if TYPE_CHECKING:
    from standards.invoices.model import Syntax

XML_LIMIT_BYTES: Final = 8 * 1024 * 1024
PDF_LIMIT_BYTES: Final = 32 * 1024 * 1024
LINES_LIMIT: Final = 5_000
# Some rules compare every header group with every other; an honest header has a few hundred elements.
HEADER_ELEMENTS_LIMIT: Final = 5_000
LINE_ELEMENTS_LIMIT: Final = 150_000
PDF_MAGIC: Final = b"%PDF-"
PDF_HEADER_BYTES: Final = 1024

UBL_INVOICE: Final = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
UBL_CREDIT_NOTE: Final = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
CII_INVOICE: Final = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
ROOTS: Final[dict[str, Syntax]] = {UBL_INVOICE: "UBL", UBL_CREDIT_NOTE: "UBL", CII_INVOICE: "CII"}
LINE_NAMES: Final = ("{*}InvoiceLine", "{*}CreditNoteLine", "{*}IncludedSupplyChainTradeLineItem")

# What pypdf thinks of a damaged file is told in the refusal, not beside it on the error output.
logging.getLogger("pypdf").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Document:
    """An invoice's XML with its parsed root; `from_pdf` when it was carried in a PDF."""

    data: bytes
    root: etree._Element
    syntax: Syntax
    from_pdf: bool = False


def open_document(data: bytes, media_hint: str | None = None) -> Document:
    """Return the one invoice in `data`. The bytes decide; `media_hint` (a media type) only words the refusal.

    Raises InvoiceUnreadable for what is neither XML nor PDF, too large, no invoice, or more than one.
    """
    if PDF_MAGIC in data[:PDF_HEADER_BYTES]:
        return _from_pdf(data)
    if media_hint and "pdf" in media_hint.lower():
        raise InvoiceUnreadable(errors.PDF_UNREADABLE, "announced as PDF, but the bytes do not start like one")
    return _from_xml(data)


def _from_xml(data: bytes, from_pdf: bool = False) -> Document:
    if len(data) > XML_LIMIT_BYTES:
        raise InvoiceUnreadable(
            errors.TOO_LARGE, f"{len(data)} bytes of XML are more than the {XML_LIMIT_BYTES} allowed"
        )
    try:
        root = xml.parse(data, XML_LIMIT_BYTES)
    except xml.XmlRefused as refused:
        raise InvoiceUnreadable(errors.NOT_XML, str(refused)) from refused
    syntax = ROOTS.get(root.tag)
    if syntax is None:
        raise InvoiceUnreadable(errors.NOT_AN_INVOICE, f"root element {root.tag} is no UBL 2.1 or CII D16B invoice")
    _refuse_excess(root)
    return Document(data, root, syntax, from_pdf)


def _refuse_excess(root: etree._Element) -> None:
    """Rules take time with the number of elements, some with its square: bound both before any rule runs."""
    lines = list(root.iter(*LINE_NAMES))
    if len(lines) > LINES_LIMIT:
        raise InvoiceUnreadable(errors.TOO_MANY_LINES, f"{len(lines)} lines are more than the {LINES_LIMIT} allowed")
    in_lines = sum(1 for line in lines for _ in line.iter())
    in_header = sum(1 for _ in root.iter()) - in_lines
    for where, count, limit in (
        ("lines", in_lines, LINE_ELEMENTS_LIMIT),
        ("header", in_header, HEADER_ELEMENTS_LIMIT),
    ):
        if count > limit:
            why = f"{count} elements in the {where} are more than the {limit} allowed"
            raise InvoiceUnreadable(errors.TOO_MANY_ELEMENTS, why)


def _from_pdf(data: bytes) -> Document:
    if len(data) > PDF_LIMIT_BYTES:
        raise InvoiceUnreadable(
            errors.TOO_LARGE, f"{len(data)} bytes of PDF are more than the {PDF_LIMIT_BYTES} allowed"
        )
    found = _invoices_in_pdf(data)
    if not found:
        raise InvoiceUnreadable(errors.PDF_WITHOUT_INVOICE, "the PDF carries no UBL or CII invoice")
    if len(found) > 1:
        names = ", ".join(sorted(name for name, _ in found))
        raise InvoiceUnreadable(errors.PDF_TWO_INVOICES, f"the PDF carries more than one invoice: {names}")
    name, document = found[0]
    _confirm_by_factur_x(data, name, document)
    return document


def _invoices_in_pdf(data: bytes) -> list[tuple[str, Document]]:
    found: list[tuple[str, Document]] = []
    for name, content in _attachments(data):
        if not name.lower().endswith(".xml"):
            continue
        try:
            found.append((name, _from_xml(content, from_pdf=True)))
        except InvoiceUnreadable as unreadable:
            # Other XML may ride along (orders, delivery notes); broken XML under an invoice's name may not.
            if unreadable.rule != errors.NOT_AN_INVOICE:
                raise InvoiceUnreadable(unreadable.rule, f"attachment {name}: {unreadable.why}") from unreadable
    return found


def _attachments(data: bytes) -> list[tuple[str, bytes]]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    # A damaged file surfaces from pypdf as any of these; none of them is a fault of ours.
    damage = (
        PyPdfError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        NotImplementedError,
        RecursionError,
        TypeError,
        ValueError,
        zlib.error,
    )
    try:
        return [(str(item.name), item.content) for item in PdfReader(io.BytesIO(data)).attachment_list]
    except damage as error:
        raise InvoiceUnreadable(errors.PDF_UNREADABLE, f"the PDF cannot be read: {error}") from error


def _confirm_by_factur_x(data: bytes, name: str, document: Document) -> None:
    """A hybrid is one only by the name and flavour that Factur-X gives its attachment."""
    from facturx.facturx import get_xml_from_pdf

    _, content = get_xml_from_pdf(data, check_xsd=False, check_schematron=False, filenames=[name])
    if content != document.data:
        raise InvoiceUnreadable(
            errors.PDF_WITHOUT_INVOICE, f"attachment {name} is no invoice by the rules of Factur-X and ZUGFeRD"
        )
