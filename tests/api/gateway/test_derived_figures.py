"""Figures asked from the contracts: at the block that was read, together, and never guessed."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import Session

from api.db import Database
from api.errors import Unavailable
from api.figures import Figures, ask
from api.indexer.models import THE_CURSOR, Cursor
from chain_node.client import AddressBook, Chain, Node
from chain_node.errors import NodeUnavailable

DESK = "0x00000000000000000000000000000000000000de"


class RecordedNode(Node):
    """Answers each call with its place in the batch."""

    def __init__(self, answers: Sequence[str]) -> None:
        super().__init__("http://127.0.0.1:9")
        self.answers, self.asked = list(answers), []

    def batch(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        self.asked = list(requests_)
        return self.answers


@pytest.fixture
def addresses() -> AddressBook:
    return AddressBook("test", 1, 1, {"FinancingDesk": DESK}, {"FinancingDesk": "FinancingDesk"})  # type: ignore[dict-item]


def word(value: int) -> str:
    return f"{value:064x}"


def test_figures_are_unavailable_before_the_first_block_is_read(database: Database, addresses: AddressBook) -> None:
    with database.session() as session, pytest.raises(Unavailable) as refused:
        Figures.at(session, Chain(RecordedNode([]), addresses))

    assert refused.value.error == "not-indexed-yet"


def test_figures_are_asked_at_the_block_that_was_read(database: Database, addresses: AddressBook) -> None:
    node = RecordedNode(["0x" + word(7), "0x" + word(20_637) + word(1_783_000_000)])
    chain = Chain(node, addresses)
    with database.session() as session:
        _read_block(session, 42)

        answers = Figures.at(session, chain).answers(
            [ask(chain.desk, "commitmentDue", 1), ask(chain.desk, "maturityOf", 3)]
        )

    assert answers == [7, (20_637, 1_783_000_000)]
    assert [(method, parameters[1]) for method, parameters in node.asked] == [("eth_call", hex(42))] * 2
    assert node.asked[1][1][0]["data"].endswith(word(3))


def test_figures_of_a_node_that_is_away_are_unavailable(addresses: AddressBook) -> None:
    class Away(RecordedNode):
        def batch(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
            raise NodeUnavailable(self.rpc_url, "no connection")

    chain = Chain(Away([]), addresses)

    with pytest.raises(Unavailable) as refused:
        Figures(chain, 1).answers([ask(chain.desk, "commitmentDue", 1)])

    assert refused.value.error == "node-unavailable"


def test_answer_that_is_no_figure_is_not_taken_for_one(addresses: AddressBook) -> None:
    chain = Chain(RecordedNode(["0x"]), addresses)

    with pytest.raises(Unavailable) as refused:
        Figures(chain, 1).answers([ask(chain.desk, "commitmentDue", 1)])

    assert refused.value.error == "chain-error"


def _read_block(session: Session, number: int) -> None:
    session.add(Cursor(id=THE_CURSOR, block_number=number, block_hash="0x" + "c4" * 32, block_timestamp=1_780_000_000))
    session.flush()
