"""What a monitor is told of several nodes, whoever tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain_node.client.endpoints.endpoint import EndpointStatus, Standing

_WELL = (Standing.IN_USE, Standing.HEALTHY)


@dataclass(frozen=True)
class Figure:
    """One figure of every node of which it is known, by the node's name."""

    name: str
    text: str
    values: Mapping[str, float]
    is_counter: bool = False


def figures_of(found: Sequence[EndpointStatus]) -> list[Figure]:
    blocks = {its.name: float(its.block) for its in found if its.block is not None}
    lags = {its.name: float(its.lag_blocks) for its in found if its.lag_blocks is not None}
    seconds = {its.name: its.lag_seconds for its in found if its.lag_seconds is not None}
    failures = {its.name: float(its.failures) for its in found}
    return [
        Figure("in_use", "1 of the node that is read from", _of(found, Standing.IN_USE)),
        Figure("healthy", "1 of a node that is, or could be, read from", _of(found, *_WELL)),
        Figure("quarantined", "1 of a node of another chain or network", _of(found, Standing.QUARANTINED)),
        Figure("block", "Newest block of the node", blocks),
        Figure("lag_blocks", "How far the node is behind the furthest", lags),
        Figure("lag_seconds", "Since the others have a block that the node lacks; 0 where it lacks none", seconds),
        Figure("failures", "Requests that the node did not answer", failures, is_counter=True),
    ]


def _of(found: Sequence[EndpointStatus], *standings: Standing) -> dict[str, float]:
    return {its.name: float(its.standing in standings) for its in found}
