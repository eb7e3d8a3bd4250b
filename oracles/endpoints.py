"""Several nodes of the chain in the place of one: the watch over them, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlmodel import select

from chain_node.client import AddressBook
from chain_node.client.endpoints import Change, EndpointRules, Watch, figures_of, watching
from oracles.sending_settings import SendingSettings
from oracles.store.blocks import SeenBlockRow
from oracles.store.database import Database

log = structlog.get_logger("oracles")

PREFIX: Final = "portolan_oracle_endpoint_"


@contextmanager
def watched(settings: SendingSettings, database: Database) -> Iterator[Watch | None]:
    """The watch, until the block ends; None where there is one node. Asks nobody before a connection is opened. Raises
    DeploymentsInvalid."""
    if len(settings.rpc_urls) == 1:
        yield None
        return
    rules = EndpointRules(**settings.endpoints.model_dump())
    watch = Watch(
        settings.rpc_urls,
        AddressBook.load(settings.deployments),
        rules,
        settings.rpc_timeout_seconds,
        tell=tell,
        recorded=lambda: _recorded(database, rules.final_depth_blocks),
    )
    with watching(watch):
        yield watch


def tell(change: Change) -> None:
    """One line for a change, none for a request."""
    if change.is_alert:
        log.error(f"endpoint {change.what}", operator_action_required=True, **change.fields)
    else:
        log.warning(f"endpoint {change.what}", **change.fields)


def _recorded(database: Database, final_depth_blocks: int) -> Mapping[int, bytes]:
    """The final ones of the blocks that this node has seen before."""
    with database.session() as session:
        seen = {row.number: bytes.fromhex(row.hash) for row in session.exec(select(SeenBlockRow)).all()}
    final = max(seen, default=0) - final_depth_blocks
    return {number: found for number, found in seen.items() if number <= final}


@dataclass(eq=False)
class EndpointFigures(Collector):
    """Read when a monitor asks."""

    watch: Watch

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        for figure in figures_of(self.watch.status()):
            kind = CounterMetricFamily if figure.is_counter else GaugeMetricFamily
            family = kind(PREFIX + figure.name, figure.text, labels=["endpoint"])
            for endpoint, value in figure.values.items():
                family.add_metric([endpoint], value)
            yield family
