"""How values of the chain stand in tables and in JSON: amounts as whole numbers of any size, ids as 0x hexadecimal."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Generic, TypeVar

import iso4217
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from sqlalchemy import Column, Dialect, String, TypeDecorator

HEX32_PATTERN = r"^0x[0-9a-f]{64}$"
Hex32 = Annotated[str, StringConstraints(pattern=HEX32_PATTERN)]
"""A 32-byte id: `0x` and 64 lower-case hexadecimal digits."""
Lei = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

MOST_UNITS = 2**56 - 1
"""The most minor units that the contracts book as one amount."""
_EPOCH = date(1970, 1, 1)
_MOST_DAYS = 2**16 - 1
"""The chain counts days since 1970-01-01 in 16 bits."""
T = TypeVar("T")


def _countable_moment(value: datetime) -> datetime:
    if value < datetime(1970, 1, 1, tzinfo=UTC):
        raise ValueError("the chain's clock begins in 1970")
    return value


def _countable_day(value: date) -> date:
    if not 0 <= days(value) <= _MOST_DAYS:
        raise ValueError(f"the chain counts days from {_EPOCH} to {day(_MOST_DAYS)}")
    return value


def _said_as_day(value: Any) -> Any:
    """Pydantic takes numbers for days, too: seconds since 1970, even as text."""
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        return value
    raise ValueError("must be a day, such as 2026-05-04")


def _said_as_moment(value: Any) -> Any:
    """Likewise for moments."""
    if isinstance(value, datetime) or (isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}[Tt ]", value)):
        return value
    raise ValueError("must be a moment with its zone, such as 2026-05-04T09:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_said_as_moment), AfterValidator(_countable_moment)]
"""A moment that the chain's clock can show."""
Day = Annotated[date, BeforeValidator(_said_as_day), AfterValidator(_countable_day)]
"""A day that the chain can count."""
Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]
"""The number of a facility or financing."""
Quantity = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")]
"""Goods in thousandths of their unit: a whole number above 0, as text."""


@cache
def _places(currency: str) -> int:
    """The currency's decimal places; ValueError where ISO 4217 does not know it."""
    return int(iso4217.Currency(currency).exponent or 0)


class Amount(BaseModel):
    """Money: a whole number of the currency's minor units, as text, and its ISO 4217 code."""

    model_config = ConfigDict(json_schema_extra={"example": {"amount": "10000000", "currency": "EUR"}})

    amount: Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,77})$")]
    currency: Currency

    @property
    def units(self) -> int:
        return int(self.amount)

    @property
    def said(self) -> str:
        """For people: `EUR 100,000.00`; minor units where the currency is none that ISO 4217 knows."""
        try:
            places = _places(self.currency)
        except ValueError:
            return f"{self.currency} {self.amount} minor units"
        return f"{self.currency} {Decimal(self.units).scaleb(-places):,.{places}f}"

    @property
    def decimal(self) -> str:
        """In whole units of the currency, for programs and spreadsheets: `-1234.50`; minor units where the currency is
        none that ISO 4217 knows."""
        try:
            places = _places(self.currency)
        except ValueError:
            return self.amount
        return f"{Decimal(self.units).scaleb(-places):.{places}f}"

    @classmethod
    def of(cls, units: int, currency: str) -> "Amount":
        return cls(amount=str(units), currency=currency)


def amount_of(units: int, currency: str) -> dict[str, str]:
    """As `Amount.of` dumped, at a tenth of its cost: of long histories amounts are told by the million."""
    return {"amount": str(units), "currency": _checked(currency)}


@cache
def _checked(currency: str) -> str:
    return Amount.of(0, currency).currency


_POSITIVE: Final = r"^[1-9][0-9]{0,15}$"
_POSITIVE_OR_NOTHING: Final = r"^(0|[1-9][0-9]{0,15})$"
WORDS: Final = {
    _POSITIVE: "must be minor units: a whole number of up to 16 digits, more than 0, without sign or leading zeros",
    _POSITIVE_OR_NOTHING: "must be minor units: a whole number of up to 16 digits, without sign or leading zeros",
}
"""What a value should have been, in place of the pattern that it does not match."""


class PositiveAmount(Amount):
    """An amount that can be moved: from 1 to 2^56 - 1 minor units."""

    amount: Annotated[str, StringConstraints(pattern=_POSITIVE)]


class AmountOrNothing(Amount):
    """An amount from 0 to 2^56 - 1 minor units."""

    amount: Annotated[str, StringConstraints(pattern=_POSITIVE_OR_NOTHING)]


class Page(BaseModel, Generic[T]):
    """A part of a list, in the order that was asked for."""

    items: list[T]
    next: str | None = Field(default=None, description="pass as `cursor` for what follows; null at the end")


class WholeNumber(TypeDecorator[int]):
    """An integer of up to 256 bits as decimal text: neither SQLite nor a driver ever turns it into a float."""

    impl = String(80)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


def units_column() -> Column[Any]:
    """A column for an amount in minor units, or for any number that may exceed 64 bits."""
    return Column(WholeNumber(), nullable=False)


def amounts(row: object, currency: str, *names: str) -> dict[str, Any]:
    """Attributes of a row that are amounts, as a view shows them under the same names."""
    return {name: Amount.of(getattr(row, name), currency) for name in names}


def in_block(row: Any) -> dict[str, Any]:
    """Where on chain a row comes from, as views show it."""
    return {"transaction_hash": row.transaction_hash, "block_number": row.block_number}


def hex32(value: int | bytes | str) -> str:
    """An id or hash as `0x` and 64 lower-case hexadecimal digits."""
    if isinstance(value, str):
        value = bytes.fromhex(value.removeprefix("0x"))
    return f"0x{value:064x}" if isinstance(value, int) else "0x" + value.hex().rjust(64, "0")


def is_hex32(text: str) -> bool:
    return re.match(HEX32_PATTERN, text) is not None


def moment(seconds: int) -> datetime:
    """A chain time (Unix seconds) as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def day(days: int) -> date:
    """A due date on chain (days since 1970-01-01) as a date."""
    return _EPOCH + timedelta(days=days)


def days(value: date) -> int:
    return (value - _EPOCH).days
