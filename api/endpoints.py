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
from chain_node.client.endpoints import Change, EndpointStatus, Watch, figures_of

log = structlog.get_logger()
_PREFIX = "portolan_endpoint_"


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
        "lag_seconds": status.lag_seconds,
        "reason": status.reason,
    }


@dataclass(eq=False)
class EndpointFigures(Collector):
    """Read when a monitor asks."""

    watch: Watch

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        for figure in figures_of(self.watch.status()):
            kind = CounterMetricFamily if figure.is_counter else GaugeMetricFamily
            family = kind(_PREFIX + figure.name, figure.text, labels=["endpoint"])
            for endpoint, value in figure.values.items():
                family.add_metric([endpoint], value)
            yield family
