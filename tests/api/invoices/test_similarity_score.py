"""What makes two invoices near-duplicates, point by point."""

from dataclasses import replace
from itertools import permutations

import pytest

from api.invoices.similarity.score import (
    CLOSE_ISSUE_DATE,
    EXCHANGED_DIGITS,
    HALF_AMOUNT,
    SAME_AMOUNT,
    SAME_DESPATCH,
    SAME_DIGITS,
    SAME_DUE_DATE,
    SAME_GOODS,
    SAME_ISSUE_DATE,
    SAME_ORDER,
    Agreement,
    Marks,
    close_amounts,
    judge,
)

MARKS = Marks(supplier=b"s", currency=b"c", names_order=True, names_despatch=True)
UNREFERENCED = replace(MARKS, names_order=False, names_despatch=False)


@pytest.mark.parametrize(
    "agreements",
    [
        [],
        [SAME_DIGITS, SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_ORDER, SAME_DESPATCH, SAME_GOODS],  # no relation of amounts
        [SAME_AMOUNT, SAME_ORDER, SAME_GOODS],  # the next month's
        [EXCHANGED_DIGITS, SAME_AMOUNT, SAME_ORDER, SAME_GOODS],  # 0012 and 0021 of one standing order
        [SAME_AMOUNT, SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_GOODS],  # two sales of a day
        [HALF_AMOUNT, SAME_ORDER, SAME_GOODS],
    ],
)
def test_what_honest_invoices_have_in_common_is_not_flagged(agreements: list[Agreement]) -> None:
    assert judge(agreements, UNREFERENCED, UNREFERENCED) is None


@pytest.mark.parametrize(
    ("agreements", "score"),
    [
        ([SAME_DIGITS, SAME_AMOUNT, SAME_GOODS], 75),
        ([SAME_AMOUNT, SAME_DESPATCH], 75),
        ([close_amounts("2.1"), SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_ORDER, SAME_GOODS], 75),
        ([EXCHANGED_DIGITS, SAME_AMOUNT, SAME_ISSUE_DATE, SAME_DUE_DATE], 75),
        ([SAME_DIGITS, SAME_AMOUNT, SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_ORDER], 100),
    ],
)
def test_points_add_up_to_at_most_a_hundred(agreements: list[Agreement], score: int) -> None:
    similar = judge(agreements, UNREFERENCED, UNREFERENCED)

    assert similar is not None
    assert similar.score == score
    assert set(similar.reasons) == {agreement.reason for agreement in agreements}


def test_order_in_which_agreements_are_found_changes_nothing() -> None:
    found = [SAME_AMOUNT, close_amounts("0.5"), SAME_ISSUE_DATE, CLOSE_ISSUE_DATE, SAME_ORDER, SAME_GOODS, SAME_DIGITS]

    assert len({judge(order, MARKS, MARKS) for order in permutations(found)}) == 1


@pytest.mark.parametrize(("mine", "expected"), [(UNREFERENCED, 80), (MARKS, None)])
def test_different_references_speak_for_two_deliveries(mine: Marks, expected: int | None) -> None:
    similar = judge([EXCHANGED_DIGITS, SAME_AMOUNT, SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_GOODS], mine, MARKS)

    assert (similar.score if similar else None) == expected


def test_another_currency_stands_in_the_amounts_place() -> None:
    other = replace(MARKS, currency=b"d")
    similar = judge([SAME_ISSUE_DATE, SAME_DUE_DATE, SAME_ORDER, SAME_DESPATCH], MARKS, other)

    assert similar is not None
    assert "amounts in different currencies" in similar.reasons


def test_reasons_name_another_supplier() -> None:
    similar = judge([SAME_AMOUNT, SAME_DESPATCH], UNREFERENCED, replace(UNREFERENCED, supplier=b"t"))

    assert similar is not None
    assert similar.reasons[-1] == "from different suppliers"
