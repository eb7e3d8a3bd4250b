"""What reefer and IoT events measure, as the sensor elements of an EPCIS event."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from standards.dcsa.events import DcsaEvent, IotEvent, ReeferEvent
from standards.epcis.sensors import DOOR_TYPE


def sensor_elements(event: DcsaEvent) -> list[dict[str, Any]]:
    """One element with a report for each condition; none where the event is no measurement."""
    reports = list(_reports(event))
    return [{"sensorReport": reports}] if reports else []


def _reports(event: DcsaEvent) -> Iterator[dict[str, Any]]:
    if isinstance(event, IotEvent) and event.door_is_open is not None:
        yield {"type": DOOR_TYPE, "booleanValue": event.door_is_open}
    if isinstance(event, ReeferEvent) and event.is_measurement:
        if event.temperatures:
            yield _temperature(event)
        if event.humidity is not None:
            yield {"type": "RelativeHumidity", "value": _whole(event.humidity), "uom": "P1"}


def _temperature(event: ReeferEvent) -> dict[str, Any]:
    """The extremes of several probes: a mean would hide the one that is too warm."""
    least, most = min(event.temperatures), max(event.temperatures)
    report: dict[str, Any] = {"type": "Temperature"}
    if event.unit is not None:
        report["uom"] = event.unit
    if least == most:
        return report | {"value": _whole(least)}
    return report | {"minValue": _whole(least), "maxValue": _whole(most)}


def _whole(number: Decimal) -> int | Decimal:
    """A number as it would come from JSON."""
    return int(number) if number == number.to_integral_value() else number
