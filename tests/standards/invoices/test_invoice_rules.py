# ruff: noqa: E501  (a change to a document reads best on one line)
from pathlib import Path

import pytest

from standards.invoices import InvoiceUnreadable
from standards.invoices.rules import FATAL, WARNING, check, is_valid

EDITED_LINE = '<cbc:LineExtensionAmount currencyID="EUR">100000.00<'
SUPPLIER_LEGAL = "<cac:PartyLegalEntity>\n        <cbc:RegistrationName>Acme"
AFTER_BUYER = "</cac:AccountingCustomerParty>"
REFERENCE = "<cac:AdditionalDocumentReference>{}</cac:AdditionalDocumentReference>"
BEFORE_SUPPLIER = "<cac:AccountingSupplierParty>"

# Every sample is valid by the official rule sets (CEN's UBL XSLT 1.3.16, the XSLT of Factur-X 1.09 for CII).
VALID_SAMPLES = [
    "Allowance-example.xml",
    "BIS_Billing_30-Factoring.xml",
    "CII_example1.xml",
    "CII_example2.xml",
    "CII_example3.xml",
    "Vat-category-S.xml",
    "base-creditnote-correction.xml",
    "base-example.xml",
    "base-negative-inv-correction.xml",
    "sales-order-example.xml",
    "ubl-tc434-example1.xml",
    "ubl-tc434-example2.xml",
    "ubl-tc434-example3.xml",
    "ubl-tc434-example4.xml",
    "ubl-tc434-example5.xml",
    "vat-category-E.xml",
    "vat-category-O.xml",
    "vat-category-Z.xml",
]


def fatal(data: bytes) -> set[str]:
    return {found.rule for found in check(data) if found.severity == FATAL}


def payee(inner: str) -> tuple[str, str]:
    return AFTER_BUYER, f"{AFTER_BUYER}<cac:PayeeParty>{inner}</cac:PayeeParty>"


@pytest.mark.parametrize("name", VALID_SAMPLES)
def test_official_samples_are_valid(samples: Path, name: str) -> None:
    assert fatal((samples / "invoices" / name).read_bytes()) == set()


def test_no_sample_is_left_out(samples: Path) -> None:
    assert sorted(path.name for path in (samples / "invoices").glob("*.xml")) == sorted(VALID_SAMPLES)


def test_the_example_is_valid_in_both_syntaxes(ubl: str, cii: str) -> None:
    assert check(ubl.encode()) == check(cii.encode()) == []


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        ({"BR-02"}, [("<cbc:ID>AS-2026-0042</cbc:ID>", "<cbc:ID></cbc:ID>")]),
        (
            {"BR-CO-10"},
            [('LineExtensionAmount currencyID="EUR">36000.00', 'LineExtensionAmount currencyID="EUR">36000.01')],
        ),
        ({"BR-CO-16"}, [('PayableAmount currencyID="EUR">100000.00', 'PayableAmount currencyID="EUR">99999.99')]),
        ({"BR-IC-11"}, [("<cbc:StartDate>2026-05-01</cbc:StartDate>\n    <cbc:EndDate>2026-05-31</cbc:EndDate>", "")]),
        ({"BR-CO-09"}, [("DE999999903", "999999903")]),
        ({"BR-CL-04"}, [("DocumentCurrencyCode>EUR", "DocumentCurrencyCode>EUX")]),
        ({"BR-CL-23"}, [('unitCode="C62">500', 'unitCode="pieces">500')]),
    ],
)
def test_business_rules_fire_under_their_official_ids(ubl: str, edited, rules: set[str], changes: list) -> None:
    assert fatal(edited(ubl, *changes)) >= rules


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("PEPPOL-EN16931-R001", "<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>", ""),
        ("PEPPOL-EN16931-R003", "<cbc:ID>PO-2026-0815</cbc:ID>", ""),
        ("PEPPOL-EN16931-R020", '<cbc:EndpointID schemeID="0199">999900ACMESUPPLIES58</cbc:EndpointID>', ""),
    ],
)
def test_a_peppol_invoice_answers_to_peppols_rules(ubl: str, edited, rule: str, old: str, new: str) -> None:
    ubl = ubl.replace("<cbc:BuyerReference>BR-PURCHASING-7</cbc:BuyerReference>", "")

    assert rule in fatal(edited(ubl, (old, new)))
    plain = ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:cen.eu:en16931:2017")
    assert rule not in fatal(edited(ubl, plain, (old, new)))


