"""Why a transaction that is already in a block failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain_node.client.node import Node
from chain_node.errors import ContractReverted, RequestRefused
from chain_node.errors.decoding import decode_revert
from chain_node.interface import checksum


def replay(node: Node, transaction_hash: bytes, contract_at: Callable[[str], str | None]) -> ContractReverted | None:
    """The revert of a failed transaction. Exact where the node can trace; else the call is repeated on the state before
    its block, which differs where an earlier transaction of the block had a part in it."""
    receipt = node.receipt(transaction_hash)
    if receipt is None or receipt.succeeded:
        return None
    contract = contract_at(receipt.to) if receipt.to else None
    try:
        trace = node.request("debug_traceTransaction", "0x" + transaction_hash.hex(), {"tracer": "callTracer"})
        return decode_revert(bytes.fromhex(str(trace.get("output") or "0x")[2:]), contract)
    except RequestRefused:
        return _repeat(node, transaction_hash, receipt.block_number - 1, contract)


def _repeat(node: Node, transaction_hash: bytes, block: int, contract: str | None) -> ContractReverted:
    transaction: dict[str, Any] = node.request("eth_getTransactionByHash", "0x" + transaction_hash.hex())
    data = bytes.fromhex(transaction["input"][2:])
    try:
        node.call(checksum(transaction["to"]), data, checksum(transaction["from"]), block, contract)
    except ContractReverted as reverted:
        return reverted
    return decode_revert(b"", contract)
