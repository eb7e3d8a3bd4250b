"""The figures that a monitor reads from the database and the health of a node whenever it asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from oracles.operating.health import Health, Trouble
from oracles.operating.picture import Picture, picture
from oracles.settings import NodeSettings
from oracles.store.database import Database

log = structlog.get_logger("oracles")

PREFIX: Final = "portolan_oracle_"


@dataclass(eq=False)
class HealthCollected(Collector):
    """Of a relay that runs alone: what keeps it from its work."""

    health: Health

    def describe(self) -> Iterator[Metric]:
        """Nothing: what it tells depends on what is known by then."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from _health(self.health)


@dataclass(eq=False)
class Collected(Collector):
    """Where the database cannot be read, what the health tells is still there."""

    settings: NodeSettings
    database: Database
    health: Health

    def describe(self) -> Iterator[Metric]:
        """Nothing: so that registering asks neither the database nor the disk."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from _health(self.health)
        try:
            with self.database.session() as session:
                found = picture(session, self.settings)
        except (DBAPIError, OSError) as error:
            log.warning("figures not read", reason=type(error).__name__)
            return
        yield from _work(found)
        yield from _disk(found)


def _health(health: Health) -> Iterator[Metric]:
    names = {problem.name for problem in health.problems()}
    yield _gauge("ready", "1 while nothing keeps the node from its work", 0 if names else 1)
    troubles = _family("problem", "1 where it keeps the node from its work", "problem")
    for trouble in Trouble:
        troubles.add_metric([str(trouble)], int(trouble in names))
    yield troubles
    lag = health.lag_seconds()
    if lag is not None:
        yield _gauge("chain_lag_seconds", "The machine's clock less the newest block's time", lag)
    if health.blocks_behind is not None:
        yield _gauge("blocks_behind", "Blocks that the chain's node has yet to fetch", health.blocks_behind)


def _work(found: Picture) -> Iterator[Metric]:
    since = _family("source_seconds_since_last_document", "Since the last document of each source", "source")
    delay = _family("source_event_delay_seconds", "From its latest event to the taking of its last document", "source")
    documents = CounterMetricFamily(f"{PREFIX}source_documents", "Documents taken, ever, by source", labels=["source"])
    for source in found.sources:
        since.add_metric([source.source], source.seconds_since)
        documents.add_metric([source.source], source.documents)
        if source.delay_seconds is not None:
            delay.add_metric([source.source], source.delay_seconds)
    yield from (since, delay, documents)
    yield _gauge("outbox_depth", "Observations and transactions that the network has not answered", found.outbox_depth)
    yield _gauge("oldest_unsettled_seconds", "Age of the oldest of them", found.oldest_unsettled_seconds)
    yield _counter("facts_signed", "Facts signed, ever", found.signed)
    yield _counter("facts_submitted", "Facts handed to the network, ever", found.submitted)
    yield _counter("facts_confirmed", "Facts that the network counted, ever", found.confirmed)
    refused = CounterMetricFamily(f"{PREFIX}facts_refused", "Facts that the network did not count", labels=["reason"])
    for reason, count in found.refused.items():
        refused.add_metric([reason], count)
    yield refused
    events = _family("events_by_status", "Events by what became of them", "status")
    for status, count in found.counts["events"].items():
        events.add_metric([status], count)
    yield events
    yield _gauge("quarantined_files", "Files that lie in quarantine", found.quarantined)


def _disk(found: Picture) -> Iterator[Metric]:
    yield _gauge("database_bytes", "Size of the database with its log", found.database_bytes)
    yield _gauge("disk_free_bytes", "Room on the database's file system", found.free_bytes)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _family(name: str, text: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, labels=[label])


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, text, value=value)
