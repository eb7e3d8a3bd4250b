"""Share prices as exact fractions and as text."""

from decimal import Decimal
from fractions import Fraction

import hypothesis.strategies as st
from hypothesis import given

from api.pools.prices import price

assets, supplies = st.integers(0, 2**63), st.integers(0, 2**90)


def test_first_share_costs_a_millionth_of_a_minor_unit() -> None:
    first = price(0, 0)

    assert (first.numerator, first.denominator) == (1, 1_000_000)
    assert first.per_million_up() == first.per_million_down() == "1.000000000000"


@given(assets=assets, shares=supplies)
def test_text_encloses_the_exact_price_against_whoever_trades(assets: int, shares: int) -> None:
    its = price(assets, shares)
    exact = Fraction(its.numerator * 10**6, its.denominator)

    down, up = Fraction(Decimal(its.per_million_down())), Fraction(Decimal(its.per_million_up()))

    assert down <= exact <= up
    assert up - down <= Fraction(1, 10**12)


@given(assets=assets, shares=supplies, held=st.integers(0, 2**90))
def test_value_of_shares_is_rounded_down_and_never_beyond_the_assets(assets: int, shares: int, held: int) -> None:
    held = min(held, shares)
    its = price(assets, shares)

    value = its.value_down(held)

    assert value <= Fraction(held * its.numerator, its.denominator) < value + 1
    assert value <= assets
