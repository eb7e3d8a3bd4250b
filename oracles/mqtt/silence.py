"""Devices that have gone quiet. A gap is said, in the log, the metrics and the status; it is never filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import col, or_, select

from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import SensorFigures
from oracles.mqtt.readings import micros, moment_of
from oracles.mqtt.settings import MqttSettings
from oracles.store.database import Database
from oracles.store.sensors import SensorDeviceRow

log = structlog.get_logger("oracles")


@dataclass
class Silence:
    """One source's devices: those that have spoken. One whose entries in the table are all over is not waited for."""

    settings: MqttSettings
    database: Database
    devices: Devices
    figures: SensorFigures
    clock: Callable[[], datetime]

    def look(self) -> None:
        """Says once that a device went quiet, and once that it speaks again."""
        now = self.clock()
        limit = micros(now - timedelta(seconds=self.settings.stale_seconds))
        device = SensorDeviceRow
        candidates = select(device).where(
            device.source == self.settings.source, or_(col(device.spoke_at) < limit, col(device.silent))
        )
        silent = 0
        with self.database.session() as session:
            for row in session.exec(candidates).all():
                if micros(now) - row.spoke_at > self.settings.forget_seconds * 1_000_000:
                    session.delete(row)
                    log.info("sensor forgotten", source=row.source, device=row.device)
                    continue
                is_silent = row.spoke_at < limit and not self.devices.is_over(row.device, now)
                silent += is_silent
                if is_silent != row.silent:
                    row.silent = is_silent
                    self._say(row)
        self.figures.stale.labels(self.settings.source).set(silent)

    def _say(self, row: SensorDeviceRow) -> None:
        line = {"source": row.source, "device": row.device, "spoke_at": moment_of(row.spoke_at).isoformat()}
        if row.silent:
            log.warning("sensor silent", **line, operator_action_required=True)
        else:
            log.info("sensor no longer silent", **line)
