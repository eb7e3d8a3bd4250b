"""Figures of a chain for Prometheus: the names that all who look at nodes give them, and how they are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PREFIX: Final = "portolan_network_"
_OF_NODES: Final = {
    "node_answers": "1 where the node tells its newest block",
    "node_foreign": "1 where it tells of another chain; it has no other figures then",
    "node_head_block": "Its newest block",
    "node_block_age_seconds": "This machine's clock less that block's time",
    "node_peers": "Nodes that it is connected with",
}


def looked_at(moment: float) -> GaugeMetricFamily:
    """`moment` in Unix seconds."""
    return GaugeMetricFamily(PREFIX + "looked_timestamp_seconds", "When the nodes were last asked", value=moment)


def of_nodes(name: str) -> GaugeMetricFamily:
    """A figure that each node has."""
    return GaugeMetricFamily(PREFIX + name, _OF_NODES[name], labels=["node"])


@contextmanager
def told(host: str, port: int, figures: Collector) -> Iterator[int]:
    """Serves them under /metrics until the block ends; the port, where 0 takes a free one. Raises `OSError`."""
    registry = CollectorRegistry()
    registry.register(figures)
    server, thread = start_http_server(port, host, registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
