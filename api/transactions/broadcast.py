"""Hands many signed transactions to the node in one request and says what became of each."""

from collections.abc import Sequence
from typing import Final

from chain_node.client import Node
from chain_node.errors import AlreadyKnown, ChainError, TransactionRefused

_METHOD: Final = "eth_sendRawTransaction"


class Broadcaster:
    """Over connections of its own, so that sending never waits behind reading."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def send_all(self, raws: Sequence[bytes]) -> list[TransactionRefused | None]:
        """For each transaction None if the node has it now, otherwise why not. NodeUnavailable: nobody knows."""
        return [_outcome(answer) for answer in self._node.try_batch([(_METHOD, ("0x" + raw.hex(),)) for raw in raws])]


def _outcome(answer: object) -> TransactionRefused | None:
    if isinstance(answer, TransactionRefused):
        return None if isinstance(answer, AlreadyKnown) else answer
    if isinstance(answer, ChainError):
        raise answer
    return None
