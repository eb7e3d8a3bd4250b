"""How values of the chain stand in tables and in JSON: amounts as whole numbers of any size, ids as 0x hexadecimal."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Column, Dialect, String, TypeDecorator

HEX32_PATTERN = r"^0x[0-9a-f]{64}$"
Hex32 = Annotated[str, StringConstraints(pattern=HEX32_PATTERN)]
"""A 32-byte id: `0x` and 64 lower-case hexadecimal digits."""
Lei = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

MOST_UNITS = 2**56 - 1
"""The most minor units that the contracts book as one amount."""
_EPOCH = date(1970, 1, 1)
T = TypeVar("T")


class Amount(BaseModel):
    """Money: a whole number of the currency's minor units, as text, and its ISO 4217 code."""

    model_config = ConfigDict(json_schema_extra={"example": {"amount": "10000000", "currency": "EUR"}})

    amount: Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,77})$")]
    currency: Currency

    @property
    def units(self) -> int:
        return int(self.amount)

    @classmethod
    def of(cls, units: int, currency: str) -> "Amount":
        return cls(amount=str(units), currency=currency)


class PositiveAmount(Amount):
    """An amount that can be moved: from 1 to 2^56 - 1 minor units."""

    amount: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,15}$")]


class Page(BaseModel, Generic[T]):
    """A part of a list, the newest first."""

    items: list[T]
    next: str | None = Field(default=None, description="pass as `before` for what follows; null at the end")


Limit = Annotated[int, Query(ge=1, le=200, description="most items in the answer")]
Before = Annotated[str | None, Query(max_length=100, description="`next` of the previous answer")]


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


def hex32(value: int | bytes | str) -> str:
    """An id or hash as `0x` and 64 lower-case hexadecimal digits."""
    if isinstance(value, str):
        value = bytes.fromhex(value.removeprefix("0x"))
    return f"0x{value:064x}" if isinstance(value, int) else f"0x{value.hex():0>64}"


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
