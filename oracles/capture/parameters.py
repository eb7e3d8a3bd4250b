"""The query language of EPCIS 2.0 in the query string: parameters to conditions on keys and times.

Values of a list are separated by `|`. A parameter that is not known here is refused, never left out: an answer that
ignored it would say something else than was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import parse_qsl

from oracles.capture.keys import CLASS, identifier, micros, term
from oracles.capture.problems import ParameterInvalid
from standards.epcis import Context, vocabulary
from standards.epcis.fields import is_uri
from standards.epcis.times import instant

Operator = Literal["EQ", "GT", "GE", "LT", "LE"]
Column = Literal["event_time", "record_time"]
Canonical = Callable[[str], str]

MOST_VALUES: Final = 100
MOST_PARAMETERS: Final = 64
DEFAULT_PAGE: Final = 30
PAGING: Final = ("perPage", "nextPageToken")
_COUNT: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_GS1: Final = Context()


@dataclass(frozen=True)
class OneOf:
    """A key of one of these names has one of these texts."""

    names: Sequence[str]
    texts: Sequence[str]


@dataclass(frozen=True)
class Number:
    """A key of this name has a number that compares so."""

    name: str
    operator: Operator
    value: float


@dataclass(frozen=True)
class Moment:
    """The event's own time, or that of its recording, compares so; microseconds since 1970."""

    column: Column
    operator: Operator
    value: int


@dataclass(frozen=True)
class OfType:
    types: Sequence[str]


@dataclass(frozen=True)
class Ids:
    """The event's id is one of these."""

    values: Sequence[str]


@dataclass(frozen=True)
class Declared:
    """The event is declared an error."""


Condition = OneOf | Number | Moment | OfType | Ids | Declared


@dataclass(frozen=True)
class Query:
    """`page_size` is what the client asked for. Without `order_by` events come as they were recorded."""

    conditions: Sequence[Condition] = ()
    order_by: Column | None = None
    descending: bool = True
    most: int | None = None
    """No more than the first so many (eventCountLimit)."""
    too_many: int | None = None
    """Beyond so many the query is refused (maxEventCount)."""
    page_size: int = DEFAULT_PAGE
    token: str | None = None
    about: str = ""
    """The same for every page of one query."""


def parse_query(query_string: str) -> Query:
    """Raises ParameterInvalid."""
    given = parameters(query_string)
    rest = {name: value for name, value in given.items() if name not in _CONTROLS}
    most, too_many = _count(given, "eventCountLimit"), _count(given, "maxEventCount")
    order_by = _choice(given, "orderBy", {"eventTime": "event_time", "recordTime": "record_time"})
    direction = _choice(given, "orderDirection", {"ASC": "", "DESC": "DESC"})
    if most is not None and too_many is not None:
        raise ParameterInvalid("eventCountLimit and maxEventCount exclude each other")
    if most is not None and order_by is None:
        raise ParameterInvalid("eventCountLimit needs orderBy: without it there is no first event")
    return Query(
        conditions=[_condition(name, value) for name, value in rest.items()],
        order_by="event_time" if order_by == "event_time" else "record_time" if order_by else None,
        descending=direction != "",
        most=most,
        too_many=too_many,
        page_size=_count(given, "perPage") or DEFAULT_PAGE,
        token=given.get("nextPageToken"),
        about=_about(given),
    )


def parse_paging(query_string: str) -> Query:
    """Of a list that only has pages. Raises ParameterInvalid."""
    given = parameters(query_string)
    for name in given:
        if name not in PAGING:
            raise ParameterInvalid(f"{name} is no parameter here; there are perPage and nextPageToken")
    size = _count(given, "perPage") or DEFAULT_PAGE
    return Query(page_size=size, token=given.get("nextPageToken"), about=_about({}))


def _about(given: Mapping[str, str]) -> str:
    asked = sorted((name, value) for name, value in given.items() if name not in PAGING)
    return sha256(repr(asked).encode()).hexdigest()[:16]


