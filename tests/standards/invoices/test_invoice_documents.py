import io
import subprocess
import sys
from collections.abc import Callable

import pytest
from facturx import generate_from_binary
from pypdf import PdfWriter

from standards.invoices import InvoiceUnreadable, open_document, parse_invoice
from standards.invoices.document import (
    HEADER_ELEMENTS_LIMIT,
    LINE_ELEMENTS_LIMIT,
    LINES_LIMIT,
    PDF_LIMIT_BYTES,
    XML_LIMIT_BYTES,
)

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Invoice>&c;</Invoice>"""
FILE_READER = '<?xml version="1.0"?><!DOCTYPE i [<!ENTITY f SYSTEM "file:///etc/passwd">]><Invoice>&f;</Invoice>'


def rule_of(data: bytes, media_hint: str | None = None) -> str:
    with pytest.raises(InvoiceUnreadable) as refused:
        open_document(data, media_hint)
    return refused.value.rule


def pdf(attachments: dict[str, bytes]) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    for name, content in attachments.items():
        writer.add_attachment(name, content)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture
def hybrid(cii: str) -> bytes:
    """A PDF/A-3 with the invoice inside, as factur-x makes them."""
    return generate_from_binary(pdf({}), cii.encode(), check_xsd=True, check_schematron=False)


def test_a_hybrid_pdf_is_the_invoice_inside(hybrid: bytes, cii: str) -> None:
    document = open_document(hybrid)

    assert (document.syntax, document.from_pdf) == ("CII", True)
    assert document.data == cii.encode()
    assert parse_invoice(hybrid, "application/pdf") == parse_invoice(cii.encode())


@pytest.mark.parametrize("data", [b"", b"   ", b"PK\x03\x04", b"<Invoice>", b"{}", BOMB.encode(), FILE_READER.encode()])
def test_what_is_no_plain_xml_is_refused(data: bytes) -> None:
    assert rule_of(data) == "PORTOLAN-NOT-XML"


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body/></html>",
        b"<Invoice/>",
        b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
    ],
)
def test_other_xml_is_no_invoice(data: bytes) -> None:
    assert rule_of(data) == "PORTOLAN-NOT-AN-INVOICE"


def test_xml_beyond_the_limit_is_refused() -> None:
    assert rule_of(b"<a>" + b" " * XML_LIMIT_BYTES + b"</a>") == "PORTOLAN-TOO-LARGE"


def test_a_pdf_beyond_the_limit_is_refused() -> None:
    assert rule_of(b"%PDF-1.7\n" + b" " * PDF_LIMIT_BYTES) == "PORTOLAN-TOO-LARGE"


def test_more_lines_than_can_be_checked_in_time_are_refused(ubl: str) -> None:
    lines = "<cac:InvoiceLine/>" * (LINES_LIMIT + 1)

    assert rule_of(ubl.replace("</Invoice>", lines + "</Invoice>").encode()) == "PORTOLAN-TOO-MANY-LINES"


def test_a_header_that_would_take_minutes_to_check_is_refused(ubl: str) -> None:
    subtotals = "<cac:TaxSubtotal/>" * HEADER_ELEMENTS_LIMIT

    assert (
        rule_of(ubl.replace("</cac:TaxTotal>", subtotals + "</cac:TaxTotal>").encode()) == "PORTOLAN-TOO-MANY-ELEMENTS"
    )


def test_lines_that_would_take_minutes_to_check_are_refused(ubl: str) -> None:
    notes = "<cbc:Note/>" * LINE_ELEMENTS_LIMIT

    assert (
        rule_of(ubl.replace("</cac:InvoiceLine>", notes + "</cac:InvoiceLine>", 1).encode())
        == "PORTOLAN-TOO-MANY-ELEMENTS"
    )


def test_a_pdf_without_an_invoice_is_refused() -> None:
    assert rule_of(pdf({})) == "PORTOLAN-PDF-WITHOUT-INVOICE"


def test_a_pdf_with_other_files_only_is_refused(cii: str) -> None:
    assert rule_of(pdf({"notes.txt": cii.encode(), "order.xml": b"<Order/>"})) == "PORTOLAN-PDF-WITHOUT-INVOICE"


def test_a_pdf_with_two_invoices_is_refused_with_their_names(cii: str, ubl: str) -> None:
    two = pdf({"factur-x.xml": cii.encode(), "xrechnung.xml": ubl.encode()})

    with pytest.raises(InvoiceUnreadable, match=r"factur-x\.xml, xrechnung\.xml") as refused:
        open_document(two)

    assert refused.value.rule == "PORTOLAN-PDF-TWO-INVOICES"


def test_a_bomb_inside_a_pdf_is_refused() -> None:
    assert rule_of(pdf({"factur-x.xml": BOMB.encode()})) == "PORTOLAN-NOT-XML"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_damaged_pdf_is_refused_in_words(hybrid: bytes, cut: float) -> None:
    with pytest.raises(InvoiceUnreadable, match=r"PDF|attachment"):
        open_document(hybrid[: int(len(hybrid) * cut)])


def test_a_damaged_pdf_says_nothing_on_the_error_output() -> None:
    """In a process of its own: pytest itself catches what is logged."""
    damaged = b"%PDF-1.7\n" + b"1 0 obj\n<<>>\nendobj\n" * 90
    code = (
        f"from standards.invoices import open_document\ntry:\n    open_document({damaged!r})\nexcept ValueError: pass"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=240, capture_output=True)

    assert done.stderr == b""


def test_xml_announced_as_pdf_is_refused(ubl: str) -> None:
    assert rule_of(ubl.encode(), "application/pdf") == "PORTOLAN-PDF-UNREADABLE"


def test_a_byte_order_mark_does_no_harm(ubl: str) -> None:
    assert parse_invoice(b"\xef\xbb\xbf" + ubl.encode()).number == "AS-2026-0042"


@pytest.mark.parametrize("codec", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read_as_declared(ubl: str, codec: str, edited: Callable[..., bytes]) -> None:
    declared = edited(ubl, ('encoding="UTF-8"', f'encoding="{codec.upper()}"')).decode()

    assert parse_invoice(declared.encode(codec)).debtor.name == "Borealis Retail AB"
