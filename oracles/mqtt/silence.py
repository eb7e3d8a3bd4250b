"""Devices that have gone quiet. A gap is said, in the log, the metrics and the status; it is never filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import select

from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import SensorFigures
from oracles.mqtt.readings import micros, moment_of
from oracles.mqtt.settings import MqttSettings
from oracles.store.database import Database
from oracles.store.sensors import SensorDeviceRow

log = structlog.get_logger("oracles")


@dataclass
class Silence:
    """One source's devices: those that have spoken, and are neither forgotten nor out of the table by now."""

    settings: MqttSettings
    database: Database
    devices: Devices
    figures: SensorFigures
    clock: Callable[[], datetime]

    def look(self) -> None:
        """Says once that a device went quiet, and once that it speaks again."""
        now = self.clock()
        silent = 0
        with self.database.session() as session:
            rows = session.exec(select(SensorDeviceRow).where(SensorDeviceRow.source == self.settings.source)).all()
            for row in rows:
                if self._is_forgotten(row, now):
                    session.delete(row)
                    log.info("sensor forgotten", source=row.source, device=row.device)
                    continue
                is_silent = now - moment_of(row.spoke_at) > timedelta(seconds=self.settings.stale_seconds)
                silent += is_silent
                if is_silent != row.silent:
                    row.silent = is_silent
                    self._say(row)
        self.figures.stale.labels(self.settings.source).set(silent)

    def _is_forgotten(self, row: SensorDeviceRow, now: datetime) -> bool:
        since = micros(now) - row.spoke_at
        return since > self.settings.forget_seconds * 1_000_000 or self.devices.is_over(row.device, now)

    def _say(self, row: SensorDeviceRow) -> None:
        line = {"source": row.source, "device": row.device, "spoke_at": moment_of(row.spoke_at).isoformat()}
        if row.silent:
            log.warning("sensor silent", **line, operator_action_required=True)
        else:
            log.info("sensor speaks again", **line)
