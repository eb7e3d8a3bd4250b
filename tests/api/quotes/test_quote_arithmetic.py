"""Charges, plan and annual rate against computations of another kind."""

from fractions import Fraction
from math import log

import hypothesis.strategies as st
from hypothesis import assume, given
from model import calendar360

from api import interest
from api.quotes.annual_rate import MOST_BPS, YEAR_SECONDS, PaidOut, annual_rate_bps
from api.quotes.plan import Plan, Room, Rung, Terms, plan
from chain_node.client import DayCount

DAY = 86_400
NOON = 1_777_896_000  # 2026-05-04T12:00:00Z
moments = st.integers(NOON, NOON + 4 * 366 * DAY)
day_counts = st.sampled_from(DayCount)
rates = st.integers(0, 10_000)
money = st.integers(1, 10**12)


# Interest and charges


@given(day_count=day_counts, first=moments, second=moments, principal=money, rate=rates)
def test_interest_is_that_of_the_calendar_rounded_up(
    day_count: DayCount, first: int, second: int, principal: int, rate: int
) -> None:
    since, until = sorted((first, second))

    exact = calendar360.interest(principal, rate, day_count, since, until)

    assert 0 <= interest.interest_up(principal, rate, day_count, since, until) - exact < 1


@given(amount=money, fee=rates, reserve=rates)
def test_charges_are_rounded_up_once(amount: int, fee: int, reserve: int) -> None:
    its = interest.charges_up(amount, fee, reserve)

    assert 0 <= its.fee - Fraction(amount * fee, 10_000) < 1
    assert 0 <= its.fee + its.reserve - Fraction(amount * (fee + reserve), 10_000) < 1


@given(room=money, fee=rates, reserve=st.integers(0, 5_000))
def test_draw_is_the_greatest_that_fits_with_its_charges(room: int, fee: int, reserve: int) -> None:
    draw = interest.before_charges_down(room, fee + reserve)

    def taken(amount: int) -> int:
        its = interest.charges_up(amount, fee, reserve)
        return amount + its.fee + its.reserve

    assert taken(draw) <= room < taken(draw + 1)


# The plan

TERMS = Terms(
    discount_rate_bps=900,
    fee_bps=50,
    reserve_bps=100,
    late_fee_bps=400,
    committed_fee_bps=0,
    grace_days=5,
    day_count=DayCount.ACTUAL360,
)
MATURITY = NOON // DAY + 60
ROOM = Room(limit=10_000_000, drawn=0, caps=10**12, cash=10**12, expires_at=NOON + 300 * DAY, since=NOON)


def planned(rungs: list[Rung], terms: Terms = TERMS, room: Room = ROOM) -> Plan:
    return plan(terms, room, rungs, MATURITY, (MATURITY + 1) * DAY)


def test_nothing_is_drawn_before_anything_is_reached() -> None:
    nothing = planned([])

    assert (nothing.draws, nothing.principal, nothing.cost) == ((), 0, 0)


def test_step_reached_after_the_repayment_brings_nothing() -> None:
    (draw,) = planned([Rung(20, (MATURITY + 1) * DAY, 6_000_000)]).draws

    assert (draw.amount, draw.committed_fee, draw.bound) == (0, 0, "time")


def test_draw_after_the_facility_has_ended_brings_nothing() -> None:
    ended = Room(**{**vars(ROOM), "expires_at": NOON + 5})

    (draw,) = planned([Rung(20, NOON + 5, 6_000_000)], room=ended).draws

    assert (draw.amount, draw.fee, draw.bound) == (0, 0, "time")


def test_tightest_bound_is_named() -> None:
    for bound in ("limit", "caps", "cash"):
        tight = Room(**{**vars(ROOM), bound: 1_000})
        (draw,) = planned([Rung(20, NOON, 6_000_000)], room=tight).draws
        assert (draw.amount, draw.bound) == (1_000, bound.removesuffix("s"))


