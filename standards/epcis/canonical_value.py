"""Values in the one form that the event hash takes them in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from standards.epcis.context import Context
from standards.epcis.vocabulary import from_urn
from standards.identifiers import canonical

_BEGINNINGS: Final = frozenset("0123456789+-.")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def canonical_text(value: Any, context: Context) -> str:
    """Trimmed; numbers (also those written as text) without needless signs; CBV terms and GS1 keys as URIs.

    Master data counts too: a lot written `007` is the number 7 to CBV 2.0, as it would be in XML, which has text only.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return canonical_number(value)
    text = plain_text(value)
    # A number begins with a digit, a sign or a point: most texts are told apart by that.
    if text[:1] in _BEGINNINGS and _NUMBER.fullmatch(text):
        return canonical_number(Decimal(text))
    return canonical(from_urn(context.expanded_value(text)))


def canonical_number(value: Any) -> str:
    """Without needless zeros, sign or point: 26.10 is 26.1, 26.0 is 26.

    Very small ones are written with an exponent, as the shortest text of a double, so that the known answers hold;
    what a double cannot hold exactly keeps all its digits.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{value!r} is not a number")
    number = Decimal(value)
    if number == number.to_integral_value():
        return str(int(number))
    shortest = repr(float(number))
    return shortest if Decimal(shortest) == number else f"{number.normalize():f}"


def plain_text(value: Any) -> str:
    """`value`, which must be text, without space around it."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value.strip()
