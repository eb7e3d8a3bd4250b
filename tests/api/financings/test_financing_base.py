"""The borrowing base on paper. The arithmetic is held against the contracts' own in tests/api/trading."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from api.financings.base import Item, Standing, borrowing_base, room

DUE = 20_637  # 2026-07-03
NOW = DUE * 86_400
ACCEPTED = {"milestone": 1, "advance_rate_bps": 1000, "measured": False}
DEPARTED = {"milestone": 20, "advance_rate_bps": 6000, "measured": False}
RECEIVED = {"milestone": 50, "advance_rate_bps": 8000, "measured": True}
LADDER = [DEPARTED, RECEIVED]


def item(**changes: Any) -> Item:
    """Acme's invoice over 100,000.00 for 1,000 pieces."""
    return Item(**{"units": 10_000_000, "quantity": 1_000_000, "is_good": True, "due_date": DUE, **changes})


def fact(quantity: int = 0, *, usable: bool = True, disputed: bool = False) -> Standing:
    return Standing(usable and not disputed, disputed, quantity)


@pytest.mark.parametrize(
    ("facts", "base"),
    [
        ({}, 0),
        ({(20, 1): fact()}, 6_000_000),
        ({(20, 1): fact(usable=False)}, 0),
        ({(20, 1): fact(), (50, 1): fact(1_000_000)}, 8_000_000),
        ({(20, 1): fact(), (50, 1): fact(950_000)}, 7_600_000),
        ({(20, 1): fact(), (50, 1): fact(500_000)}, 4_000_000),
        ({(20, 1): fact(), (50, 1): fact(2_000_000)}, 8_000_000),
        ({(50, 1): fact(400_000), (50, 2): fact(300_000)}, 5_600_000),
        ({(50, 2): fact(300_000)}, 0),
        ({(20, 1): fact(disputed=True)}, 0),
        ({(20, 1): fact(), (50, 1): fact(disputed=True)}, 0),
        ({(50, 1): fact(400_000), (50, 2): fact(disputed=True)}, 0),
    ],
)
def test_furthest_step_counts_and_a_dispute_stops_all(facts: dict[tuple[int, int], Standing], base: int) -> None:
    assert borrowing_base(item(), LADDER, facts, NOW) == base


def test_accepted_is_a_step_without_a_fact() -> None:
    assert borrowing_base(item(), [ACCEPTED, DEPARTED], {}, NOW) == 1_000_000


def test_unmeasurable_goods_lend_nothing_on_a_measured_step() -> None:
    measured_acceptance = {**ACCEPTED, "measured": True}

    assert borrowing_base(item(quantity=0), LADDER, {(50, 1): fact(1)}, NOW) == 0
    assert borrowing_base(item(quantity=0), [measured_acceptance], {}, NOW) == 0
    assert borrowing_base(item(), [measured_acceptance], {}, NOW) == 1_000_000


def test_item_lends_until_the_end_of_its_due_day_and_not_a_second_longer() -> None:
    end_of_day = (DUE + 1) * 86_400

    assert borrowing_base(item(), LADDER, {(20, 1): fact()}, end_of_day - 1) == 6_000_000
    assert borrowing_base(item(), LADDER, {(20, 1): fact()}, end_of_day) == 0


def test_item_that_is_no_longer_good_lends_nothing() -> None:
    assert borrowing_base(item(is_good=False), LADDER, {(20, 1): fact()}, NOW) == 0


@given(
    worse=st.integers(0, 1_200_000),
    better=st.integers(0, 1_200_000),
    units=st.integers(0, 2**56 - 1),
    rate=st.integers(1, 10_000),
)
def test_worse_measure_never_lends_more(worse: int, better: int, units: int, rate: int) -> None:
    worse, better = sorted((worse, better))
    ladder = [{**RECEIVED, "advance_rate_bps": rate}]

    bases = [borrowing_base(item(units=units), ladder, {(50, 1): fact(q)}, NOW) for q in (worse, better)]

    assert 0 <= bases[0] <= bases[1] <= units


@given(
    base=st.integers(0, 2**56), taken=st.integers(0, 2**56), fee_bps=st.integers(0, 10_000), left=st.integers(0, 2**56)
)
def test_draw_with_its_own_fee_stays_within_base_and_limit(base: int, taken: int, fee_bps: int, left: int) -> None:
    amount = room(base, taken, fee_bps, left)

    fee_up = -(-amount * fee_bps // 10_000)
    assert 0 <= amount <= left
    assert amount == 0 or taken + amount + fee_up <= base
