"""RFC 3339 times: the instant, and the form that the event hash asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)
_MICROSECOND_DIGITS: Final = 6


def instant(text: str) -> datetime:
    """The moment in UTC, to the microsecond (further digits are cut off). Raises ValueError saying what is wrong."""
    return _read(text)[0]


def canonical_time(text: str) -> str:
    """The moment in UTC with exactly three decimals, rounded half up on the fourth, as in 2020-03-04T10:00:30.000Z."""
    rounded = _read(text)[1]
    date = f"{rounded.year:04}-{rounded.month:02}-{rounded.day:02}"
    time = f"{rounded.hour:02}:{rounded.minute:02}:{rounded.second:02}.{rounded.microsecond // 1000:03}"
    return f"{date}T{time}Z"


def _read(text: str) -> tuple[datetime, datetime]:
    """The moment, and as it is rounded to milliseconds. Raises ValueError where either is beyond the calendar."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time with date, time of day and zone (RFC 3339)")
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = match.groups()
    micro = int(((fraction or "") + "0" * _MICROSECOND_DIGITS)[:_MICROSECOND_DIGITS])
    try:
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micro, tzinfo=UTC)
        shift = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
        moment = local + shift if sign == "-" else local - shift
        return moment, moment.replace(microsecond=0) + timedelta(milliseconds=_milliseconds(fraction or ""))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time of the calendar: {error}") from error


def _milliseconds(fraction: str) -> int:
    return int((fraction + "000")[:3]) + (1 if fraction[3:4] >= "5" else 0)
