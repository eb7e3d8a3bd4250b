"""Interest as exact numerators, against fractions."""

from fractions import Fraction
from math import ceil, floor

import hypothesis.strategies as st
from hypothesis import given

from api.financings.accrual import accrue, interest_down, interest_up, settled_by

principals, rates, spans = st.integers(0, 2**56), st.integers(0, 10_000), st.integers(0, 10**9)


def exact(principal: int, rate_bps: int, seconds: int) -> Fraction:
    return Fraction(principal * rate_bps * seconds, 10_000 * 360 * 24 * 3600)


def test_sixty_days_at_nine_percent_on_a_million_euros() -> None:
    assert interest_up(accrue(0, 100_000_000, 900, 60 * 86_400)) == 1_500_000


@given(principal=principals, rate=rates, seconds=spans)
def test_interest_is_actual_over_360_rounded_to_the_right_side(principal: int, rate: int, seconds: int) -> None:
    numerator = accrue(0, principal, rate, seconds)

    assert interest_up(numerator) == ceil(exact(principal, rate, seconds))
    assert interest_down(numerator) == floor(exact(principal, rate, seconds))


@given(principal=principals, rate=rates, first=spans, second=spans)
def test_booking_in_two_parts_is_booking_at_once(principal: int, rate: int, first: int, second: int) -> None:
    in_parts = accrue(accrue(0, principal, rate, first), principal, rate, second)

    assert in_parts == accrue(0, principal, rate, first + second)


@given(principal=principals, rate=rates, seconds=spans, share=st.integers(0, 100))
def test_payment_never_settles_more_than_was_earned(principal: int, rate: int, seconds: int, share: int) -> None:
    numerator = accrue(0, principal, rate, seconds)
    paid = interest_up(numerator) * share // 100

    settled = settled_by(paid, numerator)

    assert 0 <= settled <= numerator
    assert (settled == numerator) or share < 100
