"""Hands many signed transactions to the node in one request and says what became of each."""

from collections.abc import Sequence
from typing import Any, cast

import requests
from web3.types import RPCEndpoint

from chain_node.client import Node
from chain_node.errors import AlreadyKnown, AnswerMalformed, NodeUnavailable, TransactionRefused

_METHOD = "eth_sendRawTransaction"
BATCH = 100


class Broadcaster(Node):
    """A connection of its own, so that sending never waits behind reading."""

    def send_all(self, raws: Sequence[bytes]) -> list[TransactionRefused | None]:
        """For each transaction None if the node has it now, otherwise why not. NodeUnavailable: nobody knows."""
        outcomes: list[TransactionRefused | None] = []
        for start in range(0, len(raws), BATCH):
            outcomes += self._send(raws[start : start + BATCH])
        return outcomes

    def _send(self, raws: Sequence[bytes]) -> list[TransactionRefused | None]:
        requested = [(RPCEndpoint(_METHOD), ["0x" + raw.hex()]) for raw in raws]
        try:
            answers = cast(Any, self._provider.make_batch_request(requested))
        except requests.RequestException as error:
            raise NodeUnavailable(self.rpc_url, type(error).__name__) from error
        except ValueError as error:
            raise AnswerMalformed(
                f"the node at {self.rpc_url} answered a batch with something that is not JSON"
            ) from error
        if not isinstance(answers, list) or len(answers) != len(raws):
            raise AnswerMalformed(f"the node at {self.rpc_url} did not answer each of {len(raws)} transactions")
        return [self._outcome(answer) for answer in answers]

    def _outcome(self, answer: dict[str, Any]) -> TransactionRefused | None:
        try:
            self._result(_METHOD, answer, None)
        except AlreadyKnown:
            return None
        except TransactionRefused as refused:
            return refused
        return None
