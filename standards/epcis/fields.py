"""The kinds of value that EPCIS fields have, each with the check that the standard's schema makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, PlainValidator, Strict, StrictStr, StringConstraints
from pydantic_core import PydanticCustomError

from standards.epcis.times import instant
from standards.epcis.vocabulary import BY_NAME

_CHARACTERS: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})"
_ADDRESS: Final = r"(?://(?:[^/?#\[\]@]*@)?\[[0-9A-Fa-fVv:.]+\](?::\d*)?(?=[/?#]|$))?"
_URI: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:{_ADDRESS}{_CHARACTERS}*(?:\?(?:{_CHARACTERS}|\?)*)?(?:\#(?:{_CHARACTERS}|\?)*)?",
    re.ASCII,
)
_OLD_VOCABULARY: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_WEB_MEASURES: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")
_SHOWN: Final = 80
_OFFSET: Final = r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)$"


def is_uri(text: str) -> bool:
    """Whether `text` is an absolute URI (RFC 3986); `prefix:local` counts."""
    return _URI.fullmatch(text) is not None


def not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Raises when a list that the standard wants filled is empty."""
    if not values:
        raise PydanticCustomError("empty", "the list is empty")
    return values


def _uri(text: str) -> str:
    if not is_uri(text):
        raise PydanticCustomError("uri", "{value} is not a URI", {"value": repr(text)})
    return text


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("instant", "a time must be text such as 2026-05-28T09:30:00+02:00")
    try:
        return instant(value)
    except ValueError as error:
        raise PydanticCustomError("instant", "{why}", {"why": str(error)}) from error


def _number(value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("number", "it must be a number")
    return Decimal(repr(value)) if isinstance(value, float) else value


def _amount(value: Any) -> int | Decimal:
    amount = _number(value)
    if amount < 0:
        raise PydanticCustomError("number", "{amount} is negative", {"amount": str(amount)})
    return amount


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _context(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, dict) and not (isinstance(item, str) and is_uri(item)):
            message = "{item} is neither the URL of a context nor an object of prefixes"
            raise PydanticCustomError("context", message, {"item": repr(item)[:_SHOWN]})
        if item in items[:index]:
            raise PydanticCustomError("context", "{item} is listed twice", {"item": repr(item)[:_SHOWN]})
    return value


def _term(vocabulary: str, refused: re.Pattern[str] = _OLD_VOCABULARY) -> Callable[[str], str]:
    words, _ = BY_NAME[vocabulary]

    def check(text: str) -> str:
        if text in words or (is_uri(text) and not refused.match(text)):
            return text
        message = "{value} is neither a word of the vocabulary ({name}) nor a URI of one's own"
        raise PydanticCustomError("term", message, {"value": repr(text), "name": vocabulary})

    return check


Uri = Annotated[StrictStr, AfterValidator(_uri)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Number = Annotated[int | Decimal, PlainValidator(_number)]
Amount = Annotated[int | Decimal, PlainValidator(_amount)]
Uris = Annotated[tuple[Uri, ...], Strict(False), BeforeValidator(_as_list)]
Unit = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z0-9]{2,3}$")]
Hexadecimal = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Fa-f0-9]+$")]
Version = Annotated[StrictStr, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")]
ContextDeclaration = Annotated[Any, AfterValidator(_context)]
Offset = Annotated[StrictStr, StringConstraints(pattern=_OFFSET)]
BusinessStep = Annotated[StrictStr, AfterValidator(_term("bizStep"))]
Disposition = Annotated[StrictStr, AfterValidator(_term("disposition"))]
TransactionType = Annotated[StrictStr, AfterValidator(_term("bizTransactionType"))]
PartyType = Annotated[StrictStr, AfterValidator(_term("partyType"))]
ErrorReason = Annotated[StrictStr, AfterValidator(_term("reason"))]
Component = Annotated[StrictStr, AfterValidator(_term("component"))]
Measurement = Annotated[StrictStr, AfterValidator(_term("measurement", _WEB_MEASURES))]
Alert = Annotated[StrictStr, AfterValidator(_term("alert", _WEB_MEASURES))]
