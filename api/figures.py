"""Figures that follow from the contracts' state: what is owed, may be drawn, a share is worth. They are asked from the
contracts at the block whose effects the database has, so that their arithmetic is written once (decision 0011)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.clock import indexed_block
from api.errors import of_chain
from chain_node.client import Chain
from chain_node.client.contract import Contract
from chain_node.errors import AnswerMalformed, ChainError


@dataclass(frozen=True)
class Question:
    """A view of a contract with its arguments."""

    contract: Contract
    function: str
    values: tuple[Any, ...] = ()

    def request(self, block: int) -> tuple[str, list[Any]]:
        data = self.contract.interface.functions[self.function].encode(*self.values)
        return "eth_call", [{"to": self.contract.address, "data": "0x" + data.hex()}, hex(block)]

    def read(self, answer: str) -> Any:
        """The view's value; several as a tuple."""
        try:
            values = self.contract.interface.functions[self.function].decode(bytes.fromhex(answer[2:]))
        except ValueError as error:
            raise AnswerMalformed(f"{self.contract.name} answered {self.function} strangely: {error}") from error
        return values[0] if len(values) == 1 else tuple(values)


def ask(contract: Contract, function: str, *values: Any) -> Question:
    return Question(contract, function, values)


class Figures:
    """The contracts' answers at one block."""

    def __init__(self, chain: Chain, block: int) -> None:
        self.chain, self.block = chain, block

    @classmethod
    def at(cls, session: Session, chain: Chain) -> Figures:
        """As of the newest block that the database has; Unavailable before there is any."""
        return cls(chain, indexed_block(session))

    def answers(self, questions: Sequence[Question]) -> list[Any]:
        """All answers in the order of the questions, with one request to the node; a GatewayError without them."""
        try:
            found = self.chain.node.batch([question.request(self.block) for question in questions])
            return [question.read(answer) for question, answer in zip(questions, found, strict=True)]
        except ChainError as error:
            raise of_chain(error) from error
