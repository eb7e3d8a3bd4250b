"""Money as integers: exact decimals on paper become minor units by ISO 4217, never through a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, localcontext
from functools import cache
from typing import Final

from iso4217 import Currency

# xs:decimal, bounded: more digits than this is not an amount anyone invoices.
PLAIN_DECIMAL: Final = re.compile(r"[+-]?(\d{1,30}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)

# Python's default of 28 digits rounds in silence; here rounding is an error.
EXACT: Final = Context(prec=80, traps=[Inexact])


class MoneyInvalid(ValueError):
    """What stands on the paper cannot become an amount of money."""


class CurrencyUnknown(MoneyInvalid):
    """ISO 4217 does not list the code, or gives it no minor unit (gold, test codes)."""

    def __init__(self, code: str) -> None:
        super().__init__(f"currency {code!r} has no minor unit in ISO 4217")
        self.code = code


class AmountInexact(MoneyInvalid):
    """The amount has more decimals than its currency has minor units."""

    def __init__(self, value: Decimal, code: str, minor_units: int) -> None:
        super().__init__(f"{value} {code} does not fit into the {minor_units} decimals of {code}")
        self.value = value
        self.code = code


def decimal(text: str) -> Decimal:
    """Read a plain decimal number. Raises MoneyInvalid for exponents, separators, signs alone and endless digits."""
    stripped = text.strip()
    if not PLAIN_DECIMAL.fullmatch(stripped):
        raise MoneyInvalid(f"{stripped[:40]!r} is not a plain decimal number")
    return Decimal(stripped)


@cache
def minor_units(code: str) -> int:
    """Return how many decimals the currency has: EUR 2, JPY 0, KWD 3. Raises CurrencyUnknown."""
    try:
        exponent = Currency(code).exponent
    except ValueError:
        raise CurrencyUnknown(code) from None
    if exponent is None:
        raise CurrencyUnknown(code)
    return int(exponent)


def to_minor(value: Decimal, code: str) -> int:
    """Return the amount in minor units. Raises AmountInexact rather than round, CurrencyUnknown for the code."""
    decimals = minor_units(code)
    scaled = value.scaleb(decimals, EXACT)
    whole = int(scaled)
    if whole != scaled:
        raise AmountInexact(value, code, decimals)
    return whole


def from_minor(amount: int, code: str) -> Decimal:
    """Return the amount in the currency's main unit. Raises CurrencyUnknown."""
    return Decimal(amount).scaleb(-minor_units(code), EXACT)


def written(value: Decimal, code: str) -> str:
    """Return the amount as people read it, with the currency's decimals (`1000.00 NOK`); as it stands where it has
    more of them, or the currency none."""
    try:
        return f"{from_minor(to_minor(value, code), code):f} {code}"
    except MoneyInvalid:
        return f"{value:f} {code}"


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    with localcontext(EXACT):
        return sum(values, Decimal(0))
