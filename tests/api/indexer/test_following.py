"""The database says what the chain says, at every block, whatever the chain does."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlmodel import Session, SQLModel
from sqlmodel import select as select_rows
from tally import CLEARING, POISON, Tally
from token_chain import TokenChain, call_of

from api.building import build_gateway
from api.db import RowKindsMixed, chain_tables
from api.gateway import Gateway
from api.indexer import position
from api.indexer.apply import EVENTS, ChainTablesUnknown, clear
from api.indexer.journal import JOURNAL, Journal, StatementPastJournal
from api.indexer.models import THE_CURSOR, Cursor
from api.indexer.scan import FEW
from api.settings import Settings
from api.signers import Signer
from api.transactions.signing import sign

pytestmark = pytest.mark.node


class Teller:
    """Sends values to the token from one account, past the gateway."""

    def __init__(self, token_chain: TokenChain, key: int = 7) -> None:
        self._token_chain = token_chain
        self._signer = Signer("teller", key.to_bytes(32, "big"))

    def tell(self, *values: int) -> None:
        """One block with one event for each value."""
        chain = self._token_chain.chain
        nonce = chain.transaction_count(self._signer.address)
        for number, value in enumerate(values, nonce):
            call = call_of(value)
            fields = {"chain_id": chain.chain_id, "gas": 200_000, "fee_per_gas": 0}
            chain.send_raw(sign(self._signer, nonce=number, to=call.to, data=call.data, **fields).raw)  # type: ignore[arg-type]
        self._token_chain.mine()


@pytest.fixture
def teller(token_chain: TokenChain) -> Teller:
    return Teller(token_chain)


def index(gateway: Gateway) -> None:
    gateway.follower._hash_checked = float("-inf")
    for _ in range(100):
        if not gateway.follower.step():
            return
    raise AssertionError("the indexer does not come to an end")


def rows(gateway: Gateway) -> dict[str, list[tuple[Any, ...]]]:
    """All that was made from the chain."""
    tables = [SQLModel.metadata.tables[str(kind.__tablename__)] for kind in chain_tables()]
    with gateway.database.engine.connect() as connection:
        return {t.name: sorted(repr(tuple(r)) for r in connection.execute(select(t))) for t in tables}  # type: ignore[misc]


def totals(gateway: Gateway) -> list[int]:
    with gateway.database.session() as session:
        return [row.total for row in session.exec(select_rows(Tally))]


def at(gateway: Gateway) -> int:
    with gateway.database.engine.connect() as connection:
        cursor = position.read(connection)
    assert cursor is not None
    return cursor.number


def branch(gateway: Gateway) -> str:
    with gateway.database.session() as session:
        return session.get_one(Cursor, THE_CURSOR).branch


def test_events_of_each_block_become_rows_once(token_gateway: Gateway, token_chain: TokenChain, teller: Teller) -> None:
    teller.tell(1, 2)
    teller.tell(4)

    index(token_gateway)
    index(token_gateway)

    assert totals(token_gateway) == [7]
    assert at(token_gateway) == token_chain.chain.block_number()


def test_reorganisation_is_undone_row_by_row(token_gateway: Gateway, token_chain: TokenChain, teller: Teller) -> None:
    teller.tell(5)
    index(token_gateway)
    before, snapshot = rows(token_gateway), token_chain.request("evm_snapshot")
    teller.tell(1, CLEARING, 3)
    teller.tell(2)
    token_chain.mine()
    index(token_gateway)
    assert totals(token_gateway) == [5]
    assert rows(token_gateway) != before
    first = branch(token_gateway)

    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    token_chain.mine(3)
    index(token_gateway)

    assert rows(token_gateway) == before
    assert at(token_gateway) == token_chain.chain.block_number()
    assert branch(token_gateway) != first


def test_other_branch_of_equal_height_replaces_the_first(
    token_gateway: Gateway, token_chain: TokenChain, teller: Teller
) -> None:
    teller.tell(5)
    snapshot = token_chain.request("evm_snapshot")
    teller.tell(1)
    teller.tell(2)
    index(token_gateway)
    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    teller.tell(10)
    teller.tell(20)

    index(token_gateway)

    assert totals(token_gateway) == [35]


def test_every_state_on_the_way_back_equals_the_one_on_the_way_there(
    token_gateway: Gateway, token_chain: TokenChain, teller: Teller
) -> None:
    states, snapshots = [], []
    for values in ((1,), (2, 3), (CLEARING,), (CLEARING, 4), (POISON, 5), (6, 6)):
        snapshots.append(token_chain.request("evm_snapshot"))
        index(token_gateway)
        states.append(rows(token_gateway))
        teller.tell(*values)
    index(token_gateway)

    for number in reversed(range(1, len(snapshots))):
        token_chain.request("evm_revert", snapshots[number])
        token_chain.request("evm_increaseTime", 100 * (10 - number))
        token_chain.mine()
        index(token_gateway)

        assert rows(token_gateway) == states[number]


def test_rebuild_from_the_first_block_gives_the_same_rows(
    token_gateway: Gateway, token_chain: TokenChain, teller: Teller
) -> None:
    for values in ((1, 2), (CLEARING,), (8,), (POISON,), (9, 1)):
        teller.tell(*values)
        index(token_gateway)
    grown = rows(token_gateway)

    with token_gateway.database.engine.begin() as connection:
        clear(connection)
    assert rows(token_gateway) != grown
    index(token_gateway)

    assert rows(token_gateway) == grown


@pytest.mark.parametrize("tells_times", [True, False])
def test_rows_of_a_deep_history_are_those_of_following_it(
    database_url: str,
    token_gateway: Gateway,
    token_chain: TokenChain,
    teller: Teller,
    settings_for: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    tells_times: bool,
) -> None:
    if not tells_times:
        monkeypatch.setattr("chain_node.client.chain.read_times", lambda _: {})
    for number in range(4 * FEW):
        teller.tell(*((1, 2), (CLEARING,), (CLEARING, 8, CLEARING, 9), (3, 4, 5))[number % 4])
        index(token_gateway)
    token_chain.mine()
    followed = rows(token_gateway)
    with token_gateway.database.engine.begin() as connection:
        clear(connection)
    token_gateway.follower.give_up()
    deep = _gateway(database_url, token_chain, settings_for, reorg_window_blocks=1, blocks_per_scan=2 * FEW)

    index(deep)

    assert rows(deep) == followed
    with deep.database.engine.connect() as connection:
        assert connection.execute(select(JOURNAL.c.id)).all() == []
    deep.close()


def test_history_that_the_node_no_longer_has_is_read_anew(
    token_gateway: Gateway, token_chain: TokenChain, teller: Teller
) -> None:
    snapshot = token_chain.request("evm_snapshot")
    for value in range(1, 6):
        teller.tell(value)
    index(token_gateway)
    with token_gateway.database.engine.begin() as connection:
        position.forget_below(connection, 4)  # as if the reorganisation went deeper than what is remembered
    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    for value in range(20, 26):
        teller.tell(value)

    index(token_gateway)

    assert totals(token_gateway) == [sum(range(20, 26))]


def test_nothing_is_cleared_where_no_table_is_known_to_be_of_the_chain(
    token_gateway: Gateway, teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller.tell(1)
    index(token_gateway)
    monkeypatch.setattr("api.indexer.apply.chain_tables", list)

    with pytest.raises(ChainTablesUnknown), token_gateway.database.engine.begin() as connection:
        clear(connection)

    index(token_gateway)
    assert totals(token_gateway) == [1]


def test_poison_event_is_recorded_and_the_stream_goes_on(
    token_gateway: Gateway, token_chain: TokenChain, teller: Teller
) -> None:
    teller.tell(1)
    teller.tell(2, POISON, 4)
    teller.tell(8)

    index(token_gateway)

    assert totals(token_gateway) == [15]
    with token_gateway.database.engine.connect() as connection:
        poisoned = connection.execute(select(EVENTS).where(EVENTS.c.status == "poison")).one()
    assert poisoned.name == "Transfer"
    assert poisoned.error.startswith("ValueError")
    assert "0x" not in poisoned.error
    counted = token_gateway.metrics.registry.get_sample_value(
        "portolan_indexer_poison_events_total", {"contract": "CashToken:EUR", "event": "Transfer"}
    )
    assert counted == 1


def test_what_is_too_deep_to_be_undone_is_not_kept(
    database_url: str,
    database: object,
    token_chain: TokenChain,
    teller: Teller,
    settings_for: Callable[..., Settings],
) -> None:
    gateway = _gateway(database_url, token_chain, settings_for, reorg_window_blocks=2)
    for value in range(1, 7):
        teller.tell(value)

    index(gateway)

    head = token_chain.chain.block_number()
    with gateway.database.engine.connect() as connection:
        kept = {row.block_number for row in connection.execute(select(JOURNAL))}
        remembered = [place.number for place in position.remembered(connection)]
    assert kept == {head - 1, head}
    assert remembered == [head, head - 1]
    gateway.close()


def _gateway(
    database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings], **changes: Any
) -> Gateway:
    places = {"rpc_url": token_chain.rpc_url, "deployments": token_chain.deployments, "database_url": database_url}
    return build_gateway(settings_for(**places, **changes))


def test_two_processes_apply_each_block_once(
    database_url: str,
    token_gateway: Gateway,
    token_chain: TokenChain,
    teller: Teller,
    settings_for: Callable[..., Settings],
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    other = _gateway(database_url, token_chain, settings_for, blocks_per_scan=2)
    for value in range(1, 11):
        teller.tell(value)

    with ThreadPoolExecutor(2) as threads:
        for turn in [threads.submit(index, gateway) for gateway in (token_gateway, other)]:
            turn.result()
    index(token_gateway)

    assert totals(token_gateway) == [55]
    other.close()


def test_mined_transaction_whose_block_vanished_is_sent_again(token_gateway: Gateway, token_chain: TokenChain) -> None:
    signer = token_gateway.signers.create_organisation("999900SOUNDERSURVY30").name
    token_chain.mine()
    index(token_gateway)
    snapshot = token_chain.request("evm_snapshot")
    with token_gateway.database.transaction() as session:
        id_ = token_gateway.transactions.submit(
            session, signer=signer, call=call_of(3), owner_lei=None, purpose="test"
        ).id
    token_gateway.loops[0]._step()
    token_chain.mine()
    index(token_gateway)
    assert token_gateway.transactions.wait(id_, 0).status == "mined"

    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    token_chain.mine(2)
    index(token_gateway)
    assert token_gateway.transactions.wait(id_, 0).status == "sent"
    time.sleep(0.21)  # `resend_after_seconds` of the tests' settings
    token_gateway.loops[0]._step()
    token_chain.mine()
    index(token_gateway)

    assert token_gateway.transactions.wait(id_, 0).status == "mined"
    assert token_chain.effects() == 1
    assert totals(token_gateway) == [3]


def test_request_cannot_write_what_belongs_to_the_chain(token_gateway: Gateway) -> None:
    with token_gateway.database.session() as session:
        session.add(Tally(account="a", kind=b"", total=1))

        with pytest.raises(RowKindsMixed):
            session.flush()


def test_handler_cannot_change_rows_by_a_statement(token_gateway: Gateway) -> None:
    from sqlalchemy import delete

    with Session(token_gateway.database.engine) as session:
        Journal(session)

        with pytest.raises(StatementPastJournal):
            session.execute(delete(Tally))


def test_cursor_moves_only_from_where_the_reader_saw_it(token_gateway: Gateway) -> None:
    first, second = position.Position(1, "0x1"), position.Position(2, "0x2")

    def moved(connection: Connection, old: position.Position | None, new: position.Position) -> bool:
        return position.move(connection, old, new)

    with token_gateway.database.engine.begin() as connection:
        assert moved(connection, None, first)
        assert not moved(connection, None, second)
        assert not moved(connection, position.Position(1, "0x9"), second)
        assert moved(connection, first, second)
