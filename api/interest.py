"""What time and draws charge, as the contracts reckon it (`Accrual`, `DayCounts`, `Rounding` and `FinancingBook`): for
figures of days to come, which no contract can be asked for (decision 0033). Minor units, bps, Unix seconds."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chain_node.client import DayCount

BPS: Final = 10_000
DAY: Final = 86_400
YEAR_DAYS: Final = {DayCount.ACTUAL360: 360, DayCount.ACTUAL365: 365, DayCount.THIRTY360: 360}
_COMMON_YEAR_DAYS: Final = 26_280
"""The least number of days that years of 360 and of 365 days both divide, so that every day count is exact."""
DENOMINATOR: Final = BPS * _COMMON_YEAR_DAYS * DAY
"""Interest in minor units = weight x seconds / DENOMINATOR."""


@dataclass(frozen=True)
class Charges:
    """What a draw costs besides interest."""

    fee: int
    reserve: int


def weight(principal: int, rate_bps: int, day_count: DayCount) -> int:
    """What one second on the day count's clock adds to the numerator of interest at a rate per year."""
    return principal * rate_bps * (_COMMON_YEAR_DAYS // YEAR_DAYS[day_count])


def up(numerator: int) -> int:
    """The minor units of an exact numerator, rounded up: what a debt comes to."""
    return -(-numerator // DENOMINATOR)


def interest_up(principal: int, rate_bps: int, day_count: DayCount, since: int, until: int) -> int:
    """Simple interest between two moments, rounded up."""
    return up(weight(principal, rate_bps, day_count) * seconds_counted(day_count, since, until))


def clock(day_count: DayCount, timestamp: int) -> int:
    """Seconds since 1970 on the clock of a day count."""
    return _thirty360(timestamp) if day_count == DayCount.THIRTY360 else timestamp


def seconds_counted(day_count: DayCount, since: int, until: int) -> int:
    return clock(day_count, until) - clock(day_count, since)


def charges_up(amount: int, fee_bps: int, reserve_bps: int) -> Charges:
    """Of a draw: the fee is rounded up, and so are the two together; the reserve has the rest."""
    fee = _bps_up(amount, fee_bps)
    return Charges(fee, _bps_up(amount, fee_bps + reserve_bps) - fee)


def before_charges_down(room: int, charges_bps: int) -> int:
    """The greatest draw that fits into `room` together with its own charges."""
    return max(0, room) * BPS // (BPS + charges_bps)


def end_of_day(day: int) -> int:
    """The second at which a day (counted from 1970-01-01) is over."""
    return (day + 1) * DAY


def _bps_up(amount: int, bps: int) -> int:
    return -(-amount * bps // BPS)


def _thirty360(timestamp: int) -> int:
    """30E/360 at midnight: the 31st counts as the 30th. In between it runs evenly to the next midnight's figure."""
    date = datetime.fromtimestamp(timestamp, UTC)
    counted = min(date.day, 30)
    to_next_day = 1
    if date.day == monthrange(date.year, date.month)[1]:
        to_next_day = 31 - counted
    elif date.day == 30:
        to_next_day = 0
    days = (date.year - 1970) * 360 + (date.month - 1) * 30 + counted - 1
    return days * DAY + timestamp % DAY * to_next_day
