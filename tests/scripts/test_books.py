from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scripts.demo.books import interest_by_formula

START = datetime(2026, 5, 12, tzinfo=UTC)


def test_a_year_of_360_days_earns_the_whole_rate() -> None:
    assert interest_by_formula([(10_000_00, START)], 900, START + timedelta(days=360)) == 900_00


def test_what_is_not_exact_is_rounded_up_once() -> None:
    draws = [(1, START), (1, START)]

    assert interest_by_formula(draws, 1, START + timedelta(seconds=1)) == 1


@given(st.integers(1, 10**12), st.integers(0, 10_000), st.integers(0, 10**8))
def test_two_draws_earn_what_one_of_their_sum_earns(amount: int, rate_bps: int, seconds: int) -> None:
    until = START + timedelta(seconds=seconds)

    whole = interest_by_formula([(amount, START)], rate_bps, until)

    assert interest_by_formula([(amount - amount // 3, START), (amount // 3, START)], rate_bps, until) == whole
