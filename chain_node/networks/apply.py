"""Carries decided changes out on one member's own nodes: lists are read again, votes cast, their effect awaited, and
whoever is not agreed on any more is hung up on. Each step looks at what is there first, so that a broken run is simply
repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from chain_node.client.node import Node
from chain_node.errors import ChainError
from chain_node.networks.cards import CardBody
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.changes import Removal
from chain_node.networks.engine import NetworkEngine, RpcCall, Vote, votes_between
from chain_node.networks.errors import VoteFailed
from chain_node.networks.lists import require_lists

Ask = Callable[[RpcCall], Any]
CUT_OFF_SECONDS: Final = 30.0
"""Until a peer that was hung up on is gone; who dials again is let in as a peer for a moment, and then refused."""


@dataclass(frozen=True)
class Applied:
    """`waiting` are votes that were cast and have no effect yet: others have to cast theirs."""

    steps: tuple[str, ...]
    waiting: tuple[Vote, ...]


def calls_by_hand(engine: NetworkEngine, ceremony: Ceremony, lei: str) -> list[tuple[str, RpcCall]]:
    """What the member would send to each of its nodes, in order, where this program cannot reach them."""
    votes = [vote for proposal in ceremony.pending_for(lei) for vote in proposal.votes]
    nodes = ceremony.state.nodes_of(lei)
    voting = [
        n for n in (*nodes, *_leaving(ceremony, lei)) if n.role == "validator" and Vote(n.address, True) not in votes
    ]
    call = engine.reload_call()
    reload = [(node.node, call) for node in nodes if call is not None]
    cast = [(n.node, engine.vote_call(vote)) for n in voting for vote in votes if engine.may_vote(n, vote)]
    drop_call = engine.drop_call()
    drop = [(node.node, drop_call) for node in nodes if drop_call is not None]
    return [*(reload if _someone_comes(ceremony, lei) else []), *cast, *reload, *drop]


def apply_on(
    engine: NetworkEngine,
    ceremony: Ceremony,
    lei: str,
    asks: Mapping[str, Ask],
    wait_seconds: float,
    poll_seconds: float,
) -> Applied:
    """Brings the member's nodes to the agreed state. `asks` has a way to each of them. Raises `VoteFailed`.

    Who comes is let in before the vote; who goes is cut off only after it, so that no validator is missing meanwhile.
    """
    staying = ceremony.state.nodes_of(lei)
    missing = [n.node for n in staying if n.node not in asks]
    if missing:
        raise VoteFailed(", ".join(missing), "no --rpc was given for it, and it has to follow the change too")
    nodes = [*staying, *(n for n in _leaving(ceremony, lei) if n.node in asks)]
    steps: list[str] = []
    if _someone_comes(ceremony, lei):
        steps += _reload(engine, ceremony, staying, asks)
    until = time.monotonic() + wait_seconds
    while waiting := _vote(engine, ceremony, nodes, asks, steps):
        if time.monotonic() >= until:
            return Applied(tuple(steps), waiting)
        time.sleep(poll_seconds)
    steps += _discard(engine, ceremony, nodes, asks, lei)
    steps += _reload(engine, ceremony, staying, asks)
    return Applied((*steps, *_cut_off(engine, ceremony, staying, asks, poll_seconds)), ())


def _someone_comes(ceremony: Ceremony, lei: str) -> bool:
    return any(not isinstance(p.change, Removal) for p in ceremony.pending_for(lei))


def _leaving(ceremony: Ceremony, lei: str) -> list[CardBody]:
    """Own nodes that a change removes: while they run they may vote for it."""
    gone = [p.gone for p in ceremony.pending_for(lei) if p.gone is not None]
    return [node for node in gone if node.lei == lei]


def _reload(engine: NetworkEngine, ceremony: Ceremony, nodes: Sequence[CardBody], asks: Mapping[str, Ask]) -> list[str]:
    call = engine.reload_call()
    if call is None:
        return []
    for node in nodes:
        _said(node.node, asks[node.node], call)
        require_lists(engine, ceremony, node, partial(_said, node.node, asks[node.node]))
    return [f"{node.node}: has read its allow-lists again, and has what was agreed" for node in nodes]


def _cut_off(
    engine: NetworkEngine, ceremony: Ceremony, nodes: Sequence[CardBody], asks: Mapping[str, Ask], poll_seconds: float
) -> list[str]:
    """Has each node hang up on everybody who is not agreed on, and sees that it did. Raises `VoteFailed`."""
    call = engine.drop_call()
    if call is None:
        return []
    for node in nodes:
        ask, until = asks[node.node], time.monotonic() + CUT_OFF_SECONDS
        require_lists(engine, ceremony, node, partial(_said, node.node, ask))
        _said(node.node, ask, call)
        while strange := _strange_peers(engine, ceremony, node.node, ask):
            if time.monotonic() >= until:
                keys = ", ".join(key[:16] for key in strange)
                raise VoteFailed(node.node, f"is still connected with nodes that nobody agreed on: {keys}")
            time.sleep(poll_seconds)
            _said(node.node, ask, call)
    return [f"{node.node}: is connected with nobody but agreed nodes" for node in nodes]


def _strange_peers(engine: NetworkEngine, ceremony: Ceremony, name: str, ask: Ask) -> list[str]:
    call = engine.peers_call()
    answer = _said(name, ask, call)
    try:
        peers = engine.read_peers(answer)
    except ValueError as error:
        raise VoteFailed(name, f"{call.method}: {error}") from error
    return sorted(peers - {node.public_key for node in ceremony.state.ordered})


def _vote(
    engine: NetworkEngine, ceremony: Ceremony, nodes: Sequence[CardBody], asks: Mapping[str, Ask], steps: list[str]
) -> tuple[Vote, ...]:
    """Casts what is missing on each own validator that is one on chain; what any of them still waits for."""
    wanted = {n.address for n in ceremony.state.validators}
    waiting: set[Vote] = set()
    for node in nodes:
        on_chain = _validators(engine, node.node, asks[node.node])
        _no_strangers(ceremony, node.node, on_chain)
        votes = votes_between(on_chain, wanted)
        now = votes if engine.votes_together else votes[:1]
        for vote in (its for its in now if node.address in on_chain and engine.may_vote(node, its)):
            line = f"{node.node}: votes to {'admit' if vote.admit else 'remove'} {vote.address}"
            if line not in steps:
                _said(node.node, asks[node.node], engine.vote_call(vote))
                steps.append(line)
        waiting |= set(votes)
    return tuple(sorted(waiting, key=lambda its: (not its.admit, its.address)))


def _discard(
    engine: NetworkEngine, ceremony: Ceremony, nodes: Sequence[CardBody], asks: Mapping[str, Ask], lei: str
) -> list[str]:
    """Old votes would otherwise be cast again whenever the set changes back."""
    now = {n.address for n in ceremony.state.validators}
    settled = {vote.address: vote for proposal in ceremony.pending_for(lei) for vote in proposal.votes}
    steps = []
    for node in nodes:
        for vote in settled.values() if node.address in now else ():
            call = engine.discard_call(vote)
            if call is not None:
                _said(node.node, asks[node.node], call)
    steps.append(f"the chain has the agreed {len(now)} validators")
    return steps


def _no_strangers(ceremony: Ceremony, node: str, on_chain: set[str]) -> None:
    known = {card.body.address for card in ceremony.cards} | {n.address for n in ceremony.state.ordered}
    strangers = sorted(on_chain - known - ceremony.retired)
    if strangers:
        raise VoteFailed(
            node, f"the chain has validators that no decision of this ceremony names: {', '.join(strangers)}"
        )


def _validators(engine: NetworkEngine, name: str, ask: Ask) -> set[str]:
    return {item.lower() for item in _listed(name, ask, engine.validators_call())}


def _listed(name: str, ask: Ask, call: RpcCall) -> list[str]:
    answer = _said(name, ask, call)
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise VoteFailed(name, f"{call.method} gave no list of addresses")
    return answer


def _said(name: str, ask: Ask, call: RpcCall) -> Any:
    try:
        return ask(call)
    except ChainError as error:
        raise VoteFailed(name, f"{call.method}: {error}") from error


def asks_of(urls: Mapping[str, str]) -> dict[str, Ask]:
    """Plain JSON-RPC to each node."""

    def ask(node: Node) -> Ask:
        return lambda call: node.request(call.method, *call.params)

    return {name: ask(Node(url)) for name, url in urls.items()}
