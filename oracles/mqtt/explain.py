"""What a message of a sensor is to this node, told without a broker: nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from oracles.mqtt.devices import Devices
from oracles.mqtt.payloads import Bounds, heard
from oracles.mqtt.readings import Reading, plain
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.windows import canonical_json, window_of


def message_lines(table: MqttSettings, topic: str, payload: bytes, now: datetime) -> Iterator[str]:
    """Raises PayloadRefused with what the sender, or the mapping, must mend."""
    bounds = Bounds(now, timedelta(seconds=table.skew_seconds), timedelta(seconds=table.oldest_seconds))
    found = heard(table.mapping, topic, payload, table.payload_limit_bytes, bounds)
    devices = Devices(table.devices)
    devices.look()
    yield f"{table.source}, {topic}: {len(found.readings)} reading{'' if len(found.readings) == 1 else 's'}"
    if found.whole:
        yield "It goes on at once, as it came"
    for reading in found.readings:
        yield from _reading_lines(table, devices, reading)


def _reading_lines(table: MqttSettings, devices: Devices, reading: Reading) -> Iterator[str]:
    series = reading.series
    start = window_of(reading.at, table.window_seconds)
    known = devices.about(series.device, reading.at)
    about = series.about or (None if known is None else canonical_json(dict(known)))
    yield (
        f"{series.device}: {series.type} {plain(reading.value)} {series.uom}".rstrip() + f" at {reading.at.isoformat()}"
    )
    yield f"   about   {about or 'no consignment: it would wait for the table of devices'}"
    yield f"   window  {start.isoformat()} of {table.window_seconds} seconds"
    if reading.is_urgent:
        yield "   urgent  it goes on at once as well"
