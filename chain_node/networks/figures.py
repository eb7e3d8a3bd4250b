"""What a monitor is told of a running network: whether its nodes answer, and its validators take their turns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chain_node.networks.doctor import Doctor
from chain_node.networks.errors import PortUnusable
from chain_node.networks.facts import WINDOW
from chain_node.networks.turns import turns
from chain_node.telling import PREFIX, looked_at, of_nodes, told


class NetworkFigures(Collector):
    """Tells the latest look; nothing before there was one."""

    def __init__(self) -> None:
        self.latest: Doctor | None = None

    def describe(self) -> Iterator[Metric]:
        """Nothing: what it tells depends on what was seen by then."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        seen = self.latest
        if seen is None:
            return
        yield looked_at(seen.now)
        yield from _of_nodes(seen)
        yield from _of_validators(seen)


def _of_nodes(seen: Doctor) -> Iterator[Metric]:
    names = ("answers", "foreign", "head_block", "block_age_seconds", "peers")
    answers, foreign, head, age, peers = (of_nodes(f"node_{name}") for name in names)
    ours = {its.name for its in seen.ours}
    for name, its in seen.facts.items():
        answers.add_metric([name], int(its.answers))
        if its.latest is None:
            continue
        foreign.add_metric([name], int(name not in ours))
        if name in ours:
            head.add_metric([name], its.latest.number)
            age.add_metric([name], max(0, seen.now - its.latest.timestamp))
            if its.peers is not None:
                peers.add_metric([name], len(its.peers))
    yield from (answers, foreign, head, age, peers)


def _of_validators(seen: Doctor) -> Iterator[Metric]:
    in_set = _family("validator_in_set", "1 where an agreed validator is one on the chain")
    proposed = _family("validator_proposed_blocks", f"Of the last {WINDOW} blocks, how many it proposed")
    since = _family(
        "validator_blocks_since_proposed",
        f"Blocks since the last that it proposed; {WINDOW} where it proposed none of the last {WINDOW}",
    )
    for turn in turns(seen.ceremony.state.validators, seen.ours):
        if turn.in_set is not None:
            in_set.add_metric([turn.node], int(turn.in_set))
        if turn.in_set is not False:
            proposed.add_metric([turn.node], turn.proposed)
            since.add_metric([turn.node], turn.blocks_since)
    yield from (in_set, proposed, since)


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, labels=["validator"])


@contextmanager
def told_at(listen: str, figures: NetworkFigures) -> Iterator[str]:
    """Serves them until the block ends, at `HOST:PORT` (0: one that is free); the address. Raises `PortUnusable`."""
    host, port = _place(listen)
    with ExitStack() as stack:
        try:
            bound = stack.enter_context(told(host, port, figures))
        except OSError as error:
            raise PortUnusable(listen, error.strerror or str(error)) from error
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}/metrics"


def _place(listen: str) -> tuple[str, int]:
    read = re.fullmatch(r"(?:\[([0-9a-fA-F:]+)\]|([^\[\]:]+)):(\d{1,5})", listen, re.ASCII)
    if read is None or int(read[3]) > 65_535:
        raise PortUnusable(listen, "HOST:PORT is needed, as 127.0.0.1:9466")
    return read[1] or read[2], int(read[3])
