"""All brokers of a node: a thread with an event loop for each, until the node ends."""

from __future__ import annotations

import asyncio
import contextvars
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog

from oracles.checkpoints import Checkpoint
from oracles.errors import OracleError
from oracles.lasting import Told, lasting, nobody
from oracles.metrics import Metrics
from oracles.mqtt.closing import Closing
from oracles.mqtt.devices import Devices
from oracles.mqtt.figures import Complaints, SensorFigures
from oracles.mqtt.receiving import Receiving
from oracles.mqtt.refused import Refused
from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.silence import Silence
from oracles.mqtt.taking import Taking
from oracles.settings import NodeSettings
from oracles.sources.drop import Drop
from oracles.store.database import Database

log = structlog.get_logger("oracles")

STOP_SECONDS: Final = 15.0


class MqttUnusable(OracleError):
    """Some brokers cannot be asked as the settings say; all reasons at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def hearing(
    settings: NodeSettings,
    database: Database,
    checkpoint: Checkpoint,
    metrics: Metrics,
    clock: Callable[[], datetime] = utc_now,
    told: Told = nobody,
) -> Iterator[None]:
    """Until the block ends; what was begun is finished. Raises MqttUnusable."""
    figures = SensorFigures(metrics.registry)
    makers = _makers(settings, database, checkpoint, figures, clock)
    with ExitStack() as stack:
        for make in makers:
            stack.enter_context(_threaded(make, told))
        yield


def _makers(
    settings: NodeSettings,
    database: Database,
    checkpoint: Checkpoint,
    figures: SensorFigures,
    clock: Callable[[], datetime],
) -> list[Callable[[], Receiving]]:
    """What makes each source, once in its own loop; its files are read here, so that all problems are said at once."""
    makers, problems = [], []
    for table in settings.mqtt:
        try:
            tls, password = _tls(table), _password(table)
        except (OSError, ValueError) as error:
            # An SSLError is an OSError; none of their texts holds what is in the files.
            problems.append(f"setting 'mqtt': {table.name}: {error}")
            continue
        makers.append(_maker(settings, table, tls, password, database, checkpoint, figures, clock))
    if problems:
        raise MqttUnusable(problems)
    return makers


def _maker(
    settings: NodeSettings,
    table: MqttSettings,
    tls: ssl.SSLContext | None,
    password: str | None,
    database: Database,
    checkpoint: Checkpoint,
    figures: SensorFigures,
    clock: Callable[[], datetime],
) -> Callable[[], Receiving]:
    def make() -> Receiving:
        complaints = Complaints(lambda: clock().timestamp())
        devices = Devices(table.devices)
        devices.look()
        refused = Refused(settings.quarantine, table.source, table.quarantine_limit, complaints)
        drop = Drop(settings.inbox, table.source, checkpoint)
        return Receiving(
            table,
            table.client_id or f"portolan-{settings.name}-{table.name}",
            tls,
            password,
            database,
            Taking(table, database, devices, refused, figures, clock, checkpoint),
            Closing(table, database, devices, drop, figures, complaints, clock, checkpoint),
            Silence(table, database, devices, figures, clock),
            figures,
            clock,
            checkpoint,
        )

    return make


@contextmanager
def _threaded(make: Callable[[], Receiving], told: Told) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    receiving: list[Receiving] = []
    ready, closing = threading.Event(), threading.Lock()

    async def work() -> None:
        receiving.append(make())
        ready.set()
        await receiving[0].run()

    def run() -> None:
        try:
            loop.run_until_complete(work())
        finally:
            ready.set()
            with closing:
                loop.close()

    hear = lasting(run, lambda: bool(receiving) and receiving[0].stopping.is_set(), "mqtt", told)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(hear,), name="mqtt", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        # The thread may have ended by itself, and may be about to.
        with closing:
            if receiving and not loop.is_closed():
                loop.call_soon_threadsafe(receiving[0].stopping.set)
        thread.join(STOP_SECONDS)


def _tls(table: MqttSettings) -> ssl.SSLContext | None:
    if table.tls_ca is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(table.tls_ca))
    except (OSError, ValueError) as error:
        raise ValueError(f"tls_ca {table.tls_ca} is not a certificate (PEM): {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if table.tls_certificate is not None and table.tls_key is not None:
        try:
            context.load_cert_chain(table.tls_certificate, table.tls_key)
        except (OSError, ValueError) as error:
            raise ValueError(f"tls_certificate and tls_key do not fit together or are not PEM: {error}") from error
    return context


def _password(table: MqttSettings) -> str | None:
    if table.password_file is None:
        return None
    try:
        password = table.password_file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"password_file {table.password_file} cannot be read") from error
    if not password:
        raise ValueError(f"password_file {table.password_file} is empty")
    return password
