"""Messages onto the disk: what a batch says is stored in one transaction, before the broker is told that it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, col, func, select

from oracles.checkpoints import Checkpoint, Point, go_on
from oracles.errors import FLAWS
from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import SensorFigures
from oracles.mqtt.payloads import Bounds, Heard, heard
from oracles.mqtt.readings import PayloadRefused, Reading, micros, plain
from oracles.mqtt.refused import Refused
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.windows import window_of
from oracles.store.database import Database
from oracles.store.models import NodeTable
from oracles.store.sensors import SensorDeviceRow, SensorReadingRow

log = structlog.get_logger("oracles")

_READINGS = NodeTable.metadata.tables["sensor_reading"]
_DOCUMENTS = NodeTable.metadata.tables["sensor_document"]


@dataclass(frozen=True)
class Message:
    """`retained`: the broker kept it for whoever subscribes, so it does not say that its device speaks now."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass
class Taking:
    """Reads and stores messages of one source. `clock` is this machine's, in UTC."""

    settings: MqttSettings
    database: Database
    devices: Devices
    refused: Refused
    figures: SensorFigures
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = go_on
    newest: datetime | None = field(default=None, init=False)
    """The latest moment that any reading was of, since this process began."""

    def take(self, messages: Sequence[Message]) -> None:
        """All on disk when it returns. Raises OSError, or SQLAlchemy's errors, where the disk does not take it."""
        now = self.clock()
        found = [(message, self._heard(message, now)) for message in messages]
        with self.database.session() as session:
            for message, its in found:
                if its is not None:
                    self._store(session, message, its, now)
            self.checkpoint(Point.MQTT_STORING)
        self.checkpoint(Point.MQTT_STORED)

    def take_again(self, inbox: Path) -> None:
        """What was refused once and an operator put into the inbox; refused again, it goes back. Raises as `take`."""
        for path, topic, payload in self.refused.put_back(inbox):
            # Not the device speaks now, the operator does.
            self.take([Message(topic, payload, retained=True)])
            path.unlink()

    def _heard(self, message: Message, now: datetime) -> Heard | None:
        settings = self.settings
        bounds = Bounds(now, timedelta(seconds=settings.skew_seconds), timedelta(seconds=settings.oldest_seconds))
        try:
            return heard(settings.mapping, message.topic, message.payload, settings.payload_limit_bytes, bounds)
        except PayloadRefused as error:
            self._refuse(message, error.kind, str(error))
        except FLAWS as error:
            # One message that our own code cannot take must not keep all others out.
            log.exception("message not taken", source=settings.source, operator_action_required=True)
            self._refuse(message, "this program failed on it", type(error).__name__)
        return None

    def _refuse(self, message: Message, kind: str, why: str) -> None:
        self.refused.keep(message.topic, message.payload, kind, why)
        self._count("refused")

    def _store(self, session: Session, message: Message, its: Heard, now: datetime) -> None:
        if self._is_full(session, its):
            self._refuse(message, "device unknown", "too many readings wait for the table of devices to name theirs")
            return
        new = sum(self._add(session, reading, now) for reading in its.readings)
        if its.whole:
            new += self._pass_on(session, message.payload, now)
        if not message.retained:
            for device in {reading.series.device for reading in its.readings}:
                _spoke(session, self.settings.source, device, now)
        for reading in its.readings:
            self.newest = max(self.newest or reading.at, reading.at)
        self._count("taken" if new else "known")

    def _is_full(self, session: Session, its: Heard) -> bool:
        """Whether readings of nobody's devices would fill the disk."""
        if all(its.series.about or self.devices.about(its.series.device, its.at) is not None for its in its.readings):
            return False
        waiting = select(func.count()).where(
            SensorReadingRow.source == self.settings.source, col(SensorReadingRow.document_id).is_(None)
        )
        return session.exec(waiting).one() >= self.settings.unplaced_limit

    def _add(self, session: Session, reading: Reading, now: datetime) -> bool:
        """False where it is known: the broker, or the device, sent it twice."""
        series = reading.series
        values = {
            "source": self.settings.source,
            "device": series.device,
            "about": series.about,
            "type": series.type,
            "uom": series.uom,
            "component": series.component,
            "at": micros(reading.at),
            "sequence": reading.sequence,
            "value": plain(reading.value),
            "window": micros(window_of(reading.at, self.settings.window_seconds)),
            "received_at": micros(now),
            "urgent": reading.is_urgent,
            "alarm": reading.alarm,
        }
        statement = insert(_READINGS).values(values).on_conflict_do_nothing()
        return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]

    def _pass_on(self, session: Session, payload: bytes, now: datetime) -> bool:
        values = {
            "source": self.settings.source,
            "sha256": sha256(payload).hexdigest(),
            "body": payload,
            "made_at": micros(now),
            "series": "",
            "window": 0,
            "part": 0,
        }
        statement = insert(_DOCUMENTS).values(values).on_conflict_do_nothing()
        return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]

    def _count(self, result: str) -> None:
        self.figures.messages.labels(self.settings.source, result).inc()


def _spoke(session: Session, source: str, device: str, now: datetime) -> None:
    statement = select(SensorDeviceRow).where(SensorDeviceRow.source == source, SensorDeviceRow.device == device)
    row = session.exec(statement).first()
    if row is None:
        row = SensorDeviceRow(source=source, device=device, spoke_at=micros(now))
    row.spoke_at = max(row.spoke_at, micros(now))
    session.add(row)
