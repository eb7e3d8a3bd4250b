"""The price list: a format of our own, since no standard paper carries a bare market price.

    {"type": "PriceList", "observedAt": "2026-05-28T10:00:00Z",
     "prices": [{"name": "cocoa", "unit": "TNE", "currency": "EUR", "value": "7450.00"}],
     "rates": [{"base": "EUR", "quote": "USD", "value": "1.0834"}]}

`unit` is UN/CEFACT Recommendation 20, currencies are ISO 4217, `value` is a decimal text: so much of the currency for
one unit, or of the quote currency for one of the base. An entry may have an `observedAt` of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from iso4217 import Currency
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictStr,
    ValidationError,
    model_validator,
)

from standards import strict_json
from standards.epcis.fields import Instant
from standards.epcis.parts import Listing
from standards.errors import StandardsError
from standards.problems import Problem, problems_of, summary

PRICE_LIST: Final = "PriceList"
_MOST_DIGITS: Final = 24


class PriceListInvalid(StandardsError):
    """A file that names itself a price list and is none; `problems` holds each with its JSON pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"price list refused: {summary(problems)}")
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Quote:
    """So many units of the currency `quote` for one of `base`: a unit of goods of that `name`, or a currency."""

    name: str
    base: str
    quote: str
    value: Decimal
    observed_at: datetime

    @property
    def is_rate(self) -> bool:
        return not self.name


def _currency(code: str) -> str:
    try:
        Currency(code)
    except ValueError:
        raise ValueError(f"{code!r} is not an ISO 4217 currency") from None
    return code


def _value(text: Any) -> Decimal:
    if not isinstance(text, str):
        raise ValueError("it must be text, so that no digit of it is lost")
    if not text.replace(".", "", 1).isdecimal() or not text.isascii() or len(text) > _MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} is not a plain decimal number such as 7450.00")
    value = Decimal(text)
    if not value:
        raise ValueError("a price or a rate of 0 says nothing")
    return value


Code = Annotated[StrictStr, AfterValidator(_currency)]
Value = Annotated[Decimal, PlainValidator(_value)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Price(_Part):
    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    unit: Annotated[StrictStr, Field(pattern=r"^[A-Z0-9]{2,3}$")]
    currency: Code
    value: Value
    observed_at: Instant | None = Field(None, alias="observedAt")


class _Rate(_Part):
    base: Code
    quote: Code
    value: Value
    observed_at: Instant | None = Field(None, alias="observedAt")

    @model_validator(mode="after")
    def _two_currencies(self) -> Self:
        if self.base == self.quote:
            raise ValueError(f"{self.base} has no rate in itself")
        return self


class _PriceList(_Part):
    type: Literal["PriceList"]
    observed_at: Instant = Field(alias="observedAt")
    prices: Listing[_Price] = ()
    rates: Listing[_Rate] = ()


def parse_price_list(data: bytes, limit_bytes: int = strict_json.DEFAULT_LIMIT_BYTES) -> list[Quote]:
    """Its quotes in order, prices first. Raises PriceListInvalid with all problems, or JsonRefused."""
    value: Any = strict_json.parse(data, limit_bytes)
    try:
        listed = _PriceList.model_validate(value)
    except ValidationError as error:
        raise PriceListInvalid([_plain(problem) for problem in problems_of(error, ())]) from error
    moment = listed.observed_at
    prices = [Quote(its.name, its.unit, its.currency, its.value, its.observed_at or moment) for its in listed.prices]
    return prices + [Quote("", its.base, its.quote, its.value, its.observed_at or moment) for its in listed.rates]


def _plain(problem: Problem) -> Problem:
    return Problem(problem.pointer, problem.message.removeprefix("Value error, "))
