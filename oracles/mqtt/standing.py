"""What `status` says of the sensors, read from the node's database; the node may be running."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import inspect
from sqlmodel import Session, col, func, select

from oracles.mqtt.devices import Devices
from oracles.mqtt.readings import moment_of
from oracles.mqtt.settings import MqttSettings
from oracles.store.sensors import SensorDeviceRow, SensorDocumentRow, SensorReadingRow, SensorSourceRow

MOST_LISTED = 50


def sensor_lines(session: Session, tables: tuple[MqttSettings, ...]) -> Iterator[str]:
    """One line for each source, and one for each device that has gone quiet or that no consignment is named for."""
    if not inspect(session.connection()).has_table(str(SensorReadingRow.__tablename__)):
        # The node has not run since it was updated: nothing was heard yet.
        return
    for table in tables:
        open_readings = _count(session, SensorReadingRow, table, col(SensorReadingRow.document_id).is_(None))
        waiting = _count(session, SensorDocumentRow, table, col(SensorDocumentRow.body).is_not(None))
        made = _count(session, SensorDocumentRow, table, col(SensorDocumentRow.body).is_(None))
        devices = session.exec(select(SensorDeviceRow).where(SensorDeviceRow.source == table.source)).all()
        yield (
            f"{table.source}: {len(devices)} devices, {open_readings} readings in open windows, "
            f"{made} documents handed over, {waiting} waiting"
        )
        source = _source(session, table)
        if source is not None and source.away_since:
            yield f"  broker away since {source.away_since}: {source.failure}"
        for row in sorted((row for row in devices if row.silent), key=lambda its: its.spoke_at)[:MOST_LISTED]:
            yield f"  silent {row.device} since {moment_of(row.spoke_at):%Y-%m-%dT%H:%M:%SZ}"
        yield from _unplaced(session, table)


def away_brokers(session: Session, tables: tuple[MqttSettings, ...], now: datetime) -> list[str]:
    """Sources whose broker has not been reached for longer than the longest pause between two attempts."""
    found = ((table, _source(session, table)) for table in tables)
    return [table.source for table, row in found if row and _away_seconds(row, now) > table.retry_seconds]


def _source(session: Session, table: MqttSettings) -> SensorSourceRow | None:
    if not inspect(session.connection()).has_table(str(SensorSourceRow.__tablename__)):
        return None
    return session.get(SensorSourceRow, table.source)


def _away_seconds(row: SensorSourceRow, now: datetime) -> float:
    return (now - datetime.fromisoformat(row.away_since)).total_seconds() if row.away_since else 0.0


def _count(
    session: Session, row: type[SensorReadingRow | SensorDocumentRow], table: MqttSettings, which: object
) -> int:
    statement = select(func.count()).where(col(row.source) == table.source, which)  # type: ignore[arg-type]
    return int(session.exec(statement).one())


def _unplaced(session: Session, table: MqttSettings) -> Iterator[str]:
    known = Devices(table.devices)
    known.look()
    reading = SensorReadingRow
    waiting = select(reading.device, func.min(reading.at), func.count()).where(
        reading.source == table.source, reading.about == "", col(reading.document_id).is_(None)
    )
    for device, at, count in session.exec(waiting.group_by(reading.device).limit(MOST_LISTED)).all():
        if known.about(device, moment_of(at)) is None:
            yield f"  no consignment for {device} at {moment_of(at):%Y-%m-%dT%H:%M:%SZ}: {count} readings wait"
