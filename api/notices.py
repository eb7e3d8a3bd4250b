"""Notices between the gateway processes on one PostgreSQL (LISTEN/NOTIFY): a block is in the database, a lane has work.

A notice only wakes; what there is to do stands in the database, so that losing one costs time and nothing else. A lost
listener is loud: the loop that listens logs and counts each failed attempt, `portolan_listener_up` is 0 and `/readyz`
says so. Once it listens again everybody is woken, as if each notice had come.

With SQLite there is one process, which wakes its own loops itself.
"""

import secrets
from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from sqlalchemy import Connection, text

from api.db import Database
from api.metrics import Metrics

log = structlog.get_logger()
BLOCK: Final = "portolan_block"
"""Another block's effects and receipts are in the database, or some were taken back."""
LANE: Final = "portolan_lane"
"""Intents wait in a lane whose turn another process has."""
_PATIENCE_SECONDS = 0.5
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_POST = text("SELECT pg_notify(:channel, :sender)")


class Notices:
    """Posts and hears notices. `step` is the pass of a loop."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._heard: dict[str, list[Callable[[], object]]] = {}
        self._connection: psycopg.Connection | None = None
        self._name = secrets.token_hex(8)
        self._metrics.listener_up.set(int(self.is_up()))

    def on(self, channel: str, wake: Callable[[], object]) -> None:
        """Calls `wake`, in the listening thread, after each notice on the channel. Before the loop starts."""
        self._heard.setdefault(channel, []).append(wake)

    def post(self, connection: Connection, channel: str) -> None:
        """Tells all other processes, once the connection's transaction is committed."""
        if not self._database.is_sqlite:
            connection.execute(_POST, {"channel": channel, "sender": self._name})

    def is_up(self) -> bool:
        """Whether notices are heard, or there is nobody to hear."""
        return self._database.is_sqlite or (self._connection is not None and not self._connection.closed)

    def step(self) -> bool:
        """Listens for half a second. Raises psycopg.Error where the server is away; the next pass tries again."""
        if self._database.is_sqlite:
            return False
        try:
            connection = self._connection or self._connect()
            notices = list(connection.notifies(timeout=_PATIENCE_SECONDS, stop_after=1))
        except psycopg.Error:
            self.close()
            raise
        self._wake({notice.channel for notice in notices if notice.payload != self._name})
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._metrics.listener_up.set(int(self.is_up()))

    def _connect(self) -> psycopg.Connection:
        url = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(url, autocommit=True, **_KEEPALIVES)  # type: ignore[arg-type]
        for channel in self._heard:
            connection.execute(f"LISTEN {channel}")
        self._connection = connection
        self._metrics.listener_up.set(1)
        log.info("listener.up")
        self._wake(set(self._heard))
        return connection

    def _wake(self, channels: set[str]) -> None:
        for channel in channels:
            for wake in self._heard.get(channel, []):
                wake()
