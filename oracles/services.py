"""What runs beside the node's own thread: whatever listens or asks others, each in a thread of its own.

A service hands what it receives to the inbox (`sources.drop`) or to tables of its own; deciding, signing and sending
stay with the node's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from oracles.capture.store import CaptureStore
from oracles.checkpoints import Checkpoint
from oracles.dcsa.taking import Taking
from oracles.http.interfaces import Interface, Limits
from oracles.metrics import Metrics
from oracles.operating.health import Health, Trouble
from oracles.relay.ends import RelayEnds
from oracles.settings import NodeSettings
from oracles.sources.drop import Drop
from oracles.sources.folders import Folder, watching
from oracles.store.database import Database


@dataclass(frozen=True)
class Surroundings:
    """What services may use. The database is shared with the node's thread, so each session must be short."""

    settings: NodeSettings
    database: Database
    checkpoint: Checkpoint
    metrics: Metrics
    capture: CaptureStore | None
    relays: RelayEnds = field(default_factory=RelayEnds)
    health: Health = field(default_factory=Health)

    def ended(self, service: str) -> None:
        """A service is no more: the node cannot do its work."""
        self.health.say(Trouble.SERVICE_ENDED, f"{service} has ended by itself")


POSTED: Final = "http"
"""The source of papers that came by `POST /papers`."""

Service = Callable[[Surroundings], AbstractContextManager[object]]


@contextmanager
def running(around: Surroundings) -> Iterator[None]:
    """All services that the settings ask for, until the block ends. Raises OracleError where one cannot start."""
    around.database.prepare()
    around.settings.inbox.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for service in _services(around.settings):
            stack.enter_context(service(around))
        yield


def _services(settings: NodeSettings) -> Iterator[Service]:
    if settings.http is not None:
        yield _http
    if settings.dcsa.poll:
        yield _dcsa_polling
    if settings.folders:
        yield _folders
    if settings.bundling is not None:
        yield _relay_client
    if settings.mqtt:
        yield _mqtt


@contextmanager
def _folders(around: Surroundings) -> Iterator[None]:
    settings, checkpoint = around.settings, around.checkpoint
    found = [
        Folder(
            its,
            around.database,
            Drop(settings.inbox, its.source, checkpoint),
            settings.file_limit_bytes,
            checkpoint,
            bool(settings.csv),
        )
        for its in settings.folders
    ]
    with watching(found, around.ended):
        yield


@contextmanager
def _http(around: Surroundings) -> Iterator[None]:
    # Only a node that listens waits for a web server to load.
    from oracles.http.server import serving

    assert around.settings.http is not None
    with serving(around.settings.http, list(interfaces(around)), around.metrics, around.ended):
        try:
            yield
        finally:
            if around.relays.desk is not None:
                around.relays.desk.close()


@contextmanager
def _relay_client(around: Surroundings) -> Iterator[None]:
    from oracles.relay.client import relay_client

    assert around.settings.bundling is not None
    assert around.relays.mail is not None
    with relay_client(around.settings.bundling, around.relays.account, around.relays.mail):
        yield


def interfaces(around: Surroundings) -> Iterator[Interface]:
    """What stands behind the listener: each by its own table of the settings."""
    settings = around.settings
    assert settings.http is not None
    if around.capture is not None and settings.capture is not None:
        from oracles.capture.app import capture_interface

        limits = Limits(settings.file_limit_bytes, settings.http.read_seconds)
        yield capture_interface(settings.capture, around.capture, limits)
    if settings.http.lets_clients_in:
        from oracles.sources.posted import papers_interface

        limits = Limits(settings.file_limit_bytes, settings.http.read_seconds)
        yield papers_interface(Drop(settings.inbox, POSTED, around.checkpoint), limits, tables=bool(settings.csv))
    if around.relays.desk is not None:
        from oracles.relay.app import relay_interface

        yield relay_interface(around.relays.desk)
    if settings.dcsa.listens:
        yield from _dcsa_interfaces(around, settings.http.read_seconds)


def _dcsa_interfaces(around: Surroundings, read_seconds: float) -> Iterator[Interface]:
    from oracles.dcsa.app import callback_interface, events_interface

    settings, limits = around.settings.dcsa, Limits(around.settings.file_limit_bytes, read_seconds)
    into_inbox = taking(around, "dcsa")
    if settings.subscriptions:
        yield callback_interface(settings.subscriptions, into_inbox, limits)
    if settings.takes_events:
        yield events_interface(into_inbox, limits)


def taking(around: Surroundings, source: str, sender: str = "") -> Taking:
    """How Track & Trace gets into the inbox, under the name of that source."""
    settings = around.settings
    drop = Drop(settings.inbox, source, around.checkpoint)
    return Taking(around.database, drop, settings.dcsa.schema_versions, settings.file_limit_bytes, sender)


@contextmanager
def _dcsa_polling(around: Surroundings) -> Iterator[None]:
    from oracles.dcsa.asking import Asking
    from oracles.dcsa.polling import Poller, polling

    settings = around.settings
    pollers = [
        Poller(
            its,
            around.database,
            taking(around, "dcsapoll", its.name),
            Asking(its, settings.file_limit_bytes),
            around.checkpoint,
            around.metrics,
        )
        for its in settings.dcsa.poll
    ]
    with polling(pollers, around.ended):
        yield


@contextmanager
def _mqtt(around: Surroundings) -> Iterator[None]:
    # Only a node with sensors waits for the client library to load.
    from oracles.mqtt.service import hearing

    with hearing(around.settings, around.database, around.checkpoint, around.metrics, told=around.ended):
        yield
