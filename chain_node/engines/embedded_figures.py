"""What Prometheus is told of the embedded chain. anvil has no figures of its own, so it is asked at each scrape, and
told by the names that `portolan network watch` gives to a node's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chain_node.client.node import Node
from chain_node.errors import ChainError
from chain_node.telling import looked_at, of_nodes

NODE: Final = "embedded"
"""The node's label."""
_PATIENCE_SECONDS: Final = 5.0
"""Less than Prometheus has with a scrape: a chain that hangs is a figure."""


class EmbeddedFigures(Collector):
    """Of the chain at `rpc_url`. Where `clock_mark` exists, its clock is not the machine's and blocks have no age."""

    def __init__(self, rpc_url: str, clock_mark: Path) -> None:
        self._rpc_url, self._clock_mark = rpc_url, clock_mark

    def describe(self) -> Iterator[Metric]:
        """Nothing: what it tells depends on whether the chain answers."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        node, now = Node(self._rpc_url, _PATIENCE_SECONDS), time.time()
        answers, head, age = (of_nodes(f"node_{name}") for name in ("answers", "head_block", "block_age_seconds"))
        try:
            latest = node.block()
        except ChainError:
            answers.add_metric([NODE], 0)
        else:
            answers.add_metric([NODE], 1)
            head.add_metric([NODE], latest.number)
            if not self._clock_mark.exists():
                age.add_metric([NODE], max(0, int(now) - latest.timestamp))
        finally:
            node.close()
        yield from (looked_at(now), answers, head, age)
