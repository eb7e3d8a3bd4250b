"""Fatal syntax rules of EN 16931's CII binding (CII-SR), which the business rule engine leaves out.

BR-03 and BR-65 stand here too: the engine asks for less than the binding does.

Their several hundred warnings about terms outside the core change no verdict and are not repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from lxml import etree

from standards.invoices.cii import NAMESPACES
from standards.invoices.rules.assertion import Assertion, Select, at_most, breaches, exactly_one, select, true_of
from standards.invoices.rules.violation import Violation

_TRADE: Final = "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction"
_LINE: Final = f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem"
_AGREEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SETTLEMENT: Final = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_CONTEXT: Final = "/rsm:CrossIndustryInvoice/rsm:ExchangedDocumentContext"
_CHARACTERISTIC: Final = f"{_LINE}/ram:SpecifiedTradeProduct/ram:ApplicableProductCharacteristic"
_CHARGE: Final = "//ram:SpecifiedTradeAllowanceCharge"
_MEANS: Final = "ram:SpecifiedTradeSettlementPaymentMeans"
_NET_PRICE: Final = "ram:NetPriceProductTradePrice/ram:ChargeAmount"
_GUIDELINE: Final = "ram:GuidelineSpecifiedDocumentContextParameter"

# rule -> (context, counted, what there must be exactly one of)
_EXACTLY_ONE: Final = {
    "CII-SR-009": (_CONTEXT, _GUIDELINE, "guideline (BT-24)"),
    "CII-SR-010": (_CONTEXT, f"{_GUIDELINE}/ram:ID", "guideline identifier (BT-24)"),
    "CII-SR-014": ("/rsm:CrossIndustryInvoice/rsm:ExchangedDocument", "ram:TypeCode", "type code (BT-3)"),
    "CII-SR-069": (_CHARACTERISTIC, "ram:Description", "attribute name (BT-160)"),
    "CII-SR-072": (_CHARACTERISTIC, "ram:Value", "attribute value (BT-161)"),
    "CII-SR-439": (f"{_LINE}/ram:SpecifiedLineTradeAgreement", _NET_PRICE, "net price (BT-146)"),
}

# rule -> (context, counted, what there may be one of)
_AT_MOST_ONE: Final = {
    "CII-SR-440": (
        "//ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge",
        "ram:ActualAmount",
        "price discount (BT-147)",
    ),
    "CII-SR-441": (f"{_LINE}/ram:SpecifiedLineTradeAgreement", _NET_PRICE, "net price (BT-146)"),
    "CII-SR-455": (_AGREEMENT, "ram:SellerTradeParty/ram:DefinedTradeContact", "seller contact (BG-6)"),
    "CII-SR-456": (_AGREEMENT, "ram:BuyerTradeParty/ram:DefinedTradeContact", "buyer contact (BG-9)"),
    "CII-SR-459": (_AGREEMENT, "ram:SellerTradeParty/ram:URIUniversalCommunication", "seller address (BT-34)"),
    "CII-SR-460": (_AGREEMENT, "ram:BuyerTradeParty/ram:URIUniversalCommunication", "buyer address (BT-49)"),
    "CII-SR-461": (_SETTLEMENT, "ram:ApplicableTradeTax/ram:TaxPointDate", "VAT point date (BT-7)"),
    "CII-SR-469": (_SETTLEMENT, "ram:PaymentReference", "remittance information (BT-83)"),
    "CII-SR-471": (_CHARGE, "ram:CategoryTradeTax", "VAT category"),
    "CII-SR-472": (_CHARGE, "ram:RateApplicablePercent", "VAT rate"),
    "CII-SR-473": (_CHARGE, "ram:ActualAmount", "amount"),
}

# rule -> (context, what must be true, in words)
_TRUE: Final = {
    "BR-03": (
        "/rsm:CrossIndustryInvoice",
        "normalize-space(rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString[@format = '102']) != ''",
        "the issue date (BT-2) is stated in format 102 (YYYYMMDD)",
    ),
    "BR-65": (
        f"{_LINE}/ram:SpecifiedTradeProduct/ram:DesignatedProductClassification",
        "normalize-space(ram:ClassCode/@listID) != ''",
        "an item's classification (BT-158) has its code and that code's list",
    ),
    "CII-SR-046": (
        f"{_LINE}/ram:SpecifiedTradeProduct",
        "not(ram:GlobalID) or ram:GlobalID/@schemeID",
        "an item's standard identifier (BT-157) has a scheme",
    ),
    "CII-SR-090": (
        f"{_LINE}/ram:SpecifiedTradeProduct",
        "not(ram:OriginTradeCountry) or count(ram:OriginTradeCountry/ram:ID) = 1",
        "a country of origin has one code (BT-159)",
    ),
    "CII-SR-462": (
        _SETTLEMENT,
        "not(//ram:ApplicableTradeTax/ram:DueDateTypeCode != //ram:ApplicableTradeTax/ram:DueDateTypeCode)",
        "one VAT point date code (BT-8) holds for the whole document",
    ),
    "CII-SR-463": (_CHARGE, "ram:ChargeIndicator", "it is said whether it is an allowance or a charge"),
    "CII-SR-465": (
        f"{_AGREEMENT}/ram:SellerTradeParty/ram:DefinedTradeContact",
        "not(ram:PersonName and ram:DepartmentName)",
        "the seller's contact is a person or a department, not both",
    ),
    "CII-SR-466": (
        f"{_AGREEMENT}/ram:BuyerTradeParty/ram:DefinedTradeContact",
        "not(ram:PersonName and ram:DepartmentName)",
        "the buyer's contact is a person or a department, not both",
    ),
    "CII-SR-467": (
        "/rsm:CrossIndustryInvoice",
        f"not(//{_MEANS}/ram:TypeCode[normalize-space() != normalize-space((//{_MEANS}/ram:TypeCode)[1])])",
        "all payment means have the same code (BT-81)",
    ),
    "CII-SR-468": (
        "/rsm:CrossIndustryInvoice",
        f"not(//{_MEANS}/ram:Information[normalize-space() != normalize-space((//{_MEANS}/ram:Information)[1])])",
        "all payment means have the same text (BT-82)",
    ),
    "CII-SR-470": (
        f"{_SETTLEMENT}/{_MEANS}[normalize-space(ram:TypeCode) = '30' or normalize-space(ram:TypeCode) = '58']",
        "ram:PayeePartyCreditorFinancialAccount/ram:IBANID or ram:PayeePartyCreditorFinancialAccount/ram:ProprietaryID",
        "a credit transfer (30, 58) names the account to be paid (BT-84)",
    ),
}


def check(root: etree._Element) -> list[Violation]:
    """Return the fatal breaches of the syntax rules, each rule once."""
    found: list[Violation] = []
    for contexts, assertions in _assertions():
        found += breaches(contexts(root), assertions)
    return found


@cache
def _assertions() -> tuple[tuple[Select, tuple[Assertion, ...]], ...]:
    grouped: dict[str, list[Assertion]] = {}
    for context, assertion in _all():
        grouped.setdefault(context, []).append(assertion)
    return tuple((select(context, NAMESPACES), tuple(assertions)) for context, assertions in grouped.items())


def _all() -> Iterator[tuple[str, Assertion]]:
    for rule, (context, path, what) in _EXACTLY_ONE.items():
        yield context, Assertion(rule, f"exactly one {what} is needed", exactly_one(path, NAMESPACES))
    for rule, (context, path, what) in _AT_MOST_ONE.items():
        yield context, Assertion(rule, f"at most one {what} is allowed", at_most(1, path, NAMESPACES))
    for rule, (context, expression, demand) in _TRUE.items():
        yield context, Assertion(rule, demand, true_of(expression, NAMESPACES))
