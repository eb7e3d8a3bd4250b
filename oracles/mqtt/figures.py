"""What a monitor may read of the sensors, and log lines that a flood of bad messages cannot multiply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

log = structlog.get_logger("oracles")

QUIET_SECONDS: Final = 60.0
_MOST_KINDS: Final = 200


class SensorFigures:
    """Of all sources together; each figure has its source as label."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"portolan_oracle_{name}", text, ["source", *labels], registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"portolan_oracle_{name}", text, ["source"], registry=registry)

        self.messages = counter("sensor_messages", "Messages by what became of them", "result")
        self.windows = counter("sensor_windows", "Documents made of windows of readings", "kind")
        self.stale = gauge("stale_sensors", "Devices that have been silent for too long")
        self.connected = gauge("broker_connected", "1 while the session with the broker stands")
        self.unplaced = gauge("unplaced_readings", "Readings of devices that no consignment is named for")


@dataclass
class Complaints:
    """At most one line of a kind in `QUIET_SECONDS`; the next one says how many were left out."""

    clock: Callable[[], float]
    _last: dict[str, float] = field(default_factory=dict)
    _left_out: dict[str, int] = field(default_factory=dict)

    def say(self, event: str, kind: str, **more: Any) -> None:
        """`kind` is our own word, never one from a message: the number of kinds is bounded."""
        key, now = f"{event}: {kind}", self.clock()
        if now - self._last.get(key, -QUIET_SECONDS) < QUIET_SECONDS or len(self._last) > _MOST_KINDS:
            self._left_out[key] = self._left_out.get(key, 0) + 1
            return
        self._last[key] = now
        log.warning(event, kind=kind, left_out=self._left_out.pop(key, 0), **more)
