"""Whether a node's key is at work somewhere. Two nodes with one validator key would sign different blocks at one
height; so a key is restored only where nothing speaks for its being in use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from chain_node.client import Node
from chain_node.errors import ChainError
from chain_node.networks.cards import CardBody
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.engine import NetworkEngine
from chain_node.networks.facts import NodeFacts, gather


def signs_of_work(
    engine: NetworkEngine, node: CardBody, before: Iterable[NodeFacts], after: Iterable[NodeFacts], port_open: bool
) -> list[str]:
    """What other nodes see of it. `before` and `after` are what they said some blocks apart."""
    found = []
    if port_open:
        found.append(f"something answers at {node.host}:{node.port}")
    heights = {its.name: its.latest.number for its in before if its.latest}
    for its in after:
        if its.peers is not None and node.public_key in its.peers:
            found.append(f"{its.name} is connected with it")
        new = [h for h in its.recent if h.number > heights.get(its.name, h.number) and h.proposer == node.address]
        if new:
            found.append(f"it proposed block {new[-1].number}, while {its.name} was watched")
    return found


def why_not_restored(
    engine: NetworkEngine,
    ceremony: Ceremony,
    nodes: Sequence[str],
    asked: Mapping[str, Node],
    port_open: Callable[[CardBody], bool],
    watch_seconds: float,
) -> list[str]:
    """Reasons against restoring these nodes' keys; none where the others were asked and see nothing of them."""
    found = [
        f"{name}: is no node of {ceremony.terms.name} any more" for name in nodes if name not in ceremony.state.nodes
    ]
    bodies = [ceremony.state.nodes[name] for name in nodes if name in ceremony.state.nodes]
    others = {name: way for name, way in asked.items() if name not in nodes}
    before = [gather(engine, name, way) for name, way in others.items()]
    seeing = [its for its in before if its.answers and its.peers is not None]
    if not seeing:
        return [*found, "no other node could be asked whether the keys are at work: give --rpc NODE=URL of one"]
    _wait_for_blocks(others, before, len(ceremony.state.validators), watch_seconds)
    after = [gather(engine, name, way) for name, way in others.items()]
    for body in bodies:
        signs = signs_of_work(engine, body, before, after, port_open(body))
        found += [f"{body.node}: its key is at work: {sign}" for sign in signs]
    return found


def _wait_for_blocks(
    others: Mapping[str, Node], before: Iterable[NodeFacts], validators: int, watch_seconds: float
) -> None:
    """Until each validator had two turns, or the time is up: a halted chain has no turns."""
    start = max((its.latest.number for its in before if its.latest), default=0)
    until = time.monotonic() + watch_seconds
    while time.monotonic() < until:
        if any(_height(node) >= start + 2 * validators for node in others.values()):
            return
        time.sleep(min(0.5, watch_seconds))


def _height(node: Node) -> int:
    try:
        return node.block_number()
    except ChainError:
        return 0
