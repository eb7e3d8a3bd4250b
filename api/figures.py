"""Figures that follow from the contracts' state: what is owed, may be drawn, a share is worth. They are asked from the
contracts at the block whose effects the database has, so that their arithmetic is written once (decision 0011)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.clock import indexed_block, indexed_now
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

    def request(self, block: int | str) -> tuple[str, list[Any]]:
        """At the block of that number, or of that hash."""
        data = self.contract.interface.functions[self.function].encode(*self.values)
        at = hex(block) if isinstance(block, int) else {"blockHash": block}
        return "eth_call", [{"to": self.contract.address, "data": "0x" + data.hex()}, at]

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


def of_block(chain: Chain, number: int, block_hash: str, questions: Sequence[Question]) -> tuple[list[Any], bool]:
    """The answers, and whether they are surely those of this very block: while the chain is reorganised, a node may
    have another one of that number only. A GatewayError where it does not answer."""
    try:
        found = chain.node.try_batch([question.request(block_hash) for question in questions])
        if not any(isinstance(each, ChainError) for each in found):
            return [question.read(answer) for question, answer in zip(questions, found, strict=True)], True
    except ChainError as error:
        raise of_chain(error) from error
    return Figures(chain, number).answers(questions), False


STATE_GONE = "chain-error"
"""What a refusal says where a node has given up the state of a block."""


def block_before(session: Session, chain: Chain, moment: int) -> int:
    """The last block of which the database knows the effects and whose time is before a Unix second; the one before the
    network's first where there is none."""
    least, most = chain.addresses.first_block - 1, indexed_block(session)
    if indexed_now(session) < moment:
        return most
    try:
        while least < most:
            middle = (least + most + 1) // 2
            if chain.block(middle).timestamp < moment:
                least = middle
            else:
                most = middle - 1
    except ChainError as error:
        raise of_chain(error) from error
    return least
