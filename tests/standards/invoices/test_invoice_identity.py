import unicodedata
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoice_factory import an_invoice

from standards.invoices import Invoice, Party, parse_invoice
from standards.invoices.identity import normalised_identifier, normalised_number, normalised_vat, type_class

NUMBERS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/.ÄÖß", min_size=1, max_size=20)
BLANKS = st.sampled_from([" ", "\t", "\u00a0", "\u2009", "\u200b", "\ufeff"])


def numbered(number: str) -> Invoice:
    return replace(an_invoice(), number=number)


@given(NUMBERS)
def test_case_does_not_change_the_identity(number: str) -> None:
    assert numbered(number.lower()).identity() == numbered(number.upper()).identity() == numbered(number).identity()


@given(NUMBERS, BLANKS, st.integers(min_value=0, max_value=20))
def test_blanks_do_not_change_the_identity(number: str, blank: str, place: int) -> None:
    spaced = number[:place] + blank + number[place:]

    assert numbered(spaced).identity() == numbered(number).identity()


@given(st.text(alphabet="AB-/", max_size=6), st.integers(min_value=0, max_value=10**9), st.integers(0, 6))
def test_zero_padding_does_not_change_the_identity(prefix: str, count: int, zeros: int) -> None:
    assert numbered(f"{prefix}{'0' * zeros}{count}").identity() == numbered(f"{prefix}{count}").identity()


@given(st.text(max_size=20))
def test_compatible_forms_of_unicode_do_not_change_the_identity(number: str) -> None:
    assert normalised_number(unicodedata.normalize("NFKC", number)) == normalised_number(number)
    assert normalised_number(unicodedata.normalize("NFD", number)) == normalised_number(number)


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing(number: str) -> None:
    assert normalised_number(normalised_number(number)) == normalised_number(number)
    assert normalised_identifier(normalised_identifier(number)) == normalised_identifier(number)


@pytest.mark.parametrize(
    "spelling",
    [
        "ＡＳ－２０２６－００４２",
        "as‑2026‑42",
        "AS–2026–0042",
        "AS\u22122026\u22120042",
        "AS\u207b2026\u207b0042",
        "as - 2026 - 0042",
        "AS-٢٠٢٦-٤٢",
    ],
)
def test_one_number_in_many_spellings(spelling: str) -> None:
    assert normalised_number(spelling) == "AS-2026-42"


@given(NUMBERS, NUMBERS)
def test_another_number_is_another_invoice(one: str, other: str) -> None:
    same = normalised_number(one) == normalised_number(other)

    assert (numbered(one).identity() == numbered(other).identity()) == same


@given(st.integers(min_value=1, max_value=10**6), st.integers(min_value=1, max_value=10**6))
def test_running_numbers_never_meet(one: int, other: int) -> None:
    assert (normalised_number(f"INV-{one:06d}") == normalised_number(f"INV-{other}")) == (one == other)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(min_value=-400, max_value=400))
def test_only_the_year_of_the_date_counts(issued: date, days: int) -> None:
    other = issued + timedelta(days=days)
    identities = [replace(an_invoice(), issue_date=day).identity() for day in (issued, other)]

    assert (identities[0] == identities[1]) == (issued.year == other.year)


def test_date_and_number_formats_do_not_change_the_identity(ubl: str, cii: str, edited) -> None:
    plain = parse_invoice(ubl.encode()).identity()

    assert parse_invoice(cii.encode()).identity() == plain
    assert parse_invoice(edited(ubl, ("2026-05-04", "2026-05-04Z"), ("100000.00", "100000"))).identity() == plain


@pytest.mark.parametrize("vat", ["de 999 999 903", "DE.999.999.903", "DE-999999903", "ＤＥ999999903", "DE00999999903"])
def test_a_sellers_vat_number_counts_in_any_spelling(vat: str) -> None:
    assert replace(an_invoice(), supplier=Party(vat=vat)).identity()["seller"].removeprefix("VAT:DE") == "999999903"


def test_another_seller_is_another_invoice() -> None:
    other = replace(an_invoice(), supplier=Party(vat="DE999999902"))

    assert other.identity() != an_invoice().identity()


def test_the_same_digits_under_another_scheme_are_another_seller() -> None:
    by_vat, by_register = Party(vat="5569990004"), Party(legal_id="5569990004", legal_scheme="0007")

    assert replace(an_invoice(), supplier=by_vat).identity() != replace(an_invoice(), supplier=by_register).identity()


@pytest.mark.parametrize(
    ("supplier", "seller"),
    [
        (Party(vat="DE1", legal_id="HRB 7", endpoint="4012345000016", endpoint_scheme="0088"), "VAT:DE1"),
        (Party(legal_id="HRB 7", other_ids=(("0088", "4012345000016"),)), "LEGAL:HRB7"),
        (Party(legal_id="5569990004", legal_scheme="0007"), "0007:5569990004"),
        (Party(other_ids=(("", "SUPPLIER-9"), ("0088", "4012345000016"))), "0088:4012345000016"),
        (Party(endpoint="4012345000016", endpoint_scheme="0088"), "0088:4012345000016"),
        (Party(tax_number="21/815/08150"), "TAX:2181508150"),
        (Party(name="Acme", other_ids=(("", "SUPPLIER-9"),)), ""),
    ],
)
def test_the_seller_is_named_by_its_strongest_identifier(supplier: Party, seller: str) -> None:
    assert replace(an_invoice(), supplier=supplier).identity()["seller"] == seller


def test_versions_that_share_the_strongest_identifier_agree() -> None:
    full, bare = Party(vat="DE999999903", legal_id="HRB 990042"), Party(name="Acme", vat="DE 999999903")

    assert replace(an_invoice(), supplier=full).identity() == replace(an_invoice(), supplier=bare).identity()


def test_greece_has_two_vat_prefixes_and_one_identity() -> None:
    assert normalised_vat("EL 123456789") == normalised_vat("GR123456789")


@pytest.mark.parametrize("code", ["380", "389", "393", "780", "0380"])
def test_codes_that_claim_payment_once_are_one_class(code: str) -> None:
    assert replace(an_invoice(), type_code=code).identity() == an_invoice().identity()


@pytest.mark.parametrize(
    ("code", "expected"),
    [("381", "CREDIT"), ("396", "CREDIT"), ("384", "CORRECTION"), ("386", "PREPAYMENT"), ("380", "INVOICE")],
)
def test_other_classes_are_other_invoices(code: str, expected: str) -> None:
    assert type_class(code) == expected


def test_a_credit_note_is_a_credit_whatever_its_code() -> None:
    assert type_class("380", is_credit_note=True) == "CREDIT"
