"""The effective annual rate of dated payments: what is paid out, compounded from each draw on, reaches what is owed.

Years of 365 days and whole seconds in between, as XIRR counts days; the rate is rounded up to a whole basis point, so
that no cost is understated."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

CONVENTION: Final = (
    "Effective annual rate: the draws, compounded yearly at it over years of 365 days from the second of each draw to "
    "that of the repayment, come to what is owed then; the least whole number of basis points, so rounded up."
)
YEAR_SECONDS: Final = 365 * 86_400
MOST_BPS: Final = 100_000_000
"""A million per cent. Above it, as of a financing that is repaid within hours, a yearly rate says nothing."""
_DIGITS: Final = 60


@dataclass(frozen=True)
class PaidOut:
    """A draw: minor units, at a Unix second."""

    at: int
    amount: int


def annual_rate_bps(draws: Sequence[PaidOut], repaid_at: int, owed: int) -> int | None:
    """Basis points a year, rounded up; 0 where nothing is charged. None where there is no rate: nothing is drawn, a
    draw is not before the repayment, or the rate would be above MOST_BPS."""
    drawn = [draw for draw in draws if draw.amount > 0]
    if not drawn or any(draw.at >= repaid_at for draw in drawn):
        return None
    if not _reaches(drawn, repaid_at, owed, MOST_BPS):
        return None
    least, most = 0, MOST_BPS
    while least < most:
        middle = (least + most) // 2
        if _reaches(drawn, repaid_at, owed, middle):
            most = middle
        else:
            least = middle + 1
    return most


def _reaches(draws: Sequence[PaidOut], repaid_at: int, owed: int, rate_bps: int) -> bool:
    with localcontext() as context:
        context.prec = _DIGITS
        growth = 1 + Decimal(rate_bps) / 10_000
        grown = sum(draw.amount * growth ** (Decimal(repaid_at - draw.at) / YEAR_SECONDS) for draw in draws)
        return grown >= owed
