"""Syntax rules of EN 16931's UBL binding (UBL-SR, UBL-DT), which the business rule engine leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from lxml import etree

from standards.invoices.rules.assertion import Assertion, absent, at_most, breaches, exactly_one, text_of, true_of
from standards.invoices.rules.violation import FATAL, WARNING, Violation
from standards.invoices.ubl import NAMESPACES

_SUPPLIER: Final = "cac:AccountingSupplierParty/cac:Party"
_CUSTOMER: Final = "cac:AccountingCustomerParty/cac:Party"
_VAT: Final = "translate(cac:TaxScheme/cbc:ID, 'vat', 'VAT') = 'VAT'"
_IS_SEPA: Final = "translate(@schemeID, 'sepa', 'SEPA') = 'SEPA'"

# What the document may name once at most
_ONCE: Final = {
    "UBL-SR-01": ("cac:ContractDocumentReference/cbc:ID", "contract reference (BT-12)"),
    "UBL-SR-02": ("cac:ReceiptDocumentReference/cbc:ID", "receiving advice reference (BT-15)"),
    "UBL-SR-03": ("cac:DespatchDocumentReference/cbc:ID", "despatch advice reference (BT-16)"),
    "UBL-SR-04": ("cac:AdditionalDocumentReference[cbc:DocumentTypeCode='130']/cbc:ID", "invoiced object (BT-18)"),
    "UBL-SR-05": ("cac:PaymentTerms/cbc:Note", "text of payment terms (BT-20)"),
    "UBL-SR-08": ("cac:InvoicePeriod", "invoicing period (BG-14)"),
    "UBL-SR-09": (f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName", "seller name (BT-27)"),
    "UBL-SR-10": (f"{_SUPPLIER}/cac:PartyName/cbc:Name", "seller trading name (BT-28)"),
    "UBL-SR-11": (f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyID", "seller legal registration (BT-30)"),
    "UBL-SR-12": (f"{_SUPPLIER}/cac:PartyTaxScheme[{_VAT}]/cbc:CompanyID", "seller VAT number (BT-31)"),
    "UBL-SR-13": (
        f"{_SUPPLIER}/cac:PartyTaxScheme[cac:TaxScheme and not({_VAT})]/cbc:CompanyID",
        "seller tax registration (BT-32)",
    ),
    "UBL-SR-14": (f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyLegalForm", "seller legal form (BT-33)"),
    "UBL-SR-15": (f"{_CUSTOMER}/cac:PartyLegalEntity/cbc:RegistrationName", "buyer name (BT-44)"),
    "UBL-SR-16": (f"{_CUSTOMER}/cac:PartyIdentification/cbc:ID", "buyer identifier (BT-46)"),
    "UBL-SR-17": (f"{_CUSTOMER}/cac:PartyLegalEntity/cbc:CompanyID", "buyer legal registration (BT-47)"),
    "UBL-SR-18": (f"{_CUSTOMER}/cac:PartyTaxScheme[{_VAT}]/cbc:CompanyID", "buyer VAT number (BT-48)"),
    "UBL-SR-24": ("cac:Delivery", "delivery (BG-13)"),
    "UBL-SR-29": (f"//cac:PartyIdentification/cbc:ID[{_IS_SEPA}]", "creditor identifier of the bank (BT-90)"),
    "UBL-SR-39": ("cac:ProjectReference/cbc:ID", "project reference (BT-11)"),
    "UBL-SR-40": (f"{_CUSTOMER}/cac:PartyName/cbc:Name", "buyer trading name (BT-45)"),
    "UBL-SR-45": ("cac:PaymentMeans/cbc:PaymentDueDate", "due date (BT-9)"),
    "UBL-SR-46": ("cac:PaymentMeans/cbc:PaymentMeansCode/@name", "text of payment means (BT-82)"),
    "UBL-SR-49": ("cac:InvoicePeriod/cbc:DescriptionCode", "VAT point date code (BT-8)"),
    "UBL-SR-54": ("cac:PaymentMeans/cac:CardAccount", "payment card (BG-18)"),
    "UBL-SR-55": ("cac:PaymentMeans/cac:PaymentMandate", "direct debit mandate (BG-19)"),
    "UBL-SR-56": ("cac:OriginatorDocumentReference/cbc:ID", "tender reference (BT-17)"),
}

# Of which all mentions in the document must say the same
_ONE_TEXT: Final = {
    "UBL-SR-44": ("cbc:PaymentID", "remittance information (BT-83)"),
    "UBL-SR-47": ("cbc:PaymentMeansCode", "payment means code (BT-81)"),
}

# What an element of the given kind may name once at most, wherever it stands
_ONCE_IN: Final = {
    "UBL-SR-06": ("cac:BillingReference", "cac:InvoiceDocumentReference", "preceding invoice (BG-3)"),
    "UBL-SR-22": ("cac:TaxRepresentativeParty", "cac:PartyName/cbc:Name", "tax representative name (BT-62)"),
    "UBL-SR-23": ("cac:TaxRepresentativeParty", "cac:PartyTaxScheme/cbc:CompanyID", "tax representative VAT (BT-63)"),
    "UBL-SR-25": ("cac:Delivery", "cac:DeliveryParty/cac:PartyName/cbc:Name", "deliver-to name (BT-70)"),
    "UBL-SR-26": ("cac:PaymentMeans", "cbc:PaymentID", "remittance information (BT-83)"),
    "UBL-SR-27": ("cac:PaymentMeans", "cbc:PaymentMeansCode", "payment means code (BT-81)"),
    "UBL-SR-28": ("cac:PaymentMeans", "cac:PaymentMandate/cbc:ID", "mandate reference (BT-89)"),
    "UBL-SR-32": ("cac:TaxSubtotal", "cac:TaxCategory/cbc:TaxExemptionReason", "VAT exemption reason (BT-120)"),
    "UBL-SR-33": ("cac:AdditionalDocumentReference", "cbc:DocumentDescription", "document description (BT-123)"),
}

_ONCE_IN_LINE: Final = {
    "UBL-SR-34": ("cbc:Note", "line note (BT-127)"),
    "UBL-SR-35": ("cac:OrderLineReference/cbc:LineID", "order line reference (BT-132)"),
    "UBL-SR-36": ("cac:InvoicePeriod", "line period (BG-26)"),
    "UBL-SR-37": ("cac:Price/cac:AllowanceCharge/cbc:Amount", "price discount (BT-147)"),
    "UBL-SR-50": ("cac:Item/cbc:Description", "item description (BT-154)"),
    "UBL-SR-52": ("cac:DocumentReference", "line object (BT-128)"),
}

# Attributes that the core gives no meaning to
_ATTRIBUTES: Final = {
    "UBL-DT-08": "schemeName",
    "UBL-DT-09": "schemeAgencyName",
    "UBL-DT-10": "schemeDataURI",
    "UBL-DT-11": "schemeURI",
    "UBL-DT-12": "format",
    "UBL-DT-13": "unitCodeListIdentifier",
    "UBL-DT-14": "unitCodeListAgencyIdentifier",
    "UBL-DT-15": "unitCodeListAgencyName",
    "UBL-DT-16": "listAgencyName",
    "UBL-DT-17": "listName",
    "UBL-DT-19": "languageID",
    "UBL-DT-20": "listURI",
    "UBL-DT-21": "listSchemeURI",
    "UBL-DT-22": "languageLocaleID",
    "UBL-DT-23": "uri",
    "UBL-DT-24": "currencyCodeListVersionID",
    "UBL-DT-25": "characterSetCode",
    "UBL-DT-26": "encodingCode",
    "UBL-DT-27": "schemeAgencyID",
    "UBL-DT-28": "listAgencyID",
}

_PAYEE_IS_ANOTHER: Final = (
    "cac:PartyName/cbc:Name != ../cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
)


def check(root: etree._Element) -> list[Violation]:
    """Return the breaches of the syntax rules, each rule once."""
    found: list[Violation] = []
    for path, assertions in _assertions():
        found += breaches(_select(root, path), assertions)
    for rule, (name, what) in _ONE_TEXT.items():
        if len({text_of(element) for element in _select(root, name)}) > 1:
            found.append(Violation(rule, FATAL, f"all mentions of the {what} must say the same"))
    return found + _attributes(root)


def _select(root: etree._Element, path: str) -> Iterator[etree._Element]:
    if not path:
        return iter([root])
    *parents, name = path.split("/")
    prefix, local = name.split(":")
    named = root.iter(f"{{{NAMESPACES[prefix]}}}{local}")
    if not parents:
        return named
    parent_prefix, parent_local = parents[-1].split(":")
    parent_tag = f"{{{NAMESPACES[parent_prefix]}}}{parent_local}"
    return (element for element in named if (above := element.getparent()) is not None and above.tag == parent_tag)


@cache
def _assertions() -> tuple[tuple[str, tuple[Assertion, ...]], ...]:
    """Contexts (element name, with its parent's where that matters; empty for the document) and their assertions."""
    grouped: dict[str, list[Assertion]] = {"": [_once(rule, path, what) for rule, (path, what) in _ONCE.items()]}
    for rule, (context, path, what) in _ONCE_IN.items():
        grouped.setdefault(context, []).append(_once(rule, path, what))
    for context in ("cac:InvoiceLine", "cac:CreditNoteLine"):
        grouped[context] = [_once(rule, path, what) for rule, (path, what) in _ONCE_IN_LINE.items()]
        category = exactly_one("cac:Item/cac:ClassifiedTaxCategory", NAMESPACES)
        grouped[context].append(Assertion("UBL-SR-48", "a line has exactly one VAT category (BG-30)", category))
    for context, assertion in _others():
        grouped.setdefault(context, []).append(assertion)
    return tuple((context, tuple(assertions)) for context, assertions in grouped.items())


def _once(rule: str, path: str, what: str) -> Assertion:
    return Assertion(rule, f"at most one {what} is allowed", at_most(1, path, NAMESPACES))


def _others() -> Iterator[tuple[str, Assertion]]:
    def needs(context: str, rule: str, demand: str, expression: str) -> tuple[str, Assertion]:
        return context, Assertion(rule, demand, true_of(expression, NAMESPACES))

    yield needs(
        "cac:BillingReference",
        "UBL-SR-07",
        "a preceding invoice has its number (BT-25)",
        "cac:InvoiceDocumentReference/cbc:ID",
    )
    another = "the payee (BG-10) is named, and not as the seller"
    yield needs(
        "cac:PayeeParty",
        "UBL-SR-19",
        f"{another}; one name",
        f"count(cac:PartyName/cbc:Name) <= 1 and {_PAYEE_IS_ANOTHER}",
    )
    yield needs(
        "cac:PayeeParty",
        "UBL-SR-20",
        f"{another}; one identifier",
        f"count(cac:PartyIdentification/cbc:ID[not({_IS_SEPA})]) <= 1 and {_PAYEE_IS_ANOTHER}",
    )
    yield needs(
        "cac:PayeeParty",
        "UBL-SR-21",
        f"{another}; one legal registration",
        f"count(cac:PartyLegalEntity/cbc:CompanyID) <= 1 and {_PAYEE_IS_ANOTHER}",
    )
    for rule, kinds, what in (("UBL-SR-30", "'false' or '0'", "allowance"), ("UBL-SR-31", "'true' or '1'", "charge")):
        one, other = kinds.split(" or ")
        yield needs(
            "cac:AllowanceCharge",
            rule,
            f"a {what} has at most one reason",
            f"not(normalize-space(cbc:ChargeIndicator) = {one} or normalize-space(cbc:ChargeIndicator) = {other})"
            " or count(cbc:AllowanceChargeReason) <= 1",
        )
    yield needs(
        "cac:AccountingSupplierParty/cac:Party",
        "UBL-SR-42",
        "the seller has at most two tax registrations",
        "count(cac:PartyTaxScheme) <= 2",
    )
    yield needs(
        "cac:AdditionalDocumentReference",
        "UBL-SR-43",
        "scheme and type code belong to an invoiced object (130) or, in a credit note, to a project (50)",
        "cbc:DocumentTypeCode = '130' or (local-name(/*) = 'CreditNote' and cbc:DocumentTypeCode = '50')"
        " or not(cbc:ID/@schemeID or cbc:DocumentTypeCode)",
    )
    for address in ("cac:PostalAddress", "cac:Address"):
        yield needs(address, "UBL-SR-51", "an address has at most one further line", "count(cac:AddressLine) <= 1")
    yield needs(
        "cac:PartyTaxScheme",
        "UBL-SR-53",
        "a tax registration has its scheme and its number",
        "cac:TaxScheme/cbc:ID and cbc:CompanyID",
    )


def _attributes(root: etree._Element) -> list[Violation]:
    found = breaches(_amounts(root), [Assertion("UBL-DT-01", "an amount has at most two decimals", _two_decimals)])
    files = [element for element in root.iter("{*}*") if str(element.tag).endswith("BinaryObject")]
    found += breaches(files, [_has("UBL-DT-06", "mimeCode"), _has("UBL-DT-07", "filename")])
    used = {name for element in root.iter() for name in element.attrib}
    for rule, name in _ATTRIBUTES.items():
        if name in used:
            found.append(Violation(rule, WARNING, f"attribute {name} should not be used"))
    named = absent("//@name[not(parent::cbc:PaymentMeansCode)]", NAMESPACES)
    name_rule = Assertion("UBL-DT-18", "attribute name should be used on payment means only", named, WARNING)
    return found + breaches([root], [name_rule])


def _amounts(root: etree._Element) -> Iterator[etree._Element]:
    price_discount = [f"{{{NAMESPACES['cac']}}}{name}" for name in ("AllowanceCharge", "Price")]
    for element in root.iter("{*}*"):
        tag = str(element.tag)
        if not tag.endswith("Amount") or tag.endswith("PriceAmount"):
            continue
        above = [ancestor.tag for ancestor in element.iterancestors()]
        if not any(above[index : index + 2] == price_discount for index in range(len(above))):
            yield element


def _two_decimals(element: etree._Element) -> bool:
    return len(text_of(element).partition(".")[2]) <= 2


def _has(rule: str, name: str) -> Assertion:
    return Assertion(rule, f"an attached file has its {name}", lambda element: name in element.attrib)