def test_an_xrechnung_answers_to_the_german_rules(ubl: str, edited) -> None:
    german = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    changes = [("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", german)]

    assert fatal(edited(ubl, *changes)) == set()
    assert "BR-DE-15" in fatal(edited(ubl, *changes, ("<cbc:BuyerReference>BR-PURCHASING-7</cbc:BuyerReference>", "")))


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("UBL-SR-03", ("<cac:DespatchDocumentReference>", "<cac:DespatchDocumentReference><cbc:ID>X</cbc:ID></cac:DespatchDocumentReference><cac:DespatchDocumentReference>")),
        ("UBL-SR-05", ("<cbc:Note>60 days net</cbc:Note>", "<cbc:Note>60 days net</cbc:Note><cbc:Note>thank you</cbc:Note>")),
        ("UBL-SR-24", ("<cac:Delivery>", "<cac:Delivery><cbc:ActualDeliveryDate>2026-05-28</cbc:ActualDeliveryDate></cac:Delivery><cac:Delivery>")),
        ("UBL-SR-12", ("<cac:PartyLegalEntity>", "<cac:PartyTaxScheme><cbc:CompanyID>DE1</cbc:CompanyID><cac:TaxScheme><cbc:ID>vat</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>")),
        ("UBL-SR-42", ("<cac:PartyLegalEntity>", "<cac:PartyTaxScheme><cbc:CompanyID>1</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>" * 2 + "<cac:PartyLegalEntity>")),
        ("UBL-SR-53", ("<cbc:CompanyID>SE556999000401</cbc:CompanyID>", "")),
        ("UBL-SR-48", ("</cac:ClassifiedTaxCategory>", "</cac:ClassifiedTaxCategory><cac:ClassifiedTaxCategory><cbc:ID>K</cbc:ID><cbc:Percent>0</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>")),
        ("UBL-SR-34", ("<cbc:ID>1</cbc:ID>\n    <cbc:Invoiced", "<cbc:ID>1</cbc:ID><cbc:Note>a</cbc:Note><cbc:Note>b</cbc:Note>\n    <cbc:Invoiced")),
        ("UBL-SR-43", (BEFORE_SUPPLIER, REFERENCE.format("<cbc:ID>A1</cbc:ID><cbc:DocumentTypeCode>916</cbc:DocumentTypeCode>") + BEFORE_SUPPLIER)),
        ("UBL-SR-07", ("<cac:DespatchDocumentReference>", "<cac:BillingReference/><cac:DespatchDocumentReference>")),
        ("UBL-SR-19", payee("<cac:PartyName><cbc:Name>Acme Supplies GmbH</cbc:Name></cac:PartyName>")),
        ("UBL-SR-20", payee('<cac:PartyIdentification><cbc:ID>1</cbc:ID></cac:PartyIdentification><cac:PartyIdentification><cbc:ID>2</cbc:ID></cac:PartyIdentification><cac:PartyName><cbc:Name>Factor</cbc:Name></cac:PartyName>')),
        ("UBL-SR-51", ("<cbc:PostalZone>20457</cbc:PostalZone>", "<cbc:PostalZone>20457</cbc:PostalZone><cac:AddressLine><cbc:Line>a</cbc:Line></cac:AddressLine><cac:AddressLine><cbc:Line>b</cbc:Line></cac:AddressLine>")),
        ("UBL-SR-44", ("</cac:PaymentMeans>", "</cac:PaymentMeans><cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode><cbc:PaymentID>OTHER</cbc:PaymentID><cac:PayeeFinancialAccount><cbc:ID>X</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>")),
        ("UBL-SR-47", ("</cac:PaymentMeans>", "</cac:PaymentMeans><cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>X</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>")),
        ("UBL-DT-01", (EDITED_LINE, EDITED_LINE[:-1] + "0<")),
        ("UBL-DT-06", (BEFORE_SUPPLIER, REFERENCE.format("<cbc:ID>A1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject filename='a.pdf'>AA==</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>") + BEFORE_SUPPLIER)),
        ("UBL-DT-07", (BEFORE_SUPPLIER, REFERENCE.format("<cbc:ID>A1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode='application/pdf'>AA==</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>") + BEFORE_SUPPLIER)),
        ("UBL-XSD", ("<cbc:DueDate>2026-07-03</cbc:DueDate>\n  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DueDate>2026-07-03</cbc:DueDate>")),
    ],
)  # fmt: skip
def test_ubl_syntax_rules_fire_under_their_official_ids(ubl: str, edited, rule: str, change: tuple[str, str]) -> None:
    assert rule in fatal(edited(ubl, change))


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("CII-SR-439", ("<ram:ChargeAmount>80.00</ram:ChargeAmount>", "")),
        ("CII-SR-459", ("<ram:URIUniversalCommunication>", '<ram:URIUniversalCommunication><ram:URIID schemeID="0088">4012345000016</ram:URIID></ram:URIUniversalCommunication><ram:URIUniversalCommunication>')),
        ("CII-SR-465", ("<ram:PersonName>Receivables desk</ram:PersonName>", "<ram:PersonName>Receivables desk</ram:PersonName><ram:DepartmentName>Finance</ram:DepartmentName>")),
        ("CII-SR-470", ("<ram:IBANID>DE10999999990004711815</ram:IBANID>", "")),
        ("CII-SR-467", ("</ram:SpecifiedTradeSettlementPaymentMeans>", "</ram:SpecifiedTradeSettlementPaymentMeans><ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>10</ram:TypeCode></ram:SpecifiedTradeSettlementPaymentMeans>")),
        ("CII-SR-046", ('<ram:GlobalID schemeID="0160">', "<ram:GlobalID>")),
        ("CII-SR-090", ("<ram:Name>Storm lantern</ram:Name>", "<ram:Name>Storm lantern</ram:Name><ram:OriginTradeCountry/>")),
        ("CII-SR-072", ("<ram:Name>Storm lantern</ram:Name>", "<ram:Name>Storm lantern</ram:Name><ram:ApplicableProductCharacteristic><ram:Description>Colour</ram:Description></ram:ApplicableProductCharacteristic>")),
        ("CII-SR-014", ("<ram:TypeCode>380</ram:TypeCode>", "")),
        ("CII-DT-001", ("<ram:ID>AS-2026-0042", '<ram:ID schemeName="x">AS-2026-0042')),
        ("CII-DT-101", ('<ram:ID schemeID="VA">', '<ram:ID schemeID="VA" schemeName="x">')),
        ("CII-DT-008", ("<ram:TypeCode>380", '<ram:TypeCode name="x">380')),
        ("CII-DT-013", ("<rsm:CrossIndustryInvoice ", '<rsm:CrossIndustryInvoice languageID="de" ')),
        ("CII-DT-018", ("<ram:IssuerAssignedID>PO-2026-0815</ram:IssuerAssignedID>", "<ram:IssuerAssignedID>PO-2026-0815</ram:IssuerAssignedID><ram:TypeCode>220</ram:TypeCode>")),
        ("CII-DT-031", ("<ram:DuePayableAmount>", '<ram:DuePayableAmount currencyID="EUR">')),
        ("CII-DT-034", ('unitCode="C62">500', 'unitCode="C62" unitCodeListID="6">500')),
        ("CII-DT-037", ("<ram:TypeCode>VAT</ram:TypeCode>", "<ram:TypeCode>GST</ram:TypeCode>")),
        ("CII-DT-071", ("<ram:BillingSpecifiedPeriod>", "<ram:BillingSpecifiedPeriod><ram:Description>May</ram:Description>")),
        ("CII-DT-088", ("<ram:LineOne>Speicherweg 12</ram:LineOne>", "<ram:LineOne>Speicherweg 12</ram:LineOne><ram:StreetName>x</ram:StreetName>")),
        ("CII-DT-097", ('format="102">20260703', 'format="102">2026-07-03')),
        ("BR-03", ('format="102">20260504', 'format="610">20260504')),
        ("BR-03", ('<udt:DateTimeString format="102">20260504', "<udt:DateTimeString>20260504")),
        ("BR-65", ("<ram:Name>Storm lantern</ram:Name>", "<ram:Name>Storm lantern</ram:Name><ram:DesignatedProductClassification><ram:ClassName>Lamps</ram:ClassName></ram:DesignatedProductClassification>")),
        ("BR-65", ("<ram:Name>Storm lantern</ram:Name>", '<ram:Name>Storm lantern</ram:Name><ram:DesignatedProductClassification><ram:ClassCode>94</ram:ClassCode></ram:DesignatedProductClassification>')),
        ("CII-XSD", ("<ram:CityName>Hamburg</ram:CityName>\n          <ram:CountryID>DE</ram:CountryID>", "<ram:CountryID>DE</ram:CountryID><ram:CityName>Hamburg</ram:CityName>")),
        ("BR-CO-16", ("<ram:DuePayableAmount>100000.00", "<ram:DuePayableAmount>99000.00")),
    ],
)  # fmt: skip
def test_cii_syntax_rules_fire_under_their_official_ids(cii: str, edited, rule: str, change: tuple[str, str]) -> None:
    assert rule in fatal(edited(cii, change))


