"""What all typed clients share: reads decode into values, writes become `Call`s that somebody else signs and sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from eth_typing import ChecksumAddress

from chain_node.client.node import Node
from chain_node.client.values import BlockTag, Call
from chain_node.errors import AnswerMalformed
from chain_node.interface import Interface, interfaces

T = TypeVar("T")


class Contract:
    """One deployed contract. `name` is its deployed name, `interface_name` that of its ABI."""

    interface_name: str

    def __init__(self, node: Node, name: str, address: ChecksumAddress) -> None:
        self.node, self.name, self.address = node, name, address
        self.interface: Interface = interfaces()[self.interface_name]

    def call(self, function: str, *values: Any) -> Call:
        """A call of any function by its Solidity name; the typed methods below are the usual way."""
        data = self.interface.functions[function].encode(*values)
        return Call(self.address, data, f"{self.interface_name}.{function}")

    def read(self, function: str, *values: Any, block: BlockTag = "latest") -> list[Any]:
        """The outputs of a view, in order. Raises the typed revert."""
        kind = self.interface.functions[function]
        answer = self.node.call(self.address, kind.encode(*values), None, block, self.interface_name)
        try:
            return kind.decode(answer)
        except ValueError as error:
            raise AnswerMalformed(f"{self.name} at {self.address} answered {function} strangely: {error}") from error

    def read_many(self, function: str, asked: Sequence[Sequence[Any]], block: BlockTag = "latest") -> list[list[Any]]:
        """The outputs of a view for each list of values, asked at once. Raises the first revert, typed."""
        kind = self.interface.functions[function]
        answers = self.node.calls(self.address, [kind.encode(*values) for values in asked], block)
        try:
            return [kind.decode(answer) for answer in answers]
        except ValueError as error:
            raise AnswerMalformed(f"{self.name} at {self.address} answered {function} strangely: {error}") from error

    def _struct(self, kind: type[T], function: str, *values: Any, block: BlockTag) -> T:
        (fields,) = self.read(function, *values, block=block)
        return kind(*fields.values())

    def _number(self, function: str, *values: Any, block: BlockTag) -> int:
        return int(self.read(function, *values, block=block)[0])
