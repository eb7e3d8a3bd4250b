"""Whether each agreed validator takes its turns, as the node tells it that is furthest of those that most
have followed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chain_node.networks.cards import CardBody
from chain_node.networks.facts import WINDOW, NodeFacts
from chain_node.networks.majority import LAG_BLOCKS, reached


@dataclass(frozen=True)
class Turn:
    """`proposed` of the last `WINDOW` blocks; `blocks_since` the last of them, or all that were looked at where it
    proposed none. `in_set`: on the chain; None where that was not told."""

    node: str
    in_set: bool | None
    proposed: int
    blocks_since: int


def believed(nodes: Iterable[NodeFacts]) -> list[NodeFacts]:
    """Those that tell no height far beyond what most of them have reached."""
    told = [(its.latest.number, its) for its in nodes if its.latest is not None]
    limit = reached(height for height, _ in told) + LAG_BLOCKS
    return [its for height, its in told if height <= limit]


def turns(validators: Iterable[CardBody], nodes: Iterable[NodeFacts]) -> list[Turn]:
    """One for each validator; none where no node tells who proposed."""
    told = [(its.latest.number, its) for its in believed(nodes) if its.latest and its.proposed is not None]
    if not told:
        return []
    height, furthest = max(told, key=lambda pair: pair[0])
    found = []
    for validator in validators:
        its = (furthest.proposed or {}).get(validator.address)
        in_set = None if furthest.validators is None else validator.address in furthest.validators
        since = min(height, WINDOW) if its is None else height - its.last_block
        found.append(Turn(validator.node, in_set, 0 if its is None else its.blocks, since))
    return found
