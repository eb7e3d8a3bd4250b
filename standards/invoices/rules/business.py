"""EN 16931 business rules by the `einvoice` engine, with XRechnung's or Peppol's where a document claims them."""

from __future__ import annotations

import io
from typing import Final

from lxml import etree

from standards.invoices import cii
from standards.invoices.amounts import foreign_amounts
from standards.invoices.document import Document
from standards.invoices.profile import PEPPOL_MARK, XRECHNUNG_MARK, declared_profile
from standards.invoices.rules.assertion import Assertion, breaches
from standards.invoices.rules.violation import FATAL, Violation

XRECHNUNG: Final = "xrechnung"
EN16931: Final = "en16931"
ENGINE_FAILED: Final = "PORTOLAN-RULES-NOT-APPLICABLE"

# The engine asks for a VAT breakdown even where there is no line; in CII the official rule looks at lines only.
ASKED_OF_LINES_ONLY: Final = frozenset({"BR-CO-18"})


def check(document: Document) -> list[Violation]:
    """Return the findings of the business rules. The profile is always named: the engine's defaults differ by call.

    A document that the engine breaks on gets a fatal finding of ours.
    """
    from einvoice import NotWellFormed

    # The engine has a parser of its own; what it gets is our reading, so that the two can never differ.
    data = etree.tostring(document.root, encoding="UTF-8", xml_declaration=True)
    try:
        found = _evaluate(document, data)
    except (NotWellFormed, ArithmeticError, ValueError, RecursionError) as error:
        return [
            Violation(ENGINE_FAILED, FATAL, f"the business rules cannot be applied: {type(error).__name__} {error}")
        ]
    dropped = ASKED_OF_LINES_ONLY if document.syntax == "CII" and not _has_lines(document) else frozenset()
    return [violation for violation in found if violation.rule not in dropped]


def _evaluate(document: Document, data: bytes) -> list[Violation]:
    import einvoice

    profile = declared_profile(document)
    layer = XRECHNUNG if XRECHNUNG_MARK in profile else EN16931
    result = einvoice.validate_file(io.BytesIO(data), profile=layer)
    found = [_violation(finding) for finding in result.violations]
    return found + _peppol(document, data) if PEPPOL_MARK in profile else found


def _has_lines(document: Document) -> bool:
    return document.root.find(f"{cii.TRADE}IncludedSupplyChainTradeLineItem", cii.NAMESPACES) is not None


def _peppol(document: Document, data: bytes) -> list[Violation]:
    # The engine applies its Peppol rules only as a part of XRechnung; for a Peppol document they stand alone.
    from einvoice import parser, rules_peppol

    root = parser.parse_file(io.BytesIO(data))  # type: ignore[no-untyped-call]
    evaluate = rules_peppol.evaluate_ubl if document.syntax == "UBL" else rules_peppol.evaluate_cii
    found = [_violation(finding) for finding in evaluate(root)]  # type: ignore[no-untyped-call]
    return found + _buyer_or_order_reference(document) + _one_currency(document)


def _buyer_or_order_reference(document: Document) -> list[Violation]:
    """Peppol R003, which the engine leaves out as XRechnung has a stricter rule in its place."""
    paths = (
        ("{*}BuyerReference", "{*}OrderReference/{*}ID")
        if document.syntax == "UBL"
        else (f"{cii.AGREEMENT}BuyerReference", f"{cii.AGREEMENT}BuyerOrderReferencedDocument/ram:IssuerAssignedID")
    )
    if any(document.root.findtext(path, "", cii.NAMESPACES).strip() for path in paths):
        return []
    return [
        Violation("PEPPOL-EN16931-R003", FATAL, "a buyer reference (BT-10) or an order reference (BT-13) is needed")
    ]


def _one_currency(document: Document) -> list[Violation]:
    """Peppol R051, which the engine leaves out."""
    demand = Assertion(
        "PEPPOL-EN16931-R051",
        "every amount is in the invoice's currency (BT-5), save the VAT total in accounting currency (BT-111)",
        lambda _: False,
    )
    return breaches(foreign_amounts(document.root), [demand])


def _violation(finding: object) -> Violation:
    return Violation(
        rule=str(getattr(finding, "rule_id", "")),
        severity=str(getattr(finding, "severity", FATAL)),
        message=str(getattr(finding, "message", "")),
    )
