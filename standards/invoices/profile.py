"""What a document says it follows (BT-24), and which of these are not whole invoices."""

from __future__ import annotations

from typing import Final

from standards.invoices import cii
from standards.invoices.document import Document

XRECHNUNG_MARK: Final = "xeinkauf.de:kosit:xrechnung"
PEPPOL_MARK: Final = "peppol.eu:2017:poacc:billing"
# Factur-X and ZUGFeRD 2 profiles without lines: accounting aids, not invoices by EN 16931
LINELESS_MARKS: Final = (":minimum", ":basicwl")


def declared_profile(document: Document) -> str:
    """Return the customisation or guideline that the document claims, in small letters; empty where it claims none."""
    guideline = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
    path = "{*}CustomizationID" if document.syntax == "UBL" else guideline
    found = document.root.find(path, cii.NAMESPACES)
    return (found.text or "").strip().lower() if found is not None else ""


def is_lineless(profile: str) -> bool:
    """Whether the profile leaves lines out by design."""
    return any(profile.strip().lower().endswith(mark) for mark in LINELESS_MARKS)
