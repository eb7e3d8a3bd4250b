"""One source: keeps its session with the broker, stores what comes, acknowledges it, closes windows in between."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from aiomqtt import MqttError
from sqlalchemy.exc import SQLAlchemyError

from oracles.checkpoints import Checkpoint, Point, go_on
from oracles.errors import FLAWS
from oracles.mqtt.broker import Session, SubscriptionRefused, operator_reason, plain_message
from oracles.mqtt.closing import Closing
from oracles.mqtt.figures import QUIET_SECONDS, SensorFigures
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.silence import Silence
from oracles.mqtt.taking import Taking
from oracles.store.database import Database
from oracles.store.mapping import utc_text
from oracles.store.sensors import SensorSourceRow

log = structlog.get_logger("oracles")

TURN_SECONDS: Final = 0.25
FIRST_PAUSE_SECONDS: Final = 1.0
STEADY_SECONDS: Final = 30.0
"""A session that stood so long was a good one: after it the pauses begin anew."""


@dataclass
class Receiving:
    """Works in an event loop of its own thread until `stopping` is set there."""

    settings: MqttSettings
    client_id: str
    tls: ssl.SSLContext | None
    password: str | None
    database: Database
    taking: Taking
    closing: Closing
    silence: Silence
    figures: SensorFigures
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = go_on
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _heard_all: bool = field(default=False, init=False)
    _away_since: datetime | None = field(default=None, init=False)
    _said: tuple[str, float] = field(default=("", 0.0), init=False)

    async def run(self) -> None:
        """Tries again for ever, each time after a longer pause, while nothing better happens."""
        pause = FIRST_PAUSE_SECONDS
        self._away_since = self.clock()
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                await self._session()
            except (MqttError, SubscriptionRefused, OSError, SQLAlchemyError) as error:
                self._failed(error)
            except FLAWS:
                log.exception("sensors not heard", source=self.settings.source, operator_action_required=True)
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await self._pause(min(pause, self.settings.retry_seconds))
            pause = min(pause * 2, self.settings.retry_seconds)

    async def _session(self) -> None:
        session = Session(self.settings, self.client_id, self.tls, self.password)
        async with session:
            try:
                await self._begin(session)
                while not self.stopping.is_set():
                    await self._turn(session)
            finally:
                await session.leave_waiting()
                self._heard_all, self._away_since = False, self.clock()
                self.figures.connected.labels(self.settings.source).set(0)

    async def _begin(self, session: Session) -> None:
        """Asks for the topics, and says it where the broker no longer knows what it had to keep."""
        settings, key = self.settings, f"{self.client_id}@{self.settings.host}:{self.settings.port}"
        with self.database.session() as stored:
            row = stored.get(SensorSourceRow, settings.source)
        same = row is not None and row.session == key
        before = json.loads(row.topics) if row is not None and same else []
        if same and not session.was_known:
            why = "what was published while this node was away may be lost there"
            log.error("broker lost the session", source=settings.source, reason=why, operator_action_required=True)
        await session.ask_for(settings.topics, [topic for topic in before if topic not in settings.topics])
        with self.database.session() as stored:
            topics = json.dumps(settings.topics)
            stored.merge(SensorSourceRow(source=settings.source, session=key, topics=topics))
        self._said = ("", 0.0)
        self.figures.connected.labels(settings.source).set(1)
        log.info("broker", source=settings.source, host=settings.host, port=settings.port, tls=self.tls is not None)

    async def _turn(self, session: Session) -> None:
        messages = await session.batch(self.stopping, TURN_SECONDS)
        if messages:
            self.taking.take([plain_message(message) for message in messages])
            session.acknowledge(messages)
            self.checkpoint(Point.MQTT_ACKNOWLEDGED)
        newest = self.taking.newest
        late = timedelta(seconds=self.settings.late_seconds)
        # Nothing came for a moment, or what comes is of now: then the broker has sent what it had kept.
        self._heard_all = self._heard_all or not messages or (newest is not None and newest >= self.clock() - late)
        self._work()

    def _work(self) -> None:
        """What needs no broker. A disk that takes nothing is said; the same is tried again."""
        try:
            self.taking.take_again(self.closing.drop.inbox)
            self.closing.alert()
            self.closing.close(heard_all=self._heard_all)
            if self._heard_all or self._is_long_away():
                self.silence.look()
            self.figures.unplaced.labels(self.settings.source).set(self.closing.unplaced())
        except OSError as error:
            self._say("sensors not handed over", error.strerror or str(error), urgent=True)

    def _is_long_away(self) -> bool:
        patience = timedelta(seconds=self.settings.stale_seconds)
        return self._away_since is not None and self.clock() - self._away_since > patience

    async def _pause(self, seconds: float) -> None:
        """Windows are closed meanwhile, too: their readings are here. What fails is tried again after the pause."""
        until, works = time.monotonic() + seconds, True
        while not self.stopping.is_set() and time.monotonic() < until:
            try:
                if works:
                    self._work()
            except SQLAlchemyError as error:
                works = False
                self._failed(error)
            except FLAWS:
                works = False
                log.exception("sensors not handed over", source=self.settings.source, operator_action_required=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), TURN_SECONDS)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, SQLAlchemyError):
            # Its text holds the statement's values, which are a firm's own.
            self._say("sensors not stored", type(error).__name__, urgent=True)
            return
        if isinstance(error, OSError):
            self._say("sensors not stored", error.strerror or type(error).__name__, urgent=True)
            return
        urgent = operator_reason(error)
        reason = urgent or str(error) or type(error).__name__
        self._say("broker away", reason, urgent=urgent is not None)
        try:
            self._remember_away(reason)
        except SQLAlchemyError as broken:
            self._say("sensors not stored", type(broken).__name__, urgent=True)

    def _remember_away(self, reason: str) -> None:
        """For `status`, until the broker answers."""
        source = self.settings.source
        with self.database.session() as stored:
            row = stored.get(SensorSourceRow, source) or SensorSourceRow(source=source, session="")
            row.away_since = row.away_since or utc_text(self._away_since or self.clock())
            row.failure = reason
            stored.add(row)

    def _say(self, event: str, reason: str, *, urgent: bool) -> None:
        """Once for each reason, and again now and then while it lasts."""
        said, at = self._said
        text, now = f"{event}: {reason}", time.monotonic()
        if said == text and now - at < QUIET_SECONDS:
            return
        self._said = (text, now)
        line = {"source": self.settings.source, "host": self.settings.host, "reason": reason}
        if urgent:
            log.error(event, **line, operator_action_required=True)
        else:
            log.warning(event, **line)
