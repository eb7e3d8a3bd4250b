"""What one node says of itself, asked once. A question that is not answered leaves None and the reason: it never ends
the looking around."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chain_node.client import Node
from chain_node.networks.agreed_rules import read_first_block, read_forks
from chain_node.networks.answers import NO_ANSWER, quantity, reason
from chain_node.networks.cards import CardBody
from chain_node.networks.engine import NetworkEngine, Proposed, RpcCall, plain

WINDOW: Final = 60
"""Blocks that are looked back over."""
T = TypeVar("T")


@dataclass(frozen=True)
class Header:
    """Of one block; `timestamp` in Unix seconds."""

    number: int
    hash: str
    timestamp: int
    proposer: str
    extra_data: str


@dataclass(frozen=True)
class NodeFacts:
    """None: not answered; `unanswered` says why, by question. `first_block` is what the first block says beside its
    header here, `forks` the schedule of rules."""

    name: str
    version: str | None = None
    chain_id: int | None = None
    genesis: Header | None = None
    first_block: Mapping[str, str] = field(default_factory=dict)
    forks: Mapping[str, int] | None = None
    latest: Header | None = None
    later_number: int | None = None
    recent: tuple[Header, ...] = ()
    peers: frozenset[str] | None = None
    validators: frozenset[str] | None = None
    proposed: Mapping[str, Proposed] | None = None
    nodes_list: frozenset[str] | None = None
    accounts_list: frozenset[str] | None = None
    unanswered: Mapping[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        return self.latest is not None


class _Questions:
    def __init__(self, engine: NetworkEngine, node: Node) -> None:
        self.engine, self.node = engine, node
        self.unanswered: dict[str, str] = {}
        self.first_block: dict[str, str] = {}

    def ask(self, what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except NO_ANSWER as error:
            self.unanswered[what] = reason(error)
            return None

    def call(self, call: RpcCall) -> Any:
        return self.node.request(call.method, *call.params)

    def listed(self, what: str, call: RpcCall | None) -> frozenset[str] | None:
        return None if call is None else self.ask(what, lambda: self.texts(call))

    def texts(self, call: RpcCall) -> frozenset[str]:
        answer = self.call(call)
        if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
            raise ValueError(f"{call.method} gave no list")
        return frozenset(plain(item) for item in answer)

    def header(self, number: str) -> Header:
        return self._header(self.node.request("eth_getBlockByNumber", number, False))

    def first_header(self) -> Header:
        block = self.call(self.engine.first_block_call())
        header = self._header(block)
        self.first_block = read_first_block(block)
        return header

    def chain_id(self) -> int | None:
        return self.ask("chain id", lambda: quantity(self.node.request("eth_chainId")))

    def forks(self) -> Mapping[str, int] | None:
        return self.ask("fork schedule", lambda: read_forks(self.call(self.engine.forks_call())))

    def sealing(self, latest: Header, recent: tuple[Header, ...]) -> Mapping[str, Proposed] | None:
        """Who proposed the blocks of the window, which are `recent` where that could be asked."""
        first = _window_start(latest)
        call = self.engine.sealing_call(first, latest.number - 1)
        if call is None:
            return counted({}, recent) if recent else None
        if latest.number <= first:  # an empty span is refused
            return counted({}, [latest] if latest.number == first else [])
        told = self.ask("sealing", lambda: self.engine.read_sealing(self.call(call)))
        return None if told is None else counted(told, [latest])

    def recent(self, latest: Header) -> tuple[Header, ...]:
        return self.ask("recent blocks", lambda: self.headers(_window_start(latest), latest.number)) or ()

    def peers(self) -> frozenset[str] | None:
        call = self.engine.peers_call()
        return self.ask("peers", lambda: frozenset(self.engine.read_peers(self.call(call))))

    def validators(self) -> frozenset[str] | None:
        return self.ask("validators", lambda: self.texts(self.engine.validators_call()))

    def headers(self, first: int, last: int) -> tuple[Header, ...]:
        asked = [("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)]
        return tuple(self._header(answer) for answer in self.node.batch(asked))

    def _header(self, block: Any) -> Header:
        return Header(
            number=quantity(block["number"]),
            hash=str(block["hash"]).lower(),
            timestamp=quantity(block["timestamp"]),
            proposer=self.engine.read_proposer(block),
            extra_data=str(block["extraData"]).lower(),
        )


def _window_start(latest: Header) -> int:
    return max(1, latest.number - WINDOW + 1)


def counted(before: Mapping[str, Proposed], headers: Iterable[Header]) -> dict[str, Proposed]:
    """With blocks that are later than all counted before."""
    found = dict(before)
    for header in headers:
        blocks = found[header.proposer].blocks if header.proposer in found else 0
        found[header.proposer] = Proposed(blocks + 1, header.number)
    return found


def gather(engine: NetworkEngine, name: str, node: Node) -> NodeFacts:
    """Everything but `later_number`, which is asked some blocks later."""
    asking = _Questions(engine, node)
    latest = asking.ask("latest block", lambda: asking.header("latest"))
    if latest is None:
        return NodeFacts(name, unanswered=asking.unanswered)
    recent = asking.recent(latest)
    return NodeFacts(
        name=name,
        version=asking.ask("version", node.client_version),
        chain_id=asking.chain_id(),
        genesis=asking.ask("first block", asking.first_header),
        first_block=asking.first_block,
        forks=asking.forks(),
        latest=latest,
        recent=recent,
        peers=asking.peers(),
        validators=asking.validators(),
        proposed=asking.sealing(latest, recent),
        nodes_list=asking.listed("nodes list", engine.nodes_list_call()),
        accounts_list=asking.listed("accounts list", engine.accounts_list_call()),
        unanswered=asking.unanswered,
    )


def glance(engine: NetworkEngine, name: str, node: Node) -> NodeFacts:
    """Of all this what tells whether node and validators work: asked every few seconds. No more blocks than the engine
    makes necessary."""
    asking = _Questions(engine, node)
    latest = asking.ask("latest block", lambda: asking.header("latest"))
    if latest is None:
        return NodeFacts(name, unanswered=asking.unanswered)
    by_blocks = engine.sealing_call(latest.number, latest.number) is None
    return NodeFacts(
        name=name,
        chain_id=asking.chain_id(),
        genesis=asking.ask("first block", asking.first_header),
        first_block=asking.first_block,
        latest=latest,
        peers=asking.peers(),
        validators=asking.validators(),
        proposed=asking.sealing(latest, asking.recent(latest) if by_blocks else ()),
        unanswered=asking.unanswered,
    )


def port_is_open(node: CardBody, timeout_seconds: float = 3.0) -> bool:
    """Whether this machine reaches the port for peers of a node."""
    try:
        with socket.create_connection((node.host, node.port), timeout_seconds):
            return True
    except OSError:
        return False
