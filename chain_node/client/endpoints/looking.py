"""Asks nodes for what is to be known of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from chain_node.client.addresses import AddressBook
from chain_node.client.node import Node, tag
from chain_node.errors import AnswerMalformed, ChainError

_MOST_CODES: Final = 16
"""Contracts whose code is asked for at once: each has up to 24 kilobytes."""
_MOST_AT_ONCE: Final = 16
Of = TypeVar("Of")
Told = TypeVar("Told")


def at_once(ask: Callable[[Of], Told], of: Sequence[Of]) -> list[Told | ChainError]:
    """What each tells, or its failure, in their order: one that hangs uses up its own time, not that of the others."""

    def told(its: Of) -> Told | ChainError:
        try:
            return ask(its)
        except ChainError as error:
            return error

    if len(of) < 2:
        return [told(its) for its in of]
    with ThreadPoolExecutor(min(len(of), _MOST_AT_ONCE), "look") as pool:
        return list(pool.map(told, of))


class OtherNetwork(Exception):
    """The node answers, and for another network than the address book's."""


@dataclass(frozen=True)
class Sight:
    """A node's chain and its newest block. `other`: why the chain is that of another network; empty where it is not."""

    chain_id: int
    head: int
    other: str = ""


def sight_of(node: Node, book: AddressBook, *, is_verified: bool) -> Sight:
    """The contracts are asked for until they were found once, the chain id each time. Raises ChainError."""
    sight = look_at(node)
    if is_verified and sight.chain_id == book.chain_id:
        return sight
    try:
        verify(node, book, sight.chain_id)
    except OtherNetwork as error:
        return replace(sight, other=str(error))
    return sight


def look_at(node: Node) -> Sight:
    """Raises ChainError."""
    chain_id, newest = node.batch([("eth_chainId", ()), ("eth_getBlockByNumber", ("latest", False))])
    try:
        return Sight(int(chain_id, 16), int(newest["number"], 16))
    except (TypeError, ValueError, KeyError) as error:
        raise AnswerMalformed(f"the node at {node.rpc_url} told no chain id and no newest block") from error


def hashes_at(node: Node, heights: Collection[int]) -> dict[int, bytes]:
    """Blocks by height, but for those that it lacks. Raises ChainError."""
    asked = sorted(heights)
    answers = node.batch([("eth_getBlockByNumber", (tag(height), False)) for height in asked])
    try:
        return {
            height: _hash_of(block, height) for height, block in zip(asked, answers, strict=True) if block is not None
        }
    except (TypeError, ValueError, KeyError) as error:
        raise AnswerMalformed(f"the node at {node.rpc_url} told blocks that are none") from error


def _hash_of(block: Any, height: int) -> bytes:
    found = bytes.fromhex(block["hash"][2:])
    if len(found) != 32 or int(block["number"], 16) != height:
        raise ValueError(height)
    return found


def verify(node: Node, book: AddressBook, chain_id: int) -> None:
    """Raises OtherNetwork with the reason, or ChainError."""
    if chain_id != book.chain_id:
        raise OtherNetwork(f"its chain id is {chain_id}, {book.network} has {book.chain_id}")
    names = list(book.addresses)
    for start in range(0, len(names), _MOST_CODES):
        part = names[start : start + _MOST_CODES]
        for name, code in zip(part, _codes(node, [book.addresses[name] for name in part]), strict=True):
            if not isinstance(code, str) or len(code) <= 2:
                raise OtherNetwork(f"there is no contract at {book.addresses[name]}, where {name} should be")


def _codes(node: Node, addresses: Sequence[str]) -> list[Any]:
    return node.batch([("eth_getCode", (address, "latest")) for address in addresses])
