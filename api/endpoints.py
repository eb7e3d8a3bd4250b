"""What the gateway makes of the watch over several nodes: log lines, figures, what `/readyz` says, and the blocks that
it remembers from before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from api.indexer import position
from chain_node.client.endpoints import Change, EndpointStatus, Standing, Watch

log = structlog.get_logger()
_PREFIX = "portolan_endpoint_"
_WELL = (Standing.IN_USE, Standing.HEALTHY)


def tell(change: Change) -> None:
    """One line for a change, none for a request."""
    say = log.error if change.is_alert else log.warning
    say(f"endpoint.{change.what.replace(' ', '-')}", **change.fields)


def recorded_blocks(engine: Engine, final_depth_blocks: int) -> Mapping[int, bytes]:
    """Final blocks by number, as far as the indexer remembers them."""
    with engine.connect() as connection:
        cursor, remembered = position.read(connection), position.remembered(connection)
    known = {block.number: bytes.fromhex(block.hash[2:]) for block in (*remembered, *([cursor] if cursor else ()))}
    final = max(known, default=0) - final_depth_blocks
    return {number: found for number, found in known.items() if number <= final}


def shown(status: EndpointStatus) -> dict[str, Any]:
    """As `/readyz` shows a node."""
    return {
        "endpoint": status.name,
        "standing": str(status.standing),
        "block": status.block,
        "lag_blocks": status.lag_blocks,
        "reason": status.reason,
    }


@dataclass(eq=False)
class EndpointFigures(Collector):
    """Read when a monitor asks."""

    watch: Watch

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        found = self.watch.status()
        yield _gauge(
            "in_use", "1 of the node that is read from", {s.name: s.standing is Standing.IN_USE for s in found}
        )
        yield _gauge(
            "healthy", "1 of a node that is, or could be, read from", {s.name: s.standing in _WELL for s in found}
        )
        text = "1 of a node that tells another chain, or serves another network"
        yield _gauge("quarantined", text, {s.name: s.standing is Standing.QUARANTINED for s in found})
        yield _gauge("block", "Newest block of the node", {s.name: s.block for s in found})
        yield _gauge("lag_blocks", "How far it is behind the furthest", {s.name: s.lag_blocks for s in found})
        failures = CounterMetricFamily(f"{_PREFIX}failures", "Requests that it did not answer", labels=["endpoint"])
        for status in found:
            failures.add_metric([status.name], status.failures)
        yield failures


def _gauge(name: str, text: str, values: Mapping[str, float | None]) -> Metric:
    """Without the nodes of which nothing is known yet."""
    family = GaugeMetricFamily(_PREFIX + name, text, labels=["endpoint"])
    for endpoint, value in values.items():
        if value is not None:
            family.add_metric([endpoint], float(value))
    return family
