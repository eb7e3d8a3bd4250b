"""Data type rules of EN 16931's CII binding (CII-DT): attributes and children that a kind of element may not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from lxml import etree

from standards.invoices.cii import NAMESPACES
from standards.invoices.rules.assertion import Assertion, Select, absent, breaches, select, text_of, true_of
from standards.invoices.rules.violation import Violation

_RAM: Final = f"{{{NAMESPACES['ram']}}}"
_LINE: Final = "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem"
_PLAIN_IDS: Final = (
    "/rsm:CrossIndustryInvoice/rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
    " | /rsm:CrossIndustryInvoice/rsm:ExchangedDocument/ram:ID"
    f" | {_LINE}/ram:AssociatedDocumentLineDocument/ram:LineID"
    f" | {_LINE}/ram:SpecifiedTradeProduct/ram:SellerAssignedID"
)
_DAY: Final = re.compile(r"\s*\d{4}(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])\s*")

# rule -> attribute, by kind of element
_PLAIN_ID_ATTRIBUTES: Final = {
    "CII-DT-001": "schemeName",
    "CII-DT-002": "schemeAgencyName",
    "CII-DT-003": "schemeDataURI",
    "CII-DT-004": "schemeURI",
    "CII-DT-005": "schemeID",
    "CII-DT-006": "schemeAgencyID",
    "CII-DT-007": "schemeVersionID",
}
_ID_ATTRIBUTES: Final = {
    "CII-DT-101": "schemeName",
    "CII-DT-102": "schemeAgencyName",
    "CII-DT-103": "schemeDataURI",
    "CII-DT-104": "schemeURI",
}
_TYPE_CODE_ATTRIBUTES: Final = {"CII-DT-008": "name", "CII-DT-009": "listURI"}
_DOCUMENT_ATTRIBUTES: Final = {"CII-DT-013": "languageID", "CII-DT-014": "languageLocaleID"}
_AMOUNT_ATTRIBUTES: Final = {"CII-DT-031": "currencyID", "CII-DT-032": "currencyCodeListVersionID"}
_QUANTITY_ATTRIBUTES: Final = {
    "CII-DT-034": "unitCodeListID",
    "CII-DT-035": "unitCodeListAgencyID",
    "CII-DT-036": "unitCodeListAgencyName",
}

# rule -> child, by kind of element
_REFERENCE_CHILDREN: Final = {
    "CII-DT-016": "ram:StatusCode",
    "CII-DT-017": "ram:CopyIndicator",
    "CII-DT-019": "ram:GlobalID",
    "CII-DT-020": "ram:RevisionID",
    "CII-DT-023": "ram:Information",
    "CII-DT-025": "ram:SectionName",
    "CII-DT-026": "ram:PreviousRevisionID",
    "CII-DT-028": "ram:EffectiveSpecifiedPeriod",
    "CII-DT-029": "ram:IssuerTradeParty",
    "CII-DT-030": "ram:AttachedSpecifiedBinaryFile",
}
_PERIOD_CHILDREN: Final = {
    "CII-DT-068": "ram:StartDateTime/udt:DateTime",
    "CII-DT-069": "ram:DurationMeasure",
    "CII-DT-070": "ram:InclusiveIndicator",
    "CII-DT-071": "ram:Description",
    "CII-DT-072": "ram:EndDateTime/udt:DateTime",
    "CII-DT-073": "ram:CompleteDateTime",
    "CII-DT-074": "ram:OpenIndicator",
    "CII-DT-075": "ram:SeasonCode",
    "CII-DT-076": "ram:ID",
    "CII-DT-077": "ram:Name",
    "CII-DT-078": "ram:SequenceNumeric",
    "CII-DT-079": "ram:StartDateFlexibilityCode",
    "CII-DT-080": "ram:ContinuousIndicator",
    "CII-DT-081": "ram:PurposeCode",
}
_ADDRESS_CHILDREN: Final = {
    "CII-DT-082": "ram:ID",
    "CII-DT-083": "ram:PostOfficeBox",
    "CII-DT-084": "ram:BuildingName",
    "CII-DT-086": "ram:LineFour",
    "CII-DT-087": "ram:LineFive",
    "CII-DT-088": "ram:StreetName",
    "CII-DT-089": "ram:CitySubDivisionName",
    "CII-DT-090": "ram:CountryName",
    "CII-DT-091": "ram:CountrySubDivisionID",
    "CII-DT-092": "ram:AttentionOf",
    "CII-DT-093": "ram:CareOf",
    "CII-DT-094": "ram:BuildingNumber",
    "CII-DT-095": "ram:DepartmentName",
    "CII-DT-096": "ram:AdditionalStreetName",
}


_ADDITIONAL: Final = "self::ram:AdditionalReferencedDocument"
# rule -> (child, where it is allowed after all)
_REFERENCE_EXCEPTIONS: Final = {
    "CII-DT-015": ("ram:URIID", f"{_ADDITIONAL} and ram:TypeCode = '916'"),
    "CII-DT-018": (
        "ram:TypeCode",
        f"{_ADDITIONAL} and (ram:TypeCode = '50' or ram:TypeCode = '130' or ram:TypeCode = '916')",
    ),
    "CII-DT-021": ("ram:Name", f"{_ADDITIONAL} and ram:TypeCode = '916'"),
    "CII-DT-022": ("ram:AttachmentBinaryObject", f"{_ADDITIONAL} and ram:TypeCode = '916'"),
    "CII-DT-024": ("ram:ReferenceTypeCode", f"{_ADDITIONAL} and ram:TypeCode = '130'"),
    "CII-DT-027": ("ram:FormattedIssueDateTime", "self::ram:InvoiceReferencedDocument"),
}


def check(root: etree._Element) -> list[Violation]:
    """Return the fatal breaches of the data type rules, each rule once."""
    found = breaches([root], [_without(rule, name) for rule, name in _DOCUMENT_ATTRIBUTES.items()])
    plain = list(_plain_ids()(root))
    found += breaches(plain, [_without(rule, name) for rule, name in _PLAIN_ID_ATTRIBUTES.items()])
    kinds = _by_kind(root, plain)
    for kind, assertions in _assertions():
        found += breaches(kinds[kind], assertions)
    units = [element for element in kinds["Quantity"] if "unitCode" in element.attrib]
    return found + breaches(units, [_billed_unit()])


@cache
def _plain_ids() -> Select:
    return select(_PLAIN_IDS, NAMESPACES)


def _by_kind(root: etree._Element, plain_ids: list[etree._Element]) -> dict[str, list[etree._Element]]:
    kinds: dict[str, list[etree._Element]] = {kind: [] for kind, _ in _assertions()}
    taken = set(plain_ids)
    for element in root.iter(f"{_RAM}*"):
        kind = _kind(str(element.tag)[len(_RAM) :])
        if kind and element not in taken:
            kinds[kind].append(element)
    kinds["DateTimeString"] = [
        element for element in root.iter(f"{{{NAMESPACES['udt']}}}DateTimeString") if element.get("format") == "102"
    ]
    return kinds


def _kind(name: str) -> str | None:
    if name in ("TypeCode", "BillingSpecifiedPeriod", "PostalTradeAddress"):
        return name
    if name == "TaxTotalAmount":
        return None
    endings = ("ID", "ReferencedDocument", "Amount", "Quantity", "TradeTax")
    return next((ending for ending in endings if name.endswith(ending)), None)


@cache
def _assertions() -> tuple[tuple[str, tuple[Assertion, ...]], ...]:
    return (
        ("ID", tuple(_without(*pair) for pair in _ID_ATTRIBUTES.items())),
        ("TypeCode", tuple(_without(*pair) for pair in _TYPE_CODE_ATTRIBUTES.items())),
        ("Amount", tuple(_without(*pair) for pair in _AMOUNT_ATTRIBUTES.items())),
        ("Quantity", tuple(_without(*pair) for pair in _QUANTITY_ATTRIBUTES.items())),
        ("BillingSpecifiedPeriod", tuple(_childless(*pair) for pair in _PERIOD_CHILDREN.items())),
        ("PostalTradeAddress", tuple(_childless(*pair) for pair in _ADDRESS_CHILDREN.items())),
        ("ReferencedDocument", (*(_childless(*pair) for pair in _REFERENCE_CHILDREN.items()), *_exceptions())),
        ("TradeTax", (_tax_is_vat(),)),
        ("DateTimeString", (Assertion("CII-DT-097", "a date of format 102 is YYYYMMDD", _is_day),)),
    )


def _without(rule: str, name: str) -> Assertion:
    return Assertion(rule, f"attribute {name} is not allowed here", lambda element: name not in element.attrib)


def _childless(rule: str, path: str) -> Assertion:
    return Assertion(rule, f"{path} is not allowed here", absent(path, NAMESPACES))


def _exceptions() -> Iterator[Assertion]:
    for rule, (child, allowed) in _REFERENCE_EXCEPTIONS.items():
        holds = true_of(f"not({child}) or ({allowed})", NAMESPACES)
        yield Assertion(rule, f"{child} is not allowed in this reference", holds)


def _tax_is_vat() -> Assertion:
    holds = true_of("not(ram:TypeCode) or ram:TypeCode = 'VAT'", NAMESPACES)
    return Assertion("CII-DT-037", "the type of a tax is VAT", holds)


def _billed_unit() -> Assertion:
    # The official rule asks for a unit on any billed quantity of the document, not on this one.
    holds = true_of(f"{_LINE}/ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode", NAMESPACES)
    return Assertion("CII-DT-033", "a unit stands on billed quantities", holds)


def _is_day(element: etree._Element) -> bool:
    return _DAY.fullmatch(text_of(element)) is not None
