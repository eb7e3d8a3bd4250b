"""Blocks with all that happened in them, from one request each: what is read together belongs together, even where
several nodes answer at one address, and some of them lag."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain_node.client.node import Node, read_block, read_log, tag
from chain_node.client.values import Block, Log
from chain_node.errors import AnswerMalformed


@dataclass(frozen=True)
class Mined:
    """What became of a transaction in a block."""

    hash: bytes
    succeeded: bool
    gas_used: int


@dataclass(frozen=True)
class WholeBlock:
    """`logs` are those of the wanted addresses, in order."""

    block: Block
    mined: tuple[Mined, ...] = field(repr=False)
    logs: tuple[Log, ...] = field(repr=False)


def read_whole_blocks(node: Node, addresses: Collection[str], numbers: Sequence[int]) -> list[WholeBlock]:
    """Raises AnswerMalformed where the node lacks a block (yet, or any more), or where a block and its receipts do not
    belong together."""
    requests = [
        request
        for number in numbers
        for request in (("eth_getBlockByNumber", (tag(number), False)), ("eth_getBlockReceipts", (tag(number),)))
    ]
    answers, wanted = node.batch(requests), {address.lower() for address in addresses}
    pairs = zip(numbers, answers[::2], answers[1::2], strict=True)
    return [_whole(node, number, block, receipts, wanted) for number, block, receipts in pairs]


def _whole(node: Node, number: int, block: Any, receipts: Any, wanted: set[str]) -> WholeBlock:
    if block is None or receipts is None:
        raise AnswerMalformed(f"the node at {node.rpc_url} has no block {number}, or not its receipts")
    hashes = [receipt["transactionHash"] for receipt in receipts]
    if hashes != block["transactions"] or any(receipt["blockHash"] != block["hash"] for receipt in receipts):
        raise AnswerMalformed(f"the node at {node.rpc_url} gave block {number} the receipts of another")
    mined = tuple(
        Mined(bytes.fromhex(r["transactionHash"][2:]), int(r["status"], 16) == 1, int(r["gasUsed"], 16))
        for r in receipts
    )
    logs = tuple(read_log(log) for r in receipts for log in r["logs"] if log["address"].lower() in wanted)
    return WholeBlock(read_block(block), mined, logs)
