"""A declared mapping: where in a device's own JSON the readings stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, field_validator, model_validator

from oracles.mqtt.readings import EPOCH, PayloadRefused, Reading, Series, about_of, checked_value
from oracles.mqtt.windows import canonical_json
from oracles.setting_tables import SettingTable
from standards import strict_json
from standards.epcis import DOOR_TYPE, ReferenceKind, vocabulary
from standards.epcis.times import instant
from standards.errors import StandardsError

DOOR: Final = "door"
MOST_READINGS: Final = 1000
"""In one message."""
_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d{1,4})\]|\['([^']+)'\]")
_PATH: Final = re.compile(rf"[$@](?:{_STEP.pattern})*")
_VARIABLE: Final = re.compile(r"\{([a-z_]+)\}")
_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_ABSENT: Final = object()
_EXACT: Final = Context(prec=100)
MOST_FACTOR_DIGITS: Final = 20

Scalar = bool | int | Decimal | str


class TimeForm(StrEnum):
    RFC3339 = "rfc3339"
    UNIX = "unix"
    """Seconds since 1970, UTC, with or without a fraction."""
    UNIX_MS = "unix_ms"


class ValueMapping(SettingTable):
    """One measurement of a message. A door is `type = "door"`; of anything else `uom` says the unit of `value`."""

    path: str
    type: str
    uom: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] | None = None
    factor: Decimal = Decimal(1)
    """What the number is multiplied with to be in the unit, as for tenths of a degree."""
    optional: bool = False
    open: tuple[Scalar, ...] = (True,)
    closed: tuple[Scalar, ...] = (False,)

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        return checked_path(value)

    @model_validator(mode="after")
    def _is_a_measurement(self) -> ValueMapping:
        if self.type == DOOR:
            if self.uom is not None:
                raise ValueError("a door has no unit (uom)")
            if _written(self.open) & _written(self.closed):
                raise ValueError("open and closed must differ")
            return self
        if self.type not in vocabulary.MEASUREMENTS:
            raise ValueError(f"{self.type!r} is neither 'door' nor a measurement of EPCIS, as Temperature is")
        if self.uom is None:
            raise ValueError(f"{self.type} needs its unit (uom), as CEL for degrees Celsius")
        if not self.factor.is_finite() or not self.factor or len(f"{self.factor:f}") > MOST_FACTOR_DIGITS:
            raise ValueError(f"factor must be a number other than 0 of at most {MOST_FACTOR_DIGITS} signs")
        return self


class PayloadMapping(SettingTable):
    """Paths begin with `$` (the message) or `@` (an entry of `each`); `{name}` is a part of the topic."""

    topic: str = ""
    """The topic with its variable parts named, as in `fleet/{device}/telemetry`."""
    device: str
    time: str
    time_form: TimeForm = TimeForm.RFC3339
    sequence: str | None = None
    each: str | None = None
    """Path of a list that holds several readings, each with its own time."""
    alarm: str | None = None
    alarm_values: tuple[Scalar, ...] = (True,)
    references: dict[ReferenceKind, str] = Field(default_factory=dict)
    """Where the message itself says which consignment it is about; else the table of devices does."""
    values: Annotated[tuple[ValueMapping, ...], Field(min_length=1)]

    @field_validator("device", "time", "sequence", "alarm")
    @classmethod
    def _source(cls, value: str | None) -> str | None:
        return value if value is None else _checked_source(value)

    @field_validator("each")
    @classmethod
    def _each(cls, value: str | None) -> str | None:
        return value if value is None else checked_path(value)

    @field_validator("references")
    @classmethod
    def _references(cls, value: dict[ReferenceKind, str]) -> dict[ReferenceKind, str]:
        return {kind: _checked_source(source) for kind, source in value.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> PayloadMapping:
        sources = [self.device, self.time, self.sequence, self.alarm, *self.references.values()]
        used = {name for source in sources if source for name in _variables(source)}
        unknown = sorted(used - set(_VARIABLE.findall(self.topic)))
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is no part of the topic {self.topic!r}")
        paths = [source for source in sources if source] + [value.path for value in self.values]
        if self.each is None and any(path.startswith("@") for path in paths):
            raise ValueError("a path that begins with @ needs 'each', the list whose entries it starts at")
        if self.each is not None and self.each.startswith("@"):
            raise ValueError("'each' begins with $")
        return self


def checked_path(text: str) -> str:
    """Raises ValueError."""
    if _PATH.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a path as in $.data[0].temperature or @['temp C']")
    return text


def mapped_readings(mapping: PayloadMapping, topic: str, payload: bytes) -> Iterator[Reading]:
    """Every reading of a message. Raises PayloadRefused, StandardsError."""
    variables = _topic_parts(mapping.topic, topic)
    root = strict_json.parse(payload, max(len(payload), 1))
    entries = [root] if mapping.each is None else _entries(mapping.each, root)
    for entry in entries:
        yield from _readings(mapping, _Place(root, entry, variables))


class _Place:
    """Where paths and variables lead in one entry of a message."""

    def __init__(self, root: Any, entry: Any, variables: Mapping[str, str]) -> None:
        self._root, self._entry, self._variables = root, entry, variables

    def find(self, source: str) -> Any:
        if source[:1] in "$@":
            return _at(source, self._entry if source.startswith("@") else self._root)
        return _VARIABLE.sub(lambda match: self._variables[match[1]], source)

    def text(self, source: str, what: str) -> str:
        """A name or number as text. Raises PayloadRefused."""
        found = self.find(source)
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            found = f"{found:f}" if isinstance(found, Decimal) else str(found)
        if not isinstance(found, str) or not found.strip():
            raise PayloadRefused(f"no {what}", f"{source} is {_kind(found)}")
        return found.strip()


def _readings(mapping: PayloadMapping, place: _Place) -> Iterator[Reading]:
    device, at = place.text(mapping.device, "device"), _moment(mapping, place)
    sequence = "" if mapping.sequence is None else place.text(mapping.sequence, "sequence")
    alarm = mapping.alarm is not None and _one_of(place.find(mapping.alarm), mapping.alarm_values)
    about = _about(mapping, place)
    for declared in mapping.values:
        value = _value(declared, place.find(declared.path))
        if value is not None:
            kind = DOOR_TYPE if declared.type == DOOR else declared.type
            yield Reading(Series(device, about, kind, declared.uom or ""), at, value, sequence[:64], alarm)


def _moment(mapping: PayloadMapping, place: _Place) -> datetime:
    text = place.text(mapping.time, "time")
    try:
        if mapping.time_form is TimeForm.RFC3339:
            return instant(text)
        scale = 1 if mapping.time_form is TimeForm.UNIX else 1000
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f"{text!r} is not a number of {'seconds' if scale == 1 else 'milliseconds'} since 1970")
        return EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000 / scale))
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise PayloadRefused("no time", str(error)) from error


def _about(mapping: PayloadMapping, place: _Place) -> str:
    if not mapping.references:
        return ""
    kinds = {kind: place.text(source, kind) for kind, source in mapping.references.items()}
    try:
        return canonical_json(about_of(kinds))
    except StandardsError as error:
        raise PayloadRefused("no reference", str(error)) from error


def _value(declared: ValueMapping, found: Any) -> Decimal | None:
    """None where an optional value is not there. Raises PayloadRefused."""
    if found is _ABSENT or found is None:
        if declared.optional:
            return None
        raise PayloadRefused("no value", f"{declared.path} is {_kind(found)}")
    if declared.type == DOOR:
        for values, number in ((declared.open, 1), (declared.closed, 0)):
            if _one_of(found, values):
                return Decimal(number)
        raise PayloadRefused("no value", f"{declared.path} is neither of the values of an open nor of a closed door")
    if isinstance(found, str) and _NUMBER.fullmatch(found):
        found = Decimal(found)
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise PayloadRefused("no value", f"{declared.path} is {_kind(found)}, not a number")
    return checked_value(_EXACT.multiply(checked_value(found), declared.factor))


def _one_of(found: Any, values: tuple[Scalar, ...]) -> bool:
    """In JSON, true is not 1."""
    return not isinstance(found, dict | list) and found is not _ABSENT and _sign(found) in _written(values)


def _written(values: tuple[Scalar, ...]) -> set[tuple[str, str]]:
    return {_sign(value) for value in values}


def _sign(value: Any) -> tuple[str, str]:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return "number", str(Decimal(value).normalize())
    return type(value).__name__, str(value)


def _entries(path: str, root: Any) -> list[Any]:
    found = _at(path, root)
    if not isinstance(found, list):
        raise PayloadRefused("no readings", f"{path} is {_kind(found)}, not a list")
    if len(found) > MOST_READINGS:
        raise PayloadRefused("too large", f"{path} has {len(found)} entries, of {MOST_READINGS} that are read")
    return found


def _at(path: str, start: Any) -> Any:
    here = start
    for match in _STEP.finditer(path, 1):
        name, number = match[1] or match[3], match[2]
        if number is not None:
            here = here[int(number)] if isinstance(here, list) and int(number) < len(here) else _ABSENT
        else:
            here = here.get(name, _ABSENT) if isinstance(here, dict) else _ABSENT
    return here


def _topic_parts(pattern: str, topic: str) -> dict[str, str]:
    """What stands in the topic where the pattern has names. Raises PayloadRefused where it is another topic."""
    if not pattern:
        return {}
    pieces = _VARIABLE.split(pattern)
    shape = "".join(f"(?P<{piece}>[^/]+)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
    match = re.fullmatch(shape, topic)
    if match is None:
        raise PayloadRefused("other topic", f"{topic[:100]!r} is not {pattern}")
    return match.groupdict()


def _checked_source(text: str) -> str:
    if text[:1] in ("$", "@"):
        return checked_path(text)
    if not text:
        raise ValueError("it is empty; name a path, or a {part} of the topic")
    return text


def _variables(source: str) -> list[str]:
    return [] if source[:1] in ("$", "@") else _VARIABLE.findall(source)


def _kind(found: Any) -> str:
    if found is _ABSENT:
        return "not there"
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(found), "a number")
