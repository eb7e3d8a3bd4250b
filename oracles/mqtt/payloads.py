"""What a message says: readings for windows, and whether it goes on as it came because windows have no place for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from oracles.mqtt.mapping import PayloadMapping, mapped_readings
from oracles.mqtt.readings import PayloadRefused, Reading, Series, checked_value
from oracles.mqtt.windows import canonical_json
from standards.epcis import EpcisEvent, ObjectEvent, parse_document, vocabulary
from standards.epcis.context import GS1_PREFIXES
from standards.epcis.parts import SensorElement, SensorMetadata, SensorReport
from standards.errors import StandardsError

MOST_DEVICE_SIGNS: Final = 200
_ABOUT: Final = ("epcList", "quantityList", "bizTransactionList", "readPoint", "bizLocation")
_NAMED: Final = ("epcList", "quantityList", "bizTransactionList")
_FAULT: Final = "ERROR_CONDITION"
_NO_METADATA: Final = SensorMetadata.model_validate({})
# What a report may hold beside its value without saying more than a window can repeat.
_PLAIN: Final = frozenset({"type", "value", "uom", "component", "time", "deviceID", "exception"})


@dataclass(frozen=True)
class Heard:
    """A message, read. `whole`: it is EPCIS and goes on at once, byte for byte; its plain values count all the same."""

    readings: tuple[Reading, ...]
    whole: bool = False


@dataclass(frozen=True)
class Bounds:
    """Which moments a source takes, by this machine's clock."""

    now: datetime
    skew: timedelta
    oldest: timedelta

    def check(self, at: datetime) -> None:
        """Raises PayloadRefused."""
        if at > self.now + self.skew:
            raise PayloadRefused("clock ahead", f"{at.isoformat()} lies in the future: the device's clock is wrong")

    def check_reading(self, at: datetime) -> None:
        """Raises PayloadRefused: what is older than this node remembers could not be told from a repetition."""
        self.check(at)
        if at < self.now - self.oldest:
            raise PayloadRefused("too old", f"{at.isoformat()} is longer ago than this source takes readings")


def heard(mapping: PayloadMapping | None, topic: str, payload: bytes, limit_bytes: int, bounds: Bounds) -> Heard:
    """A message as its source declares it: EPCIS where there is no mapping. Raises PayloadRefused."""
    if len(payload) > limit_bytes:
        raise PayloadRefused("too large", f"{len(payload)} bytes are more than the {limit_bytes} that are read")
    try:
        found = _epcis(payload, limit_bytes, bounds) if mapping is None else _mapped(mapping, topic, payload)
    except PayloadRefused:
        raise
    except StandardsError as error:
        raise PayloadRefused("not readable", str(error)) from error
    for reading in found.readings:
        bounds.check_reading(reading.at)
        if not 0 < len(reading.series.device) <= MOST_DEVICE_SIGNS:
            raise PayloadRefused("no device", f"a device has a name of 1 to {MOST_DEVICE_SIGNS} signs")
    return found


def _mapped(mapping: PayloadMapping, topic: str, payload: bytes) -> Heard:
    return Heard(tuple(mapped_readings(mapping, topic, payload)))


def _epcis(payload: bytes, limit_bytes: int, bounds: Bounds) -> Heard:
    events = parse_document(payload, limit_bytes).events
    if not events:
        raise PayloadRefused("not readable", "it holds no event")
    readings: list[Reading] = []
    whole = False
    for event in events:
        bounds.check(event.occurred_at)
        if not _is_series(event):
            whole = True
            continue
        assert isinstance(event, ObjectEvent)
        for element in event.sensor_element_list:
            for report in element.sensor_report:
                reading = _reading(event, element, report)
                whole = whole or reading is None or report.exception is not None
                if reading is not None:
                    readings.append(reading)
    return Heard(tuple(readings), whole)


def _is_series(event: EpcisEvent) -> bool:
    """Whether an event only reports measurements: another business step, or a correction, is a fact of its own."""
    return (
        isinstance(event, ObjectEvent)
        and event.action == "OBSERVE"
        and event.error_declaration is None
        and event.step in (None, "sensor_reporting")
        and (event.biz_step is None or event.step is not None)
        and event.disposition is None
        and event.persistent_disposition is None
        and bool(event.sensor_element_list)
    )


def _reading(event: ObjectEvent, element: SensorElement, report: SensorReport) -> Reading | None:
    """The report as one plain value of one device at one moment; None where it is anything else."""
    about = element.sensor_metadata or _NO_METADATA
    device, at = report.device_id or about.device_id, report.time or about.time
    if at is None and about.start_time is None and about.end_time is None:
        at = event.occurred_at
    kind = vocabulary.bare("measurement", report.type, event.context)
    alert = vocabulary.bare("alert", report.exception, event.context)
    plain = set(report.model_dump(by_alias=True, exclude_none=True)) <= _PLAIN
    if not plain or report.value is None or device is None or at is None or kind is None or alert == _FAULT:
        return None
    component = vocabulary.bare("component", report.component, event.context) or report.component or ""
    series = Series(device, _about(event), kind, report.uom or "", component)
    return Reading(series, at, checked_value(report.value))


def _about(event: ObjectEvent) -> str:
    """What the event itself names; nothing where it names no goods and no paper: then the device's entry has to."""
    source = event.source
    if not any(source.get(name) for name in _NAMED):
        return ""
    about: dict[str, Any] = {name: source[name] for name in _ABOUT if source.get(name)}
    own = dict(_own_prefixes(event))
    return canonical_json(about | ({"@context": own} if own else {}))


def _own_prefixes(event: EpcisEvent) -> Iterator[tuple[str, str]]:
    for prefix, namespace in event.context.prefixes.items():
        if GS1_PREFIXES.get(prefix) != namespace:
            yield prefix, namespace
