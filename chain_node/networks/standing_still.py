"""Whether the chain is halted, or only the nodes that were asked stand still. JSON-RPC is on loopback, so that most
members ask one node, their own: that it takes no block says nothing of the chain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from chain_node.networks.facts import NodeFacts
from chain_node.networks.findings import Finding
from chain_node.networks.state import NetworkState
from chain_node.networks.terms import faults_borne

_RESTART: Final = (
    "bring validators back; round timeouts have doubled meanwhile, so restart all of them together (about 30 s)"
    " rather than wait (minutes)"
)
_CUT_OFF: Final = (
    "see this machine's network, firewall.md and the `peers` that it names; restart no other member's validator for it"
)
_ASK: Final = (
    "see its peers, disk and log; ask the other members, by telephone, whether their blocks grow: where they do, mend"
    " this node alone; only where those of a quorum stand too is the chain halted"
)


def standing_still(state: NetworkState, asked: Collection[str], still: Sequence[NodeFacts]) -> list[Finding]:
    """`still` are the nodes of this chain that took no block while we looked, none did; `asked` all names that were
    asked. Halted it is when a quorum of the validators was asked, and those that do not stand are too few for one."""
    validators = {node.node for node in state.validators}
    needed = len(validators) - faults_borne(len(validators))
    standing = [its.name for its in still if its.name in validators and not _cut_off(state, its)]
    if len(validators & set(asked)) >= needed and len(validators) - len(standing) < needed:
        height = max(its.latest.number for its in still if its.latest)
        what = f"no block after {height} while we looked: fewer than {needed} of {len(validators)} validators take part"
        return [Finding("wrong", "halted", "", what, _RESTART)]
    return [_still(state, its, len(validators & set(asked)), needed) for its in still]


def _still(state: NetworkState, its: NodeFacts, asked: int, needed: int) -> Finding:
    height = its.latest.number if its.latest else 0
    what = f"this node stands still: no block after {height} while we looked"
    if _cut_off(state, its):
        return Finding("wrong", "still", its.name, f"{what}, and it sees no other node: it is cut off", _CUT_OFF)
    few = f"{asked} of {len(state.validators)} validators were asked, {needed} make a quorum"
    return Finding("wrong", "still", its.name, f"{what}; whether the others do cannot be seen from here: {few}", _ASK)


def _cut_off(state: NetworkState, its: NodeFacts) -> bool:
    return its.peers is not None and not its.peers and len(state.nodes) > 1
