"""What the sensor reports of an event say of the goods' condition: temperature, humidity, shock, and open doors.

Values are whole thousandths of a degree Celsius, of a per cent of relative humidity, or of standard gravity; a door is
0 (closed) or 1 (open). Units are UN/CEFACT Recommendation 20. A conversion is exact until it is rounded, once, to the
nearest thousandth; a half away from zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from standards.epcis import vocabulary
from standards.epcis.events import EpcisEvent, StandardEvent
from standards.epcis.parts import SensorElement, SensorReport
from standards.epcis.references import OWN_NAMES
from standards.errors import StandardsError
from standards.problems import Problem, pointer

Condition = Literal["temperature", "humidity", "shock", "door"]

DOOR_TYPE: Final = f"{OWN_NAMES}measurement:door"
"""The CBV has no measurement of a door: this name, with `booleanValue`, true for open."""

_KINDS: Final[dict[str, Condition]] = {
    "Temperature": "temperature",
    "RelativeHumidity": "humidity",
    "Acceleration": "shock",
}
_ZERO_CELSIUS: Final = Fraction("273.15")
_STANDARD_GRAVITY: Final = Fraction("9.80665")

# What one unit is in the unit of the condition, and what is then added.
_UNITS: Final[dict[Condition, dict[str, tuple[Fraction, Fraction]]]] = {
    "temperature": {
        "CEL": (Fraction(1), Fraction(0)),
        "KEL": (Fraction(1), -_ZERO_CELSIUS),
        "FAH": (Fraction(5, 9), Fraction(-160, 9)),
    },
    "humidity": {"P1": (Fraction(1), Fraction(0))},
    "shock": {"K40": (Fraction(1), Fraction(0)), "MSK": (1 / _STANDARD_GRAVITY, Fraction(0))},
}
_MOST: Final = 2**31
_FAULT: Final = "ERROR_CONDITION"
_STEP: Final = timedelta(seconds=1)


class MeasurementRefused(StandardsError):
    """A sensor report of a condition that we know, in a form that says nothing sure of it."""


@dataclass(frozen=True)
class Measurement:
    """One value of a condition. `value` in the unit of the module; `device` the sensor's name, where given."""

    condition: Condition
    value: int
    measured_at: datetime
    device: str | None = None


@dataclass(frozen=True)
class SensorReadings:
    """What an event measured, and what it says of conditions that cannot be used, each with its place."""

    measurements: tuple[Measurement, ...] = ()
    problems: tuple[Problem, ...] = ()


def sensor_readings(event: EpcisEvent) -> SensorReadings:
    """Reports of other things (light, speed, mass) are no business of ours and left out without a word."""
    found: list[Measurement] = []
    problems: list[Problem] = []
    elements = event.sensor_element_list if isinstance(event, StandardEvent) else ()
    for place, element in enumerate(elements):
        for number, report in enumerate(element.sensor_report):
            try:
                found += measurements(event, element, report)
            except MeasurementRefused as error:
                where = pointer("sensorElementList", place, "sensorReport", number)
                problems.append(Problem(where, str(error)))
    return SensorReadings(tuple(found), tuple(problems))


def measurements(event: EpcisEvent, element: SensorElement, report: SensorReport) -> list[Measurement]:
    """The report's values in order of time; none where it is of no condition. Raises MeasurementRefused.

    `minValue` and `maxValue` of a period happened at some moment of it. A feed's values follow each other in time, so
    the last of the report's values is dated at the end of the period and each one before it a second earlier.
    """
    condition = _condition(event, report)
    if condition is None:
        return []
    if vocabulary.bare("alert", report.exception, event.context) == _FAULT:
        raise MeasurementRefused("the sensor reports a fault of its own (ERROR_CONDITION)")
    values = [_door(report)] if condition == "door" else list(_values(condition, report))
    last, device = _moment(event, element, report), _device(element, report)
    moments = [last - _STEP * (len(values) - 1 - place) for place in range(len(values))]
    return [Measurement(condition, value, at, device) for value, at in zip(values, moments, strict=True)]


def _condition(event: EpcisEvent, report: SensorReport) -> Condition | None:
    if report.type == DOOR_TYPE:
        return "door"
    word = vocabulary.bare("measurement", report.type, event.context)
    return _KINDS.get(word) if word else None


def _values(condition: Condition, report: SensorReport) -> Iterator[int]:
    """The extremes, which a mean would hide, and the value itself, each once."""
    if report.component is not None:
        raise MeasurementRefused(f"one component ({report.component}) does not say how great the {condition} was")
    given = [found for found in (report.min_value, report.max_value, report.value) if found is not None]
    if not given:
        raise MeasurementRefused(f"it has neither value nor minValue nor maxValue, so no {condition}")
    if report.min_value is not None and report.max_value is not None and report.min_value > report.max_value:
        raise MeasurementRefused(f"minValue {report.min_value} is above maxValue {report.max_value}")
    yield from dict.fromkeys(_in_thousandths(condition, number, report.uom) for number in given)


def _in_thousandths(condition: Condition, number: int | Decimal, unit: str | None) -> int:
    known = _UNITS[condition]
    if unit not in known:
        stated = "it names no unit (uom)" if unit is None else f"its unit {unit!r} is not one of {condition}"
        raise MeasurementRefused(f"{stated}; read are {', '.join(sorted(known))}")
    factor, offset = known[unit]
    exact = (Fraction(number) * factor + offset) * 1000
    if condition == "temperature" and exact < -_ZERO_CELSIUS * 1000:
        raise MeasurementRefused(f"{number} {unit} is below absolute zero")
    if condition != "temperature" and exact < 0:
        raise MeasurementRefused(f"{number} {unit} is negative")
    if exact >= _MOST:
        raise MeasurementRefused(f"{number} {unit} is more than any sensor measures")
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def _door(report: SensorReport) -> int:
    if report.boolean_value is None:
        raise MeasurementRefused("a door's report needs a booleanValue, true for open")
    return int(report.boolean_value)


def _moment(event: EpcisEvent, element: SensorElement, report: SensorReport) -> datetime:
    """When it was true at the latest: the report's own time, the element's, its period's end, or the event's."""
    about = element.sensor_metadata
    return report.time or (about and (about.time or about.end_time)) or event.occurred_at


def _device(element: SensorElement, report: SensorReport) -> str | None:
    return report.device_id or (element.sensor_metadata.device_id if element.sensor_metadata else None)
