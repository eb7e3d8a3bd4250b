"""Windows of readings, pure: which one a reading belongs to, what it comes to, and the document that says so.

The same readings give the same bytes, in whatever order they came. What no sensor measured is never filled in: a window
tells its first and its last reading's moment, and a window without readings does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

from oracles.mqtt.readings import EPOCH, About, Reading, Series, device_uri
from standards import strict_json

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
NAMESPACE: Final = "urn:portolan:sensor:"
MEAN_DIGITS: Final = 3
"""How many decimals more than its finest reading a mean has; the last is rounded, a half to the even digit."""
_PRECISION: Final = 60
ALARM: Final = "ALARM_CONDITION"


@dataclass(frozen=True)
class Summary:
    """What a window's readings come to. `first` and `last` are moments of readings, not the window's bounds."""

    count: int
    least: Decimal
    greatest: Decimal
    mean: Decimal
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Window:
    """A period [start, end), aligned to 1970 in UTC. `part` counts the documents about it from 1."""

    start: datetime
    seconds: int
    part: int = 1

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


def window_of(at: datetime, seconds: int) -> datetime:
    """The start of the window that a moment lies in."""
    return at - (at - EPOCH) % timedelta(seconds=seconds)


def summary(readings: Collection[Reading]) -> Summary:
    """Exact but for the mean, which is rounded once. Raises ValueError where there are no readings."""
    values = [reading.value for reading in readings]
    moments = [reading.at for reading in readings]
    finest = max(_decimals(value) for value in values)
    total = sum((Fraction(value) for value in values), Fraction(0))
    return Summary(len(values), min(values), max(values), _mean(total, len(values), finest), min(moments), max(moments))


def _mean(total: Fraction, count: int, finest: int) -> Decimal:
    scale = 10 ** (finest + MEAN_DIGITS)
    whole = round(total * scale / count)
    exact = Decimal(whole).scaleb(-(finest + MEAN_DIGITS), Context(prec=_PRECISION))
    # Without the zeros at its end, and without the exponent that stripping them would leave.
    return Decimal(f"{exact.normalize(Context(prec=_PRECISION)):f}") if exact else Decimal(0)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def window_document(series: Series, about: About, window: Window, readings: Collection[Reading]) -> bytes | None:
    """The window as an EPCIS document; None where all that it would say went out at once (a door left open)."""
    found = summary(readings)
    report: dict[str, Any] = {"type": series.type}
    if series.is_door:
        # Of one moment the open door counts: it is what must not be missed.
        last = max(readings, key=lambda its: (its.at, its.value))
        if last.value == 1:
            return None
        report |= {"booleanValue": False, "time": _text(last.at)}
    else:
        report |= {"minValue": found.least, "maxValue": found.greatest, "meanValue": found.mean}
    metadata = {
        "startTime": _text(found.first),
        "endTime": _text(found.last),
        "portolan:windowStart": _text(window.start),
        "portolan:windowEnd": _text(window.end),
        "portolan:part": str(window.part),
        "portolan:count": str(found.count),
    }
    return _document(series, about, found.last, metadata, report)


def alert_document(about: About, reading: Reading) -> bytes:
    """One reading that does not wait for its window."""
    report: dict[str, Any] = {"type": reading.series.type}
    if reading.series.is_door:
        report["booleanValue"] = reading.value == 1
    else:
        report["value"] = reading.value
    if reading.alarm:
        report["exception"] = ALARM
    metadata = {"time": _text(reading.at)}
    if reading.sequence:
        metadata["portolan:sequence"] = reading.sequence
    return _document(reading.series, about, reading.at, metadata, report)


def series_name(series: Series, about: About) -> str:
    """Names device, consignment and measurement of a window, of one length."""
    parts = (series.device, canonical_json(about), series.type, series.uom, series.component)
    return sha256(json.dumps(parts).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """One text for what says the same, whatever the order of keys."""
    return strict_json.write(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _document(
    series: Series, about: About, at: datetime, metadata: Mapping[str, Any], report: Mapping[str, Any]
) -> bytes:
    known = dict(about)
    prefixes = {"portolan": NAMESPACE} | dict(known.pop("@context", {}))
    more = {"uom": series.uom, "component": series.component}
    event = {
        "type": "ObjectEvent",
        "eventTime": _text(at),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "sensor_reporting",
        "epcList": [],
        **known,
        "sensorElementList": [
            {
                "sensorMetadata": {"deviceID": device_uri(series.device), **metadata},
                "sensorReport": [{**report, **{name: value for name, value in more.items() if value}}],
            }
        ],
    }
    document = {
        "@context": [CONTEXT, prefixes],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        # Of the readings, not of this machine's clock: the same window is the same bytes whenever it is made.
        "creationDate": _text(at),
        "epcisBody": {"eventList": [event]},
    }
    return strict_json.write(document).encode()


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
