"""A network of nodes that exist only in this process: each follows a chain up to its own head, fails when told, and
keeps a pool. No socket is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from chain_node.client import AddressBook
from chain_node.client.endpoints import Change, EndpointRules, SeveralNodes, Watch
from chain_node.client.node import Node
from chain_node.errors import AlreadyKnown, AnswerMalformed, BlockMissing, ChainError, NodeUnavailable

CHAIN_ID = 412_346
CONTRACT = "0x00000000000000000000000000000000000C0FFe"
BOOK = AddressBook("fake", CHAIN_ID, 1, {"CashToken:EUR": CONTRACT}, {"CashToken:EUR": "CashToken"})  # type: ignore[dict-item]


def block_hash(branch: str, number: int) -> str:
    return "0x" + keccak(text=f"{branch} {number}").hex()


@dataclass
class FakeNode:
    """What a node is; `Transport` asks it. From block `fork` on its blocks are of the branch `branch`. `head_claimed`
    is what it says its newest block is, where that is not so."""

    url: str
    head: int = 10
    branch: str = "main"
    fork: int = 0
    chain_id: int = CHAIN_ID
    has_contract: bool = True
    away: bool = False
    malformed: bool = False
    dies_after_taking: bool = False
    pool: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def block(self, number: int) -> dict[str, Any] | None:
        if number > self.head:
            return None
        branch = self.branch if number >= self.fork else "main"
        parent = block_hash(branch if number > self.fork else "main", number - 1)
        fields = {"number": hex(number), "hash": block_hash(branch, number), "parentHash": parent}
        return {**fields, "timestamp": hex(number), "transactions": []}

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        self.asked.append(method)
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_blockNumber":
            return hex(self.head)
        if method == "eth_getBlockByNumber":
            return self.block(self.head if params[0] == "latest" else int(params[0], 16))
        if method == "eth_getCode":
            return "0x60" if self.has_contract else "0x"
        if method == "eth_sendRawTransaction":
            return self._take(params[0])
        if method == "eth_call":
            number = self.head if params[1] == "latest" else int(params[1], 16)
            if number > self.head:
                raise BlockMissing(method, -32000, "header not found")
            return block_hash(self.branch if number >= self.fork else "main", number)
        return self.url

    def _take(self, raw: str) -> str:
        known = raw in self.pool
        if not known:
            self.pool.append(raw)
        if self.dies_after_taking:
            self.away = True
            raise NodeUnavailable(self.url, "no answer in time")
        if known:
            raise AlreadyKnown("already known")
        return "0x" + keccak(hexstr=raw).hex()


class Transport(Node):
    """A connection to a fake node."""

    def __init__(self, node: FakeNode) -> None:
        self.node, self.rpc_url = node, node.url

    def request(self, method: str, *params: Any, contract: str | None = None) -> Any:
        self._reach(method)
        return self.node.answer(method, params)

    def try_batch(self, requests_: Sequence[tuple[str, Sequence[Any]]], contract: str | None = None) -> list[Any]:
        self._reach("a batch")
        answers: list[Any] = []
        for method, params in requests_:
            try:
                answers.append(self.node.answer(method, params))
            except NodeUnavailable:
                raise
            except ChainError as refusal:
                answers.append(refusal)
        return answers

    def close(self) -> None:
        """There is nothing to close."""

    def _reach(self, method: str) -> None:
        if self.node.away:
            raise NodeUnavailable(self.node.url, "no connection")
        if self.node.malformed:
            raise AnswerMalformed(f"the node at {self.node.url} answered {method} with something that is not JSON")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Several:
    """Nodes `a`, `b`, ... behind a watch, on a clock that a test moves."""

    def __init__(
        self, *heads: int, rules: EndpointRules | None = None, recorded: dict[int, bytes] | None = None
    ) -> None:
        self.fakes = [FakeNode(f"http://{chr(ord('a') + place)}:8545", head) for place, head in enumerate(heads)]
        self.changes: list[Change] = []
        self.clock = Clock()
        by_url = {fake.url: fake for fake in self.fakes}

        def make(url: str, _: float) -> Node:
            return Transport(by_url[url])

        self.watch = Watch(
            [fake.url for fake in self.fakes],
            BOOK,
            rules or EndpointRules(),
            10.0,
            tell=self.changes.append,
            recorded=lambda: recorded or {},
            make_node=make,
            clock=self.clock,
        )
        self.node = SeveralNodes(self.watch, make)

    def look(self, seconds: float = 1.0, times: int = 1) -> None:
        for _ in range(times):
            self.clock.now += seconds
            self.watch.look()

    def grow(self, *places: int, blocks: int = 1) -> None:
        for place in places or range(len(self.fakes)):
            self.fakes[place].head += blocks

    @property
    def in_use(self) -> str | None:
        return None if self.watch.current is None else self.watch.names[self.watch.current]

    def told(self, what: str) -> list[Change]:
        return [change for change in self.changes if change.what == what]

    def standings(self) -> list[str]:
        return [str(status.standing) for status in self.watch.status()]
