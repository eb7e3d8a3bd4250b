"""Sensors without a broker: messages are handed in, the clock stands still until a test moves it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from oracle_fakes import NOON, ORDER
from prometheus_client import CollectorRegistry
from sqlmodel import SQLModel, select

from oracles.checkpoints import Checkpoint, go_on
from oracles.mqtt.closing import Closing
from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import Complaints, SensorFigures
from oracles.mqtt.refused import Refused
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.silence import Silence
from oracles.mqtt.taking import Message, Taking
from oracles.sources.drop import Drop
from oracles.store.database import Database
from oracles.store.sensors import SensorReadingRow
from standards.epcis import ObjectEvent, parse_document

TOPIC = "fleet/north/TK-1"
DEVICES = f"""
[[device]]
id = "TK-1"
order = "{ORDER}"
"""
MAPPING: dict[str, Any] = {
    "topic": "fleet/{fleet}/{device}",
    "device": "{device}",
    "time": "$.at",
    "sequence": "$.n",
    "alarm": "$.alarm",
    "values": [
        {"path": "$.celsius", "type": "Temperature", "uom": "CEL", "optional": True},
        {"path": "$.door", "type": "door", "open": ["open"], "closed": ["shut"], "optional": True},
    ],
}


def table(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "north",
        "host": "127.0.0.1",
        "port": 1883,
        "topics": ["fleet/#"],
        "payload": "mapping",
        "mapping": MAPPING,
        "window_seconds": 900,
        "late_seconds": 60,
        "quiet_seconds": 5,
        "stale_seconds": 600,
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def message(at: datetime, celsius: Any = None, number: int = 0, **more: Any) -> bytes:
    body = {"at": at.isoformat(), "n": number} | ({} if celsius is None else {"celsius": celsius}) | more
    return json.dumps(body).encode()


@dataclass
class SensorDesk:
    """One source and its disk. `restart` is a new process."""

    folder: Path
    changes: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON
    database: Database | None = None
    """One in memory, which outlives a restart, where a test makes many desks."""

    def __post_init__(self) -> None:
        self.in_memory = self.database is not None
        self.inbox, self.quarantine = self.folder / "inbox", self.folder / "quarantine"
        self.inbox.mkdir(exist_ok=True)
        self.devices_file = self.folder / "devices.toml"
        self.write_devices(DEVICES)
        self.restart()

    def write_devices(self, text: str) -> None:
        part = self.folder / ".devices.part"
        part.write_text(text)
        part.replace(self.devices_file)

    def restart(self, checkpoint: Checkpoint = go_on) -> None:
        settings = MqttSettings.model_validate(table(devices=self.devices_file) | self.changes)
        if not self.in_memory:
            self.database = Database(self.folder / "node.db")
        assert self.database is not None
        self.database.prepare()
        self.registry = CollectorRegistry()
        figures = SensorFigures(self.registry)
        devices = Devices(settings.devices)
        devices.look()
        complaints = Complaints(lambda: self.clock().timestamp())
        refused = Refused(self.quarantine, settings.source, settings.quarantine_limit, complaints)
        drop = Drop(self.inbox, settings.source, checkpoint)
        common = (settings, self.database, devices)
        self.taking = Taking(*common, refused, figures, self.clock, checkpoint)
        self.closing = Closing(*common, drop, figures, complaints, self.clock, checkpoint)
        self.silence = Silence(*common, figures, self.clock)

    def clock(self) -> datetime:
        return self.now

    def say(self, *payloads: bytes, topic: str = TOPIC, retained: bool = False) -> None:
        self.taking.take([Message(topic, payload, retained) for payload in payloads])

    def turn(self, seconds: float = 0, *, heard_all: bool = True) -> None:
        self.now += timedelta(seconds=seconds)
        self.taking.take_again(self.inbox)
        self.closing.alert()
        self.closing.close(heard_all=heard_all)
        self.silence.look()

    def documents(self) -> list[bytes]:
        """What lies in the inbox, by the time that it is about."""
        return [data for _, data in sorted((event_of(data).event_time, data) for data in self._files())]

    def _files(self) -> list[bytes]:
        return [path.read_bytes() for path in self.inbox.iterdir() if not path.name.startswith(".")]

    def rows(self, of: type[SQLModel] = SensorReadingRow) -> list[Any]:
        assert self.database is not None
        with self.database.session() as session:
            return list(session.exec(select(of)))

    def refused(self) -> list[str]:
        """The reasons of what was kept aside."""
        return [path.read_text() for path in sorted(self.quarantine.glob("*.reason.txt"))]

    def figure(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"portolan_oracle_{name}", {"source": "mqtt-north", **labels})


def event_of(data: bytes) -> ObjectEvent:
    (event,) = parse_document(data).events
    assert isinstance(event, ObjectEvent)
    return event


def report_of(data: bytes) -> Any:
    (element,) = event_of(data).sensor_element_list
    (report,) = element.sensor_report
    return report


def metadata_of(data: bytes) -> dict[str, Any]:
    (element,) = event_of(data).source["sensorElementList"]
    return dict(element["sensorMetadata"])


def minutes(count: float) -> datetime:
    """So many minutes before noon."""
    return NOON.astimezone(UTC) - timedelta(minutes=count)