def test_later_step_draws_what_the_base_leaves_beside_all_that_is_owed() -> None:
    first, second = planned([Rung(20, NOON, 6_000_000), Rung(50, NOON + 10 * DAY, 8_000_000)]).draws

    assert first.amount == 6_000_000 * 10_000 // 10_150
    accrued = -(-first.amount * 900 * 10 // 3_600_000)
    owed = first.amount + first.fee + first.reserve + accrued
    assert (second.interest, second.amount) == (accrued, (8_000_000 - owed) * 10_000 // 10_150)


@given(
    bases=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=4),
    gaps=st.lists(st.integers(0, 14 * DAY), min_size=4, max_size=4),
    rate=rates,
    fee=st.integers(0, 500),
    reserve=st.integers(0, 500),
    committed=st.integers(0, 300),
    day_count=day_counts,
)
def test_plan_never_owes_more_than_the_base_and_sums_to_the_calendars_interest(
    bases: list[int], gaps: list[int], rate: int, fee: int, reserve: int, committed: int, day_count: DayCount
) -> None:
    terms = Terms(rate, fee, reserve, 0, committed, 0, day_count)
    rungs = [Rung(10 * n, NOON + sum(gaps[:n]), base) for n, base in enumerate(sorted(bases), 1)]

    its = planned(rungs, terms)

    exact = sum(
        (calendar360.interest(p.principal, rate, day_count, p.since, p.until) for p in its.periods), Fraction(0)
    )
    assert 0 <= its.interest - exact < 1
    owed, drawn = 0, 0
    for draw in its.draws:
        drawn += draw.amount
        owed += draw.amount + draw.fee + draw.reserve + draw.committed_fee
        assert draw.amount == 0 or owed + draw.interest <= draw.rung.base
    assert its.principal == drawn <= ROOM.limit
    assert its.owed == owed + its.interest


# The annual rate


def test_no_rate_without_a_draw_or_time() -> None:
    assert annual_rate_bps([], NOON, 5) is None
    assert annual_rate_bps([PaidOut(NOON, 0)], NOON + DAY, 5) is None
    assert annual_rate_bps([PaidOut(NOON, 100)], NOON, 100) is None


def test_rate_that_says_nothing_is_not_said() -> None:
    assert annual_rate_bps([PaidOut(NOON, 100)], NOON + 60, 110) is None


def test_nothing_charged_is_a_rate_of_nothing() -> None:
    assert annual_rate_bps([PaidOut(NOON, 100)], NOON + DAY, 100) == 0


def test_a_year_of_ten_per_cent() -> None:
    year = [PaidOut(NOON, 1_000_000)]

    assert annual_rate_bps(year, NOON + YEAR_SECONDS, 1_100_000) == 1_000
    assert annual_rate_bps(year, NOON + YEAR_SECONDS, 1_100_001) == 1_001
    assert annual_rate_bps(year, NOON + 2 * YEAR_SECONDS, 1_210_000) == 1_000


@given(
    amounts=st.lists(st.integers(10**4, 10**9), min_size=1, max_size=4),
    days=st.lists(st.integers(0, 200), min_size=4, max_size=4),
    tenor=st.integers(7, 400),
    cost_bps=st.integers(1, 2_000),
)
def test_rate_is_the_root_of_the_dated_payments(amounts: list[int], days: list[int], tenor: int, cost_bps: int) -> None:
    """By Newton's method over natural logarithms, in floating point: as a spreadsheet would."""
    draws = [PaidOut(NOON + day * DAY, amount) for day, amount in zip(days, amounts, strict=False)]
    repaid_at = max(draw.at for draw in draws) + tenor * DAY
    owed = sum(amounts) * (10_000 + cost_bps) // 10_000 + 1

    found = annual_rate_bps(draws, repaid_at, owed)

    assume(found is not None and found < 10_000_000)
    assert found is not None
    years = [((repaid_at - draw.at) / YEAR_SECONDS, draw.amount / owed) for draw in draws]
    continuous = 0.0
    for _ in range(200):
        value = sum(share * 2.718281828459045 ** (continuous * t) for t, share in years) - 1
        slope = sum(t * share * 2.718281828459045 ** (continuous * t) for t, share in years)
        continuous -= value / slope
    assert abs(log(1 + found / 10_000) - continuous) <= log(1 + (found + 1) / 10_000) - log(1 + (found - 1) / 10_000)


@given(amount=money, tenor=st.integers(1, 400), cost=st.integers(0, 10**9))
def test_rate_is_the_least_that_reaches_what_is_owed(amount: int, tenor: int, cost: int) -> None:
    """Exactly, where the time is a whole number of years: in fractions."""
    years = tenor % 3 + 1
    found = annual_rate_bps([PaidOut(NOON, amount)], NOON + years * YEAR_SECONDS, amount + cost)

    if found is None:
        assert amount * (1 + Fraction(MOST_BPS, 10_000)) ** years < amount + cost
        return
    assert amount * (1 + Fraction(found, 10_000)) ** years >= amount + cost
    assert found == 0 or amount * (1 + Fraction(found - 1, 10_000)) ** years < amount + cost