def parameters(query_string: str) -> dict[str, str]:
    """Each once. Raises ParameterInvalid."""
    try:
        pairs = parse_qsl(
            query_string,
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError as error:
        raise ParameterInvalid(f"the query string cannot be read: {error}") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ParameterInvalid(f"{name} is given twice; several values are separated by |")
        found[name] = value
    return found


def _condition(name: str, value: str) -> Condition:
    if name in _TEXTS:
        names, canonical = _TEXTS[name]
        return OneOf(names, [canonical(item) for item in _values(name, value)])
    if name in _MOMENTS:
        column, operator = _MOMENTS[name]
        return Moment(column, operator, _moment(name, value))
    if name in _NUMBERS:
        key, operator, read = _NUMBERS[name]
        return Number(key, operator, read(name, value))
    if name == "eventType":
        return OfType(_values(name, value))
    if name == "EQ_eventID":
        return Ids(_values(name, value))
    if name == "EXISTS_errorDeclaration" and value == "true":
        return Declared()
    for prefix, key, vocabulary_name in _TYPED:
        if name.startswith(prefix):
            kind = _term(vocabulary_name)(name.removeprefix(prefix)) if name != prefix else ""
            return OneOf([f"{key}_{kind}"], [identifier(item) for item in _values(name, value)])
    raise ParameterInvalid(_why_not(name, value))


def _why_not(name: str, value: str) -> str:
    if name == "EXISTS_errorDeclaration":
        return f"{name} can only ask for true, not for {value[:20]!r}"
    if name in ("WD_readPoint", "WD_bizLocation"):
        return f"{name} needs master data that say which place lies in which; none are kept here: use EQ_{name[3:]}"
    return f"{name[:100]} is no parameter that is understood here"


def _values(name: str, value: str) -> list[str]:
    values = value.split("|")
    if len(values) > MOST_VALUES:
        raise ParameterInvalid(f"{name} has {len(values)} values; {MOST_VALUES} may be asked for at once")
    if not all(values):
        raise ParameterInvalid(f"{name} has an empty value")
    return values


def _term(vocabulary_name: str) -> Canonical:
    def canonical(value: str) -> str:
        if not vocabulary.is_term(vocabulary_name, value):
            raise ParameterInvalid(f"{value[:100]!r} is neither a word of the CBV ({vocabulary_name}) nor a URI")
        return term(vocabulary_name, value, _GS1)

    return canonical


def _uri(value: str) -> str:
    if not is_uri(value):
        raise ParameterInvalid(f"{value[:100]!r} is not a URI")
    return identifier(value)


def _thing(value: str) -> str:
    """An EPC, or the pattern of its class; other patterns (`urn:epc:idpat:sgtin:0614141.*.*`) are refused."""
    link = identifier(value) if value.endswith("*") else _uri(value)
    if link.startswith("urn:epc:idpat:"):
        raise ParameterInvalid(f"{value[:100]} is no pattern that is understood here: only the last part may be *")
    return link


def _action(value: str) -> str:
    if value not in ("ADD", "OBSERVE", "DELETE"):
        raise ParameterInvalid(f"{value[:20]!r} is not one of ADD, OBSERVE, DELETE")
    return value


def _truth(value: str) -> str:
    if value not in ("true", "false"):
        raise ParameterInvalid(f"{value[:20]!r} is neither true nor false")
    return value


def _moment(name: str, value: str) -> int:
    try:
        return micros(instant(value))
    except ValueError as error:
        # In a query string a plus means a space.
        raise ParameterInvalid(f"{name}: {str(error)[:200]}; a + is written %2B") from error


def _number(name: str, value: str) -> float:
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ParameterInvalid(f"{name}: {value[:40]!r} is not a number") from error
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise ParameterInvalid(f"{name}: {value[:40]!r} is beyond the numbers that are kept here")
    return float(number)


def _count(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    if not _COUNT.fullmatch(given[name]):
        raise ParameterInvalid(f"{name} is a whole number from 1, not {given[name][:20]!r}")
    return int(given[name])


def _choice(given: Mapping[str, str], name: str, known: Mapping[str, str]) -> str | None:
    if name not in given:
        return None
    if given[name] not in known:
        raise ParameterInvalid(f"{name} is one of {', '.join(known)}, not {given[name][:40]!r}")
    return known[given[name]]


def _with_class(*names: str) -> tuple[str, ...]:
    return tuple(every for name in names for every in (name, name + CLASS))


_CONTROLS: Final = frozenset(
    {"orderBy", "orderDirection", "eventCountLimit", "maxEventCount", "perPage", "nextPageToken"}
)
_TEXTS: Final[Mapping[str, tuple[Sequence[str], Canonical]]] = {
    "EQ_action": (("action",), _action),
    "EQ_bizStep": (("bizStep",), _term("bizStep")),
    "EQ_disposition": (("disposition",), _term("disposition")),
    "EQ_persistentDisposition_set": (("persistentDisposition_set",), _term("disposition")),
    "EQ_persistentDisposition_unset": (("persistentDisposition_unset",), _term("disposition")),
    "EQ_readPoint": (("readPoint",), _uri),
    "EQ_bizLocation": (("bizLocation",), _uri),
    "EQ_transformationID": (("transformationID",), identifier),
    "MATCH_epc": (_with_class("epc"), _thing),
    "MATCH_parentID": (_with_class("parent"), _thing),
    "MATCH_inputEPC": (_with_class("input"), _thing),
    "MATCH_outputEPC": (_with_class("output"), _thing),
    "MATCH_anyEPC": (_with_class("epc", "parent", "input", "output"), _thing),
    "MATCH_epcClass": (_with_class("class"), _thing),
    "MATCH_inputEPCClass": (_with_class("inputClass"), _thing),
    "MATCH_outputEPCClass": (_with_class("outputClass"), _thing),
    "MATCH_anyEPCClass": (_with_class("class", "inputClass", "outputClass"), _thing),
    "EQ_errorReason": (("errorReason",), _term("reason")),
    "EQ_correctiveEventID": (("correctiveEventID",), str),
    "EQ_type": (("type",), _term("measurement")),
    "EQ_deviceID": (("deviceID",), _uri),
    "EQ_dataProcessingMethod": (("dataProcessingMethod",), _uri),
    "EQ_bizRules": (("bizRules",), _uri),
    "EQ_microorganism": (("microorganism",), _uri),
    "EQ_chemicalSubstance": (("chemicalSubstance",), _uri),
    "EQ_uriValue": (("uriValue",), _uri),
    "EQ_stringValue": (("stringValue",), str),
    "EQ_hexBinaryValue": (("hexBinaryValue",), str.upper),
    "EQ_booleanValue": (("booleanValue",), _truth),
}
_TYPED: Final = (
    ("EQ_bizTransaction_", "bizTransaction", "bizTransactionType"),
    ("EQ_source_", "source", "partyType"),
    ("EQ_destination_", "destination", "partyType"),
)
_MOMENTS: Final[Mapping[str, tuple[Column, Operator]]] = {
    "GE_eventTime": ("event_time", "GE"),
    "LT_eventTime": ("event_time", "LT"),
    "GE_recordTime": ("record_time", "GE"),
    "LT_recordTime": ("record_time", "LT"),
}
_SPANS: Final[Mapping[str, tuple[str, Operator]]] = {
    f"{operator}_{name}": (name, operator)
    for name in ("startTime", "endTime", "errorDeclarationTime")
    for operator in ("GE", "LT")
}
_QUANTITIES: Final[Mapping[str, tuple[str, Operator]]] = {
    f"{operator}_quantity": ("quantity", operator) for operator in ("EQ", "GT", "GE", "LT", "LE")
}
_NUMBERS: Final[Mapping[str, tuple[str, Operator, Callable[[str, str], float]]]] = {
    **{name: (*key, _moment) for name, key in _SPANS.items()},
    **{name: (*key, _number) for name, key in _QUANTITIES.items()},
}
