"""Windows whose time is over become documents, and documents are handed to the inbox; each step is on disk first.

What is in a window's document is settled in one transaction, with the document itself: whatever comes later makes a
document of its own, and a process that dies before the document lies in the inbox lays the same bytes there again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Final

import structlog
from sqlmodel import Session, col, delete, func, select, update

from oracles.checkpoints import Checkpoint, Point, go_on
from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import Complaints, SensorFigures
from oracles.mqtt.readings import About, Reading, Series, micros, moment_of
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.windows import Window, alert_document, canonical_json, series_name, window_document
from oracles.sources.drop import Drop
from oracles.store.database import Database
from oracles.store.sensors import SensorDocumentRow, SensorReadingRow
from standards import strict_json

log = structlog.get_logger("oracles")

MOST_WINDOWS: Final = 200
"""In one transaction."""
FORGET_EVERY: Final = timedelta(hours=1)
_MARGIN: Final = timedelta(days=1)
"""What is refused as too old must not be forgotten at the very same moment, lest it be taken anew."""

Group = tuple[str, int, int]
"""A device, a window's start, and how many of its readings are in no document yet."""
Placed = tuple[Series, str]
"""A series, and as canonical JSON what it is about."""


@dataclass
class Closing:
    """One source's windows. Only the thread of its source calls this."""

    settings: MqttSettings
    database: Database
    devices: Devices
    drop: Drop
    figures: SensorFigures
    complaints: Complaints
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = go_on
    _forgot_at: datetime | None = field(default=None, init=False)
    _parked: dict[tuple[str, int], int] = field(default_factory=dict, init=False)
    """Of a device's window, how many readings the table of devices does not place: asked again when either changes."""
    _alerts_from: int = field(default=0, init=False)
    """Alarms up to this row went out, or are of devices that the table does not place."""

    def alert(self) -> None:
        """Alarms and open doors, at once; they wait only where no consignment is named for their device."""
        number = col(SensorReadingRow.id)
        with self.database.session() as session:
            waiting = select(SensorReadingRow).where(
                SensorReadingRow.source == self.settings.source,
                SensorReadingRow.urgent,
                col(SensorReadingRow.alert_id).is_(None),
                number > self._alerts_from,
            )
            rows = session.exec(waiting.order_by(number).limit(MOST_WINDOWS)).all()
            for row in rows:
                self._alert(session, row)
        if rows:
            # Only now: before the commit it would be forgotten with everything else.
            self._alerts_from = max(row.id or 0 for row in rows)
        self.hand_over()

    def _alert(self, session: Session, row: SensorReadingRow) -> None:
        about = self._about(row)
        if about is None:
            self._unplaced(row.device, "alarm")
            return
        body = alert_document(strict_json.parse(about.encode()), _reading(row))
        row.alert_id = self._document(session, body, "", Window(moment_of(row.window), 1, 0))
        log.warning("sensor alarm", source=self.settings.source, device=row.device, type=row.type)

    def close(self, *, heard_all: bool) -> None:
        """Windows whose time is over. Without `heard_all` the broker may hold readings of them, so they wait longer."""
        now = self.clock()
        if self.devices.look():
            self._parked.clear()
            self._alerts_from = 0
        for group in self._closable(now, heard_all):
            device, start, count = group
            self._parked.pop((device, start), None)
            with self.database.session() as session:
                left = count - self._close(session, device, start)
                if left:
                    self._parked[device, start] = left
                self.checkpoint(Point.MQTT_CLOSING)
            self.checkpoint(Point.MQTT_CLOSED)
        self.hand_over()
        self._forget(now)

    def unplaced(self) -> int:
        """How many readings wait for the table of devices to name a consignment."""
        return sum(self._parked.values())

    def hand_over(self) -> None:
        """Into the inbox, oldest first. Raises OSError: then it is tried again."""
        with self.database.session() as session:
            waiting = select(SensorDocumentRow).where(
                SensorDocumentRow.source == self.settings.source, col(SensorDocumentRow.body).is_not(None)
            )
            rows = session.exec(waiting.order_by(col(SensorDocumentRow.id)).limit(MOST_WINDOWS)).all()
        for row in rows:
            assert row.body is not None
            name = self.drop.put(row.body, ".json")
            with self.database.session() as session:
                session.exec(update(SensorDocumentRow).where(col(SensorDocumentRow.id) == row.id).values(body=None))
            log.info("sensors handed over", source=self.settings.source, file=name, part=row.part or None)
            self.checkpoint(Point.MQTT_HANDED)

    def _closable(self, now: datetime, heard_all: bool) -> Sequence[Group]:
        settings = self.settings
        patience = settings.late_seconds + settings.window_seconds + (0 if heard_all else settings.stale_seconds)
        ended, quiet = now - timedelta(seconds=patience), now - timedelta(seconds=settings.quiet_seconds)
        with self.database.session() as session:
            device, window = col(SensorReadingRow.device), col(SensorReadingRow.window)
            waiting = (
                select(SensorReadingRow.device, SensorReadingRow.window, func.count())
                .where(
                    SensorReadingRow.source == settings.source,
                    col(SensorReadingRow.document_id).is_(None),
                    window <= micros(ended),
                )
                .group_by(device, window)
                .having(func.max(SensorReadingRow.received_at) <= micros(quiet))
                .order_by(window, device)
            )
            found = [(device, start, count) for device, start, count in session.exec(waiting).all()]
        return [group for group in found if self._parked.get(group[:2]) != group[2]][:MOST_WINDOWS]

    def _close(self, session: Session, device: str, start: int) -> int:
        """How many readings went into documents."""
        open_rows = select(SensorReadingRow).where(
            SensorReadingRow.source == self.settings.source,
            SensorReadingRow.device == device,
            SensorReadingRow.window == start,
            col(SensorReadingRow.document_id).is_(None),
        )
        placed = self._placed(session.exec(open_rows).all())
        for (series, about), rows in placed.items():
            known = strict_json.parse(about.encode())
            name = series_name(series, known)
            window = Window(moment_of(start), self.settings.window_seconds, self._part(session, name, start))
            body = window_document(series, known, window, [_reading(row) for row in rows])
            document = self._document(session, body, name, window)
            for row in rows:
                row.document_id = document
            self._tell(series, window, len(rows))
        return sum(map(len, placed.values()))

    def _placed(self, rows: Sequence[SensorReadingRow]) -> Mapping[Placed, list[SensorReadingRow]]:
        """Rows by series and consignment; those that nobody has named a consignment for are left to wait."""
        found: dict[Placed, list[SensorReadingRow]] = {}
        for row in rows:
            about = self._about(row)
            if about is None:
                self._unplaced(row.device, "reading")
            else:
                found.setdefault((_series(row), about), []).append(row)
        return found

    def _about(self, row: SensorReadingRow) -> str | None:
        if row.about:
            return row.about
        known: About | None = self.devices.about(row.device, moment_of(row.at))
        return None if known is None else canonical_json(dict(known))

    def _part(self, session: Session, name: str, start: int) -> int:
        made = select(func.count()).where(SensorDocumentRow.series == name, SensorDocumentRow.window == start)
        return int(session.exec(made).one()) + 1

    def _document(self, session: Session, body: bytes | None, name: str, window: Window) -> int:
        """The document's number. Without a body there is nothing to hand over, but its readings are accounted for."""
        digest = sha256(body if body is not None else f"{name} {window}".encode()).hexdigest()
        known = select(SensorDocumentRow).where(
            SensorDocumentRow.source == self.settings.source, SensorDocumentRow.sha256 == digest
        )
        row = session.exec(known).first() or SensorDocumentRow(
            source=self.settings.source,
            sha256=digest,
            body=body,
            made_at=micros(self.clock()),
            series=name,
            window=micros(window.start),
            part=window.part,
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        return row.id

    def _tell(self, series: Series, window: Window, count: int) -> None:
        kind = "window" if window.part == 1 else "supplement"
        self.figures.windows.labels(self.settings.source, kind).inc()
        line = {
            "source": self.settings.source,
            "device": series.device,
            "type": series.type,
            "window": window.start.isoformat(),
            "readings": count,
        }
        if window.part == 1:
            log.info("window closed", **line)
        else:
            log.warning("late readings", **line, part=window.part)

    def _unplaced(self, device: str, what: str) -> None:
        self.complaints.say(
            "device without consignment",
            what,
            source=self.settings.source,
            device=device,
            operator_action_required=True,
        )

    def _forget(self, now: datetime) -> None:
        """Readings that went out and are too old to come again."""
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return
        self._forgot_at = now
        oldest = micros(now - timedelta(seconds=self.settings.oldest_seconds) - _MARGIN)
        reading, document = SensorReadingRow, SensorDocumentRow
        used = [
            select(column).where(column.is_not(None)) for column in (col(reading.document_id), col(reading.alert_id))
        ]
        with self.database.session() as session:
            session.exec(
                delete(reading).where(
                    col(reading.source) == self.settings.source,
                    col(reading.document_id).is_not(None),
                    col(reading.at) < oldest,
                )
            )
            session.exec(
                delete(document).where(
                    col(document.source) == self.settings.source,
                    col(document.body).is_(None),
                    col(document.made_at) < oldest,
                    *(col(document.id).not_in(numbers) for numbers in used),
                )
            )


def _series(row: SensorReadingRow) -> Series:
    return Series(row.device, row.about, row.type, row.uom, row.component)


def _reading(row: SensorReadingRow) -> Reading:
    return Reading(_series(row), moment_of(row.at), Decimal(row.value), row.sequence, row.alarm)
