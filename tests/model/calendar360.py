"""How the days of interest are counted, from the calendar of the standard library."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from chain_node.client import DayCount

DAY = 86_400
BPS = 10_000
# Interest is counted in whole numbers of so many parts of a minor unit: 26,280 days hold whole years of 360 and of 365.
NUMERATORS = BPS * 26_280 * DAY
_EPOCH = date(1970, 1, 1)
_YEAR_DAYS = {DayCount.ACTUAL360: 360, DayCount.ACTUAL365: 365, DayCount.THIRTY360: 360}


def thirty360_days(day: date) -> int:
    """Days since 1970 where every month has thirty: a difference of two is the 30E/360 count between them."""
    return (day.year - 1970) * 360 + (day.month - 1) * 30 + min(day.day, 30) - 1


def clock(day_count: DayCount, timestamp: int) -> int:
    """Seconds since 1970 on the clock of a day count. Midnights of 30E/360 are the standard's; between two of them the
    clock runs evenly."""
    if day_count != DayCount.THIRTY360:
        return timestamp
    number, second = divmod(timestamp, DAY)
    today = _EPOCH + timedelta(days=number)
    begun, over = thirty360_days(today), thirty360_days(today + timedelta(days=1))
    return begun * DAY + second * (over - begun)


def interest(amount: int, bps: int, day_count: DayCount, since: int, until: int) -> Fraction:
    """Exact simple interest in minor units between two moments, at so many bps a year."""
    seconds = clock(day_count, until) - clock(day_count, since)
    return Fraction(amount * bps * seconds, BPS * _YEAR_DAYS[day_count] * DAY)


def weight(bps: int, day_count: DayCount) -> int:
    """Numerators that one minor unit earns each second on the clock."""
    return int(Fraction(bps * NUMERATORS, BPS * _YEAR_DAYS[day_count] * DAY))


def end_of(day: int) -> int:
    """The moment at which a day (days since 1970-01-01, UTC) is over."""
    return (day + 1) * DAY
