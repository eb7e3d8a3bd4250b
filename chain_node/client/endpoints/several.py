"""Several nodes in the place of one: what one does not answer, another is asked.

Reading twice has no effect, so every read may be asked again elsewhere. Handing over a signed transaction may be, too:
its hash, and the nonce under the signature, are in the bytes, so the chain takes them once, however many nodes have
heard them and whether or not the first took them before it fell silent; a pool that has them says that it knows them,
which is then no failure. Whatever else a node can be asked for (to mine, to sign, to change its peers) may have an
effect each time: it goes to one node, once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from eth_utils.crypto import keccak

from chain_node.client.endpoints.watch import Watch
from chain_node.client.node import Node
from chain_node.errors import AlreadyKnown, AnswerMalformed, BlockMissing, ChainError, NodeUnavailable

SEND: Final = "eth_sendRawTransaction"
_READS: Final = re.compile(
    r"eth_(get\w+|call|estimateGas|blockNumber|chainId|syncing|gasPrice|feeHistory|maxPriorityFeePerGas)"
    r"|net_(version|peerCount|listening)|web3_\w+|debug_trace\w+"
)
_NEWEST: Final = frozenset({"latest", "pending"})
Requests = Sequence[tuple[str, Sequence[Any]]]
Ask = Callable[[Node], list[Any]]


class SeveralNodes(Node):
    """Answers as one node; a batch is answered by one of them. Safe to share between threads.

    Nobody is taken back in time: a node that lacks a block of which somebody has read is not asked. (A call at `latest`
    does not say of which block its answer is: whoever compares answers asks at a number.)
    """

    def __init__(
        self, watch: Watch, make_node: Callable[[str, float], Node] = Node, *, owns_watch: bool = False
    ) -> None:
        """With `owns_watch` it closes the watch too; else that outlives connections."""
        # Node's own set-up is for one address.
        self.rpc_url = ", ".join(watch.names)
        self.watch, self._owns_watch = watch, owns_watch
        self._nodes = [make_node(url, watch.timeout_seconds) for url in watch.urls]

    def request(self, method: str, *params: Any, contract: str | None = None) -> Any:
        if method == SEND:
            (answer,) = self._send([(method, params)])
        elif _READS.fullmatch(method):
            (answer,) = self._read(lambda node: [_asked(node, method, params, contract)], [(method, params)])
        else:
            return self._nodes[self.watch.serving()].request(method, *params, contract=contract)
        if isinstance(answer, ChainError):
            raise answer
        return answer

    def try_batch(self, requests_: Requests, contract: str | None = None) -> list[Any]:
        if not requests_:
            return []
        methods = {method for method, _ in requests_}
        if methods == {SEND}:
            return self._send(requests_)
        if not all(map(_READS.fullmatch, methods)):
            return self._nodes[self.watch.serving()].try_batch(requests_, contract)
        return self._read(lambda node: node.try_batch(requests_, contract), requests_)

    def close(self) -> None:
        for node in self._nodes:
            node.close()
        if self._owns_watch:
            self.watch.close()

    # Reading

    def _read(self, ask: Ask, requests_: Requests) -> list[Any]:
        """Asks one after the other until one answers. Raises NoEndpointUsable, or AnswerMalformed where nobody makes
        sense of it."""
        watch, tried, behind = self.watch, dict[int, ChainError](), set[int]()
        while True:
            floor, place = watch.floor, watch.serving()
            if place in tried:
                raise tried[place]
            try:
                answers = ask(self._nodes[place])
            except NodeUnavailable as error:
                tried[place] = error
                watch.failed(place, error)
                continue
            except AnswerMalformed as error:
                found = self._elsewhere(ask, requests_, place)
                if found is None:
                    # Rather the question than the nodes: none of them is left for it.
                    raise
                watch.failed(place, error)
                watch.saw(_furthest(requests_, found))
                return found
            newest = _newest(requests_, answers)
            if newest is not None and newest < floor:
                # Asked once more: it may have caught up meanwhile.
                if place in behind:
                    tried[place] = NodeUnavailable(watch.names[place], f"it is at block {newest}, and {floor} was read")
                behind.add(place)
                watch.fell_behind(place, newest)
                continue
            told = _furthest(requests_, answers)
            if not watch.believes(told):
                tried[place] = NodeUnavailable(watch.names[place], f"it tells of block {told}, which the others lack")
                watch.failed(place, tried[place])
                continue
            watch.saw(told)
            if any(isinstance(answer, BlockMissing) for answer in answers):
                return self._elsewhere(ask, requests_, place) or answers
            return answers

    def _elsewhere(self, ask: Ask, requests_: Requests, place: int) -> list[Any] | None:
        """What another node answers that lacks no block, has not left the chain and takes nobody back in time; None
        where none does."""
        watch = self.watch
        for other in watch.others(place):
            if not watch.follows(other):
                continue
            floor = watch.floor
            try:
                answers = ask(self._nodes[other])
            except NodeUnavailable as error:
                watch.failed(other, error)
                continue
            except ChainError:
                continue
            newest = _newest(requests_, answers)
            if newest is not None and newest < floor:
                watch.fell_behind(other, newest)
                continue
            has_all = not any(isinstance(answer, BlockMissing) for answer in answers)
            if has_all and watch.believes(_furthest(requests_, answers)):
                return answers
        return None

    # Sending

    def _send(self, requests_: Requests) -> list[Any]:
        """Hands signed transactions to the first node that answers; for each its hash, or why it was not taken."""
        failed: ChainError | None = None
        repeated = [its for its in requests_ if self.watch.is_repeated(its[1][0])]
        for place in self._takers():
            try:
                answers = self._nodes[place].try_batch(requests_)
            except (NodeUnavailable, AnswerMalformed) as error:
                failed = error
                self.watch.failed(place, error)
                continue
            known = [its for its, answer in zip(requests_, answers, strict=True) if isinstance(answer, AlreadyKnown)]
            if again := repeated + [its for its in known if its not in repeated]:
                self._spread(again, place)
            if failed is None:
                return answers
            # Whoever fell silent may have passed them on: this node knows them from there.
            return [_hash(its) if its in known else answer for its, answer in zip(requests_, answers, strict=True)]
        raise failed or NodeUnavailable(self.rpc_url, "no node may be used")

    def _takers(self) -> Iterator[int]:
        places = self.watch.takers()
        if not places:
            places = [self.watch.serving()]
        yield from places

    def _spread(self, requests_: Requests, place: int) -> None:
        """What was handed over before is in no block yet, or nobody would send it again: the node that had it may have
        lost it, or passes nothing on. What the others say of it changes nothing."""
        for other in self.watch.takers():
            if other == place or not self.watch.endpoints[other].answers:
                continue
            try:
                self._nodes[other].try_batch(requests_)
            except (NodeUnavailable, AnswerMalformed) as error:
                self.watch.failed(other, error)


def _asked(node: Node, method: str, params: Sequence[Any], contract: str | None) -> Any:
    try:
        return node.request(method, *params, contract=contract)
    except BlockMissing as missing:
        return missing


def _hash(request: tuple[str, Sequence[Any]]) -> str:
    return "0x" + keccak(hexstr=request[1][0]).hex()


def _newest(requests_: Requests, answers: Sequence[Any]) -> int | None:
    """The node's newest block, where it was asked for it."""
    asked = [
        _told(method, answer)
        for (method, params), answer in zip(requests_, answers, strict=True)
        if method == "eth_blockNumber" or (method == "eth_getBlockByNumber" and params[0] in _NEWEST)
    ]
    return min(asked, default=None)


def _furthest(requests_: Requests, answers: Sequence[Any]) -> int:
    """The newest block of which the answers tell; 0 where they tell of none."""
    return max(_told(method, answer) for (method, _), answer in zip(requests_, answers, strict=True))


def _told(method: str, answer: Any) -> int:
    """The block of which an answer tells; 0 where it tells of none. What is malformed is for its reader to find."""
    try:
        if method == "eth_blockNumber":
            return int(answer, 16)
        if method == "eth_getBlockByNumber" and answer:
            return int(answer["number"], 16)
        if method == "eth_getTransactionReceipt" and answer:
            return int(answer["blockNumber"], 16)
    except (TypeError, ValueError, KeyError):
        return 0
    return 0
