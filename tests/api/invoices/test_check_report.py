import json
from pathlib import Path

import pytest

from api.invoices.check import EVALUATION_KEY, InvoiceReport, check_file, check_invoice
from chain_node.references import NetworkKey

TRADES = Path(__file__).parents[3] / "examples"
SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "invoices"

# file -> the words that a reason against financing must hold; None where the invoice can be financed
VERDICTS = {
    "Allowance-example.xml": "paid in advance",
    "BIS_Billing_30-Factoring.xml": "payable to Likviditet o. Finans AB",
    "CII_example1.xml": None,
    "CII_example2.xml": "payable to Ebeneser Scrooge AS",
    "CII_example3.xml": None,
    "Vat-category-S.xml": None,
    "base-creditnote-correction.xml": "a credit note claims nothing",
    "base-example.xml": None,
    "base-negative-inv-correction.xml": "the amount due is -1656.25 EUR",
    "sales-order-example.xml": None,
    "ubl-tc434-example1.xml": None,
    "ubl-tc434-example2.xml": "paid in advance",
    "ubl-tc434-example3.xml": None,
    "ubl-tc434-example4.xml": None,
    "ubl-tc434-example5.xml": "payable to Dagobert Duck",
    "vat-category-E.xml": None,
    "vat-category-O.xml": None,
    "vat-category-Z.xml": None,
}


@pytest.fixture(scope="module")
def ubl() -> bytes:
    return (TRADES / "trade" / "invoice.ubl.xml").read_bytes()


@pytest.fixture(params=sorted(VERDICTS))
def sample(request: pytest.FixtureRequest) -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the official samples (../shared/data) are not beside this checkout")
    return SAMPLES / request.param


def test_official_samples_are_valid_and_financeable_or_not(sample: Path) -> None:
    report = check_file(sample)
    reason = VERDICTS[sample.name]

    assert report.valid
    assert report.financeable == (reason is None)
    assert reason is None or any(reason in refusal for refusal in report.refusals)


@pytest.mark.parametrize("name", ["trade/invoice.ubl.xml", "trade/invoice.cii.xml", "trade-usd/invoice.cii.xml"])
def test_the_examples_can_be_financed(name: str) -> None:
    report = check_file(TRADES / name)

    assert (report.valid, report.financeable, report.refusals, report.violations) == (True, True, (), ())


def test_twins_have_one_fingerprint() -> None:
    by_ubl, by_cii = (check_file(TRADES / "trade" / f"invoice.{syntax}.xml") for syntax in ("ubl", "cii"))

    assert by_ubl.fingerprint == by_cii.fingerprint is not None
    assert (by_ubl.syntax, by_cii.syntax) == ("UBL", "CII")


def test_the_key_keeps_fingerprints_of_networks_apart(ubl: bytes) -> None:
    assert check_invoice(ubl).fingerprint == check_invoice(ubl, EVALUATION_KEY).fingerprint
    assert check_invoice(ubl).fingerprint != check_invoice(ubl, NetworkKey(bytes(32))).fingerprint


def test_the_record_holds_what_the_command_promises(ubl: bytes) -> None:
    record = check_invoice(ubl, file="a.xml").as_json()

    assert list(record) == [
        "file", "syntax", "valid", "violations", "financeable", "refusals", "terms", "fingerprint",
    ]  # fmt: skip
    assert json.loads(json.dumps(record)) == record
    assert record["terms"]["payable"] == {"amount": "10000000", "currency": "EUR"}
    assert len(record["fingerprint"]) == 66


def test_an_invalid_invoice_cannot_be_financed_and_says_by_which_rules(ubl: bytes) -> None:
    total = b'<cbc:PayableAmount currencyID="EUR">'
    report = check_invoice(ubl.replace(total + b"100000.00", total + b"100001.00"))

    assert (report.valid, report.financeable) == (False, False)
    assert report.refusals == ("not valid by the rules: BR-CO-16",)
    assert [found["rule"] for found in report.as_json()["violations"]] == ["BR-CO-16"]


def test_an_incomplete_invoice_is_judged_but_has_no_terms(ubl: bytes) -> None:
    report = check_invoice(ubl.replace(b"<cbc:IssueDate>2026-05-04</cbc:IssueDate>", b""))

    assert (report.readable, report.syntax, report.invoice, report.fingerprint) == (True, "UBL", None, None)
    assert "BR-03" in {found.rule for found in report.violations}
    assert report.as_json()["terms"] == {}
    assert "issue date (BT-2): cbc:IssueDate is missing or empty" in report.refusals


def test_an_unknown_seller_has_no_fingerprint(ubl: bytes) -> None:
    text = ubl.decode()
    start, end = text.index("<cac:AccountingSupplierParty>"), text.index("</cac:AccountingSupplierParty>")
    seller = text[start:end]
    for identifier in ("HRB 990042", "DE999999903", "4012345000016", "999900ACMESUPPLIES58"):
        seller = seller.replace(identifier, "")

    report = check_invoice((text[:start] + seller + text[end:]).encode())

    assert report.fingerprint is None
    assert any("to be known by" in reason for reason in report.refusals)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "PORTOLAN-NOT-XML"),
        (b"not xml", "PORTOLAN-NOT-XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "PORTOLAN-NOT-XML"),
        (b"<html/>", "PORTOLAN-NOT-AN-INVOICE"),
        (b"%PDF-1.7 nothing", "PORTOLAN-PDF-UNREADABLE"),
    ],
)
def test_what_is_no_invoice_is_reported_not_raised(data: bytes, rule: str) -> None:
    report = check_invoice(data)

    assert (report.readable, report.valid, report.financeable) == (False, False, False)
    assert [found.rule for found in report.violations] == [rule]


@pytest.mark.parametrize("name", ["missing.xml", "."])
def test_a_file_that_cannot_be_read_is_reported_not_raised(tmp_path: Path, name: str) -> None:
    report: InvoiceReport = check_file(tmp_path / name)

    assert [found.rule for found in report.violations] == ["PORTOLAN-FILE-UNREADABLE"]
    assert report.as_json()["syntax"] is None
