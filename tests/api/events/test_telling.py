"""The log of events: what a block says is in it as soon as the block's rows are, and what is undone is taken back."""

from typing import Any

import pytest
from sqlmodel import select
from tally import POISON, Tally
from token_chain import TokenChain, call_of
from toy_events import LEI, UNTELLABLE

from api.db import Database
from api.events.models import EventParty, EventRow
from api.gateway import Gateway
from api.indexer import position
from api.indexer.position import Position
from api.signers import Signer
from api.transactions.signing import sign

pytestmark = pytest.mark.node


def tell(token_chain: TokenChain, *values: int) -> None:
    """One block with one event for each value."""
    signer, chain = Signer("teller", (7).to_bytes(32, "big")), token_chain.chain
    nonce = chain.transaction_count(signer.address)
    for number, value in enumerate(values, nonce):
        fields: dict[str, Any] = {"chain_id": chain.chain_id, "gas": 200_000, "fee_per_gas": 0}
        call = call_of(value)
        chain.send_raw(sign(signer, nonce=number, to=call.to, data=call.data, **fields).raw)
    token_chain.mine()


def index(gateway: Gateway) -> None:
    gateway.follower._hash_checked = float("-inf")
    while gateway.follower.step():
        pass


def log(database: Database) -> list[EventRow]:
    with database.session() as session:
        return list(session.exec(select(EventRow).order_by(EventRow.sequence)))  # type: ignore[arg-type]


def said(database: Database) -> list[tuple[str, str]]:
    return [(row.type, row.body["value"]) for row in log(database)]


def standing(database: Database) -> list[str]:
    return [row.body["value"] for row in log(database) if row.standing]


def test_telling_that_fails_loses_neither_its_row_nor_its_neighbours(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    tell(token_chain, 1, UNTELLABLE, 2)

    index(token_gateway)

    assert said(token_gateway.database) == [("toy.told", "1"), ("toy.told", "2")]
    with token_gateway.database.session() as session:
        assert [tally.total for tally in session.exec(select(Tally))] == [1 + UNTELLABLE + 2]


def test_event_whose_handler_fails_is_not_told(token_gateway: Gateway, token_chain: TokenChain) -> None:
    tell(token_chain, 1, POISON, 2)

    index(token_gateway)

    assert said(token_gateway.database) == [("toy.told", "1"), ("toy.told", "2")]


def test_events_are_numbered_in_the_order_of_the_chain(token_gateway: Gateway, token_chain: TokenChain) -> None:
    tell(token_chain, 3, 1)
    tell(token_chain, 2)

    index(token_gateway)
    index(token_gateway)

    found = log(token_gateway.database)
    assert [(row.sequence, row.body["value"]) for row in found] == [(1, "3"), (2, "1"), (3, "2")]
    assert [row.occurred_at for row in found] == [token_chain.chain.block(row.block_number).timestamp for row in found]
    with token_gateway.database.session() as session:
        told = session.exec(select(EventParty.lei, EventParty.sequence)).all()
    assert sorted(told) == [(LEI, 1), (LEI, 2), (LEI, 3)]


def test_what_a_reorganisation_undid_is_taken_back_newest_first(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    tell(token_chain, 5)
    snapshot = token_chain.request("evm_snapshot")
    tell(token_chain, 1, 2)
    tell(token_chain, 3)
    index(token_gateway)
    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    tell(token_chain, 2)
    tell(token_chain, 4)
    tell(token_chain, 6)

    index(token_gateway)

    assert said(token_gateway.database) == [
        *(("toy.told", value) for value in ("5", "1", "2", "3")),
        *(("toy.told.reverted", value) for value in ("3", "2", "1")),
        *(("toy.told", value) for value in ("2", "4", "6")),
    ]
    found = log(token_gateway.database)
    assert [row.reverts for row in found] == [None, None, None, None, 4, 3, 2, None, None, None]
    assert standing(token_gateway.database) == ["5", "2", "4", "6"]
    with token_gateway.database.session() as session:
        assert {party.sequence for party in session.exec(select(EventParty))} == {row.sequence for row in found}


def test_block_that_comes_back_is_told_again(token_gateway: Gateway, token_chain: TokenChain) -> None:
    tell(token_chain, 5)
    tell(token_chain, 1)
    index(token_gateway)
    with token_gateway.database.engine.connect() as connection:
        cursor = position.read(connection)
    assert cursor is not None
    before = Position.at(token_chain.chain.block(cursor.number - 1))

    assert token_gateway.follower._writer.rewind(cursor, before)
    index(token_gateway)

    assert said(token_gateway.database)[2:] == [("toy.told.reverted", "1"), ("toy.told", "1")]
    assert standing(token_gateway.database) == ["5", "1"]


def test_reading_the_chain_anew_tells_nothing_twice(token_gateway: Gateway, token_chain: TokenChain) -> None:
    tell(token_chain, 5, 1)
    tell(token_chain, 2)
    index(token_gateway)
    before = log(token_gateway.database)

    token_gateway.follower._writer.clear(another_chain=False)
    index(token_gateway)

    assert log(token_gateway.database) == before


def test_what_another_block_told_is_taken_back_when_the_chain_is_read_anew(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    tell(token_chain, 5)
    snapshot = token_chain.request("evm_snapshot")
    tell(token_chain, 1)
    index(token_gateway)
    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    token_chain.mine(3)

    token_gateway.follower._writer.clear(another_chain=False)
    index(token_gateway)

    assert said(token_gateway.database) == [("toy.told", "5"), ("toy.told", "1"), ("toy.told.reverted", "1")]
    assert standing(token_gateway.database) == ["5"]


def test_on_another_chain_all_is_taken_back_and_told_anew(token_gateway: Gateway, token_chain: TokenChain) -> None:
    tell(token_chain, 5)
    index(token_gateway)

    token_gateway.follower._writer.clear(another_chain=True)
    index(token_gateway)

    assert said(token_gateway.database) == [("toy.told", "5"), ("toy.told.reverted", "5"), ("toy.told", "5")]
    assert standing(token_gateway.database) == ["5"]
