"""Kinds of values in lists: how a query writes them, what the database compares, how a cursor keeps them."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, get_args

from sqlalchemy import BigInteger, Numeric, cast

from api.values import HEX32_PATTERN, days

_SMALL: Final = 2**31 - 1
_LARGE: Final = 10**18 - 1
_LONGEST_TEXT: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Units: Final = Numeric(78, 0).with_variant(BigInteger(), "sqlite")


@dataclass(frozen=True)
class Kind:
    """One kind of values. `read` makes of a query's text what the database has, or raises ValueError; `meaning` says
    what the text should have been; `least` stands for nothing when a list is sorted."""

    meaning: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    least: Any
    greatest: int = _LARGE
    ordered: bool = True
    sortable: bool = True
    comparable: Callable[[Any], Any] = lambda expression: expression

    def frozen(self, value: Any) -> Any:
        """A value by which a list is sorted, as a cursor keeps it."""
        if isinstance(value, datetime):
            return value.isoformat()
        return int(value) if isinstance(value, Decimal) else value

    def thawed(self, kept: Any) -> Any:
        """The value again; ValueError where no cursor of ours says so."""
        if isinstance(self.least, datetime):
            return _timestamp(kept)
        if type(kept) is not type(self.least):
            raise ValueError("another type")
        if isinstance(kept, int) and not -self.greatest - 1 <= kept <= self.greatest:
            raise ValueError("out of range")
        return _storable(kept) if isinstance(kept, str) else kept


def _storable(text: str) -> str:
    """Any text that a row may have, so that a list takes its own cursors; UnicodeEncodeError for surrogates."""
    if "\0" in text:
        raise ValueError("no database has that")
    text.encode()
    return text


def _printable(text: str) -> str:
    """Text as people write it, whatever its spaces; but for control characters."""
    if len(text) > _LONGEST_TEXT or any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("not printable, or too long")
    return text


def _matching(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError("another form")
        return text

    return read


def _whole(digits: int) -> Callable[[str], int]:
    form = _matching(rf"(0|[1-9][0-9]{{0,{digits - 1}}})")
    return lambda text: int(form(text))


def _date(text: str) -> date:
    return date.fromisoformat(_matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(text))


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def _timestamp(text: Any) -> datetime:
    # In a query a plus that was not escaped arrives as a space.
    said = re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", str(text))
    if _MOMENT.fullmatch(said) is None:
        raise ValueError("another form")
    try:
        moment = datetime.fromisoformat(said.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
    if not 1970 <= moment.year <= 9998:
        raise ValueError("beyond what databases agree on")
    return moment


def _seconds(text: str) -> int:
    moment = _timestamp(text)
    if moment.microsecond:
        raise ValueError("the chain counts whole seconds")
    return int(moment.timestamp())


def _flag(text: str) -> bool:
    return _matching("true|false")(text) == "true"


def words(*names: Any) -> Kind:
    """One of some words: given one by one, as a `Literal` or as a `StrEnum`."""
    known = [str(word) for name in names for word in (get_args(name) or ([name] if isinstance(name, str) else name))]
    form = _matching("|".join(re.escape(word) for word in known))
    return Kind(f"one of {', '.join(known)}", {"type": "string", "enum": known}, form, "", ordered=False)


def text_of(pattern: str, meaning: str) -> Kind:
    """Text of one form, such as an id."""
    bare = pattern.removeprefix("^").removesuffix("$")
    return Kind(meaning, {"type": "string", "pattern": f"^{bare}$"}, _matching(bare), "", ordered=False)


def units(expression: Any) -> Any:
    """A column of amounts, which are kept as text, as a number that a query can reckon with and compare."""
    return cast(expression, _Units)


TEXT: Final = Kind(
    f"up to {_LONGEST_TEXT} printable characters",
    {"type": "string", "maxLength": _LONGEST_TEXT, "pattern": r"^[ -~]*$"},
    _printable,
    "",
    ordered=False,
)
HEX32: Final = text_of(HEX32_PATTERN, "0x and 64 lower-case hexadecimal digits")
LEI: Final = text_of(r"^[0-9A-Z]{18}[0-9]{2}$", "an LEI: 20 characters")
CURRENCY: Final = text_of(r"^[A-Z]{3}$", "a currency's ISO 4217 code, such as EUR")
NUMBER: Final = Kind(
    "a number without sign or leading zeros",
    {"type": "string", "pattern": "^(0|[1-9][0-9]{0,17})$"},
    _whole(18),
    -1,
)
COUNT: Final = Kind(
    "a whole number of up to 9 digits",
    {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    _whole(9),
    -1,
    greatest=_SMALL,
)
UNITS: Final = Kind(
    "minor units: a whole number of up to 18 digits",
    {"type": "string", "pattern": "^(0|[1-9][0-9]{0,17})$"},
    _whole(18),
    -1,
    greatest=2**63 - 1,
    comparable=units,
)
"""Columns of `units_column()`: they are text, so that they are compared as numbers and no index serves them."""
SIGNED_UNITS: Final = Kind(
    "a whole number of up to 18 digits, perhaps with a minus",
    {"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,17})$"},
    lambda text: int(_matching("0|-?[1-9][0-9]{0,17}")(text)),
    -(2**63),
    greatest=2**63 - 1,
    comparable=units,
)
"""As `UNITS`, of values that may be below zero."""
DAY: Final = Kind(
    "a day, such as 2026-05-04",
    {"type": "string", "format": "date"},
    lambda text: days(_date(text)),
    -1,
    greatest=_SMALL,
)
"""Columns of days since 1970-01-01."""
DAY_TEXT: Final = Kind(DAY.meaning, DAY.schema, lambda text: _date(text).isoformat(), "")
"""Columns of days as text."""
_RFC3339: Final = {"type": "string", "format": "date-time"}
MOMENT: Final = Kind("a moment in whole seconds, such as 2026-05-04T09:00:00Z", _RFC3339, _seconds, -1)
"""Columns of Unix seconds."""
TIMESTAMP: Final = Kind("a moment, such as 2026-05-04T09:00:00.5Z", _RFC3339, _timestamp, _EPOCH)
"""Columns of `UtcDateTime`."""
FLAG: Final = Kind("true or false", {"type": "boolean"}, _flag, False, ordered=False, sortable=False)