@pytest.mark.parametrize(
    "amount",
    [
        "<cbc:PayableAmount {}>",
        "<cbc:LineExtensionAmount {}>36000.00",
        "<cbc:PriceAmount {}>",
        "<cbc:TaxableAmount {}>",
    ],
)
def test_a_peppol_invoice_has_one_currency(ubl: str, edited, amount: str) -> None:
    data = edited(ubl, (amount.format('currencyID="EUR"'), amount.format('currencyID="USD"')))

    assert "PEPPOL-EN16931-R051" in fatal(data)


def test_only_the_vat_total_may_be_in_accounting_currency(ubl: str, edited) -> None:
    currency = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
    total = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">0.00</cbc:TaxAmount></cac:TaxTotal>'
    changes = (
        (currency, f"{currency}<cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode>"),
        ("<cac:LegalMon", f"{total}<cac:LegalMon"),
    )
    broken_down = ('<cbc:TaxAmount currencyID="EUR">', '<cbc:TaxAmount currencyID="SEK">')

    assert fatal(edited(ubl, *changes)) == set()
    assert "PEPPOL-EN16931-R051" in fatal(edited(ubl, *changes, broken_down))


def test_one_currency_is_peppols_rule_alone(ubl: str, edited) -> None:
    plain = ("#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "")
    foreign = ('PayableAmount currencyID="EUR"', 'PayableAmount currencyID="USD"')

    assert "PEPPOL-EN16931-R051" not in fatal(edited(ubl, plain, foreign))


def test_a_classification_with_its_list_is_valid(cii: str, edited) -> None:
    name = "<ram:Name>Storm lantern</ram:Name>"
    code = '<ram:ClassCode listID="HS">94</ram:ClassCode>'
    product = f"{name}<ram:DesignatedProductClassification>{code}</ram:DesignatedProductClassification>"

    assert fatal(edited(cii, (name, product))) == set()


def test_needless_attributes_are_warnings_only(ubl: str, edited) -> None:
    found = check(edited(ubl, ("<cbc:BuyerReference>", '<cbc:BuyerReference languageID="en">')))

    assert [(violation.rule, violation.severity) for violation in found] == [("UBL-DT-19", WARNING)]
    assert is_valid(found)


def test_a_minimum_profile_is_not_blamed_for_what_the_engine_invents(cii: str) -> None:
    start, end = cii.index("    <ram:IncludedSupply"), cii.rindex("</ram:IncludedSupplyChainTradeLineItem>")
    lineless = cii[:start] + cii[end + len("</ram:IncludedSupplyChainTradeLineItem>") :]
    tax = lineless[lineless.index("<ram:ApplicableTradeTax>") : lineless.index("</ram:ApplicableTradeTax>")]
    lineless = lineless.replace(tax + "</ram:ApplicableTradeTax>", "")
    minimum = lineless.replace("<ram:ID>urn:cen.eu:en16931:2017<", "<ram:ID>urn:factur-x.eu:1p0:minimum<")

    rules = fatal(minimum.encode())

    assert "BR-16" in rules
    assert "BR-CO-18" not in rules


def test_a_breach_names_its_line(ubl: str, edited) -> None:
    found = check(edited(ubl, ("<cbc:CompanyID>SE556999000401</cbc:CompanyID>", "")))

    assert "a tax registration has its scheme and its number (line 76)" in {violation.message for violation in found}


def test_each_rule_is_reported_once(ubl: str, edited) -> None:
    rules = [found.rule for found in check(edited(ubl, *[('unitCode="C62">', 'unitCode="ZZZZ">')] * 3))]

    assert len(rules) == len(set(rules))


def test_what_is_no_invoice_is_refused_before_any_rule() -> None:
    with pytest.raises(InvoiceUnreadable):
        check(b"<nothing/>")


@pytest.mark.parametrize("amount", ["NaN", "1e999999999", "9" * 100_000, "-", "\u0661\u0662"])
def test_amounts_that_are_no_amounts_are_fatal_and_crash_nothing(ubl: str, cii: str, amount: str) -> None:
    for text in (ubl, cii):
        assert fatal(text.replace("100000.00", amount).encode())


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "Shift_JIS"])
def test_the_rules_read_every_encoding_that_we_read(ubl: str, edited, encoding: str) -> None:
    plain = ubl.translate(str.maketrans("äö", "ao"))

    assert check(edited(plain, ('"UTF-8"', f'"{encoding}"')).decode().encode(encoding)) == []
