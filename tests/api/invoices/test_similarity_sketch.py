"""What a sketch stores, and what a look-up asks for."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from api.invoices.similarity.score import (
    EXCHANGED_AMOUNT,
    EXCHANGED_DIGITS,
    HALF_AMOUNT,
    SAME_DIGITS,
    SAME_ISSUE_DATE,
    Agreement,
    Aspect,
)
from api.invoices.similarity.sketch import Features, SketchKey, features_of, probes, sketch
from chain_node.references import NetworkKey
from standards.invoices import parse_invoice

TRADE = Path(__file__).parents[3] / "examples" / "trade"
KEY = SketchKey.of(NetworkKey(b"k" * 32))
ACME = Features(
    supplier="999900ACMESUPPLIES58",
    debtor="999900BOREALISRETL40",
    currency="EUR",
    number="AS-2026-0042",
    amount=10_000_000,
    issued=date(2026, 5, 4),
    due=date(2026, 7, 3),
    order="PO-2026-815",
    despatch="DA-2026-815",
    goods=("4012345000115",),
)


def agreements(asked: Features, stored: Features = ACME) -> set[Agreement]:
    wanted = probes(KEY, asked)
    return {wanted[token] for token in sketch(KEY, stored).tokens if token in wanted}


def of(aspect: Aspect, found: set[Agreement]) -> set[Agreement]:
    return {agreement for agreement in found if agreement.aspect is aspect}


def test_both_syntaxes_of_one_paper_have_one_sketch() -> None:
    ubl, cii = (
        features_of(parse_invoice((TRADE / f"invoice.{syntax}.xml").read_bytes()), "S", "D")
        for syntax in ("ubl", "cii")
    )

    assert sketch(KEY, ubl) == sketch(KEY, cii)


@pytest.mark.parametrize("number", ["as-2026-42", " AS-2026-0042 ", "AS‐2026‐0042", "ＡＳ-2026-0042"])
def test_spelling_of_the_number_changes_nothing(number: str) -> None:
    assert sketch(KEY, replace(ACME, number=number)) == sketch(KEY, ACME)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "AS-2026-0043"},
        {"amount": 10_000_001},
        {"issued": date(2026, 5, 5)},
        {"due": date(2026, 7, 4)},
        {"order": "PO-2026-816"},
        {"despatch": "DA-2026-816"},
        {"goods": ("4012345000116",)},
        {"debtor": "999900BOREALISRETL41"},
    ],
)
def test_every_change_of_meaning_changes_the_sketch(change: dict[str, object]) -> None:
    assert sketch(KEY, replace(ACME, **change)).tokens != sketch(KEY, ACME).tokens  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "number", ["R-AS-2026-0042", "ASX2026/042", "AS-2026-0042-B", "AS-2026-0042/2", "R2-AS-2026-42"]
)
def test_same_digits_behind_other_signs_agree(number: str) -> None:
    assert of(Aspect.NUMBER, agreements(replace(ACME, number=number))) == {SAME_DIGITS}


@pytest.mark.parametrize("number", ["AS-2026-0024", "AS-2026-0402", "AS-2206-0042", "AS-2026-4002", "AS-0226-2042"])
def test_two_exchanged_digits_agree_from_either_side(number: str) -> None:
    expected = set() if number == "AS-0226-2042" else {EXCHANGED_DIGITS}  # that one takes two exchanges
    copy = replace(ACME, number=number)

    assert of(Aspect.NUMBER, agreements(copy)) == expected
    assert of(Aspect.NUMBER, agreements(ACME, copy)) == expected


def test_number_of_a_counter_that_began_anew_does_not_agree() -> None:
    next_year = ACME.issued + timedelta(days=365)

    assert not of(Aspect.NUMBER, agreements(replace(ACME, number="AS/2026/42", issued=next_year)))


@pytest.mark.parametrize("amount", [2_000, 100_000, 12_345_678, 2**56 - 1])
@pytest.mark.parametrize("per_mille", [-50, -20, -1, 1, 20, 50])
def test_amounts_within_five_per_cent_agree_and_the_reason_holds(amount: int, per_mille: int) -> None:
    near = amount + amount * per_mille // 1000
    found = of(Aspect.AMOUNT, agreements(replace(ACME, amount=near), replace(ACME, amount=amount)))

    (reason,) = [agreement.reason for agreement in found if agreement.reason.startswith("amounts within ")]
    stated = Fraction(reason.removeprefix("amounts within ").partition(" ")[0])
    assert abs(near - amount) * 100 <= stated * min(near, amount)


@pytest.mark.parametrize("factor", [Fraction(93, 100), Fraction(107, 100), Fraction(3, 2), Fraction(3)])
def test_amounts_further_apart_do_not_agree(factor: Fraction) -> None:
    other = round(12_345_678 * factor)

    assert not of(Aspect.AMOUNT, agreements(replace(ACME, amount=other), replace(ACME, amount=12_345_678)))


@pytest.mark.parametrize("amount", [500, 999, 10_000_001, 2**55 - 1])
def test_halves_agree_with_the_whole_from_either_side(amount: int) -> None:
    whole, half = replace(ACME, amount=amount * 2 + 1), replace(ACME, amount=amount)

    assert of(Aspect.AMOUNT, agreements(half, whole)) == {HALF_AMOUNT}
    assert of(Aspect.AMOUNT, agreements(whole, half)) == {HALF_AMOUNT}


def test_exchanged_digits_of_the_amount_agree() -> None:
    assert of(Aspect.AMOUNT, agreements(replace(ACME, amount=41_325), replace(ACME, amount=12_345))) == set()
    assert of(Aspect.AMOUNT, agreements(replace(ACME, amount=42_315), replace(ACME, amount=12_345))) == {
        EXCHANGED_AMOUNT
    }


def test_equal_sums_owed_by_different_debtors_share_nothing() -> None:
    """So that a table without its key does not show who owes how much as others do."""
    other = replace(ACME, debtor="999900CASTORRETAIL99", supplier="999900OTHERSUPPLY077")

    assert not sketch(KEY, other).tokens & sketch(KEY, ACME).tokens


def test_table_shows_no_order_of_amounts_or_dates() -> None:
    """Neighbours share a token only where they say the same: nothing stored overlaps."""
    near = replace(ACME, number="X-1", amount=round(ACME.amount * 1.012), issued=ACME.issued + timedelta(days=1))
    shared = sketch(KEY, near).tokens & sketch(KEY, ACME).tokens
    unchanged = replace(ACME, number="X-1", amount=1, issued=date(2020, 1, 1))

    assert shared == sketch(KEY, unchanged).tokens & sketch(KEY, ACME).tokens
    assert SAME_ISSUE_DATE not in agreements(near)


def test_another_networks_key_gives_other_tokens_and_is_never_printed() -> None:
    other = SketchKey.of(NetworkKey(b"l" * 32))

    assert not sketch(other, ACME).tokens & sketch(KEY, ACME).tokens
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
