"""One process at a time, and word from one to the others."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from token_chain import TokenChain, call_of

from api.building import build_gateway
from api.db import Database
from api.gateway import Gateway
from api.health import readyz
from api.loops import Loop
from api.metrics import Metrics
from api.notices import BLOCK, Notices
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import Status
from api.transactions.repository import by_id
from api.turns import INDEXER, Turns, lane

LEI = "999900SOUNDERSURVY30"


@pytest.fixture
def second(
    database_url: str, token_gateway: Gateway, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[Gateway]:
    """Another gateway on the same database, as another process would have it."""
    places = {"rpc_url": token_chain.rpc_url, "deployments": token_chain.deployments, "database_url": database_url}
    gateway = build_gateway(settings_for(**places))
    yield gateway
    gateway.close()


def _loop(gateway: Gateway, name: str) -> Loop:
    (found,) = [loop for loop in gateway.loops if loop.name == name]
    return found


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.01)


def _submit(gateway: Gateway, value: int) -> str:
    signer = gateway.signers.create_organisation(LEI).name
    with gateway.database.transaction() as session:
        submitted = gateway.transactions.submit(
            session, signer=signer, call=call_of(value), owner_lei=LEI, purpose="test"
        )
    return submitted.id


def test_turn_is_one_holders_until_it_is_given_up(database: Database, database_url: str) -> None:
    mine, other = Turns(database), Turns(Database(database_url))
    held = mine.take(INDEXER)

    assert held is not None
    assert held.is_held()
    assert mine.take(INDEXER) is None
    assert other.take(INDEXER) is None
    with other.taken(lane("0x1")) as another:
        assert another

    held.give_up()
    with other.taken(INDEXER) as taken:
        assert taken
        assert mine.take(INDEXER) is None
    with mine.taken(INDEXER) as again:
        assert again


def test_turn_goes_on_where_its_work_fails(database: Database) -> None:
    turns = Turns(database)

    with pytest.raises(RuntimeError), turns.taken(INDEXER):
        raise RuntimeError

    with turns.taken(INDEXER) as mine:
        assert mine


def _cut(database: Database, query: str) -> None:
    """The server closes the connections whose last statement was like this."""
    cutting = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE :query AND pid <> pg_backend_pid()"
    )
    with database.engine.connect() as connection:
        assert connection.execute(text(cutting), {"query": query}).all()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_turn_whose_connection_was_cut_is_not_held_any_more(database: Database, database_url: str) -> None:
    turns, other = Turns(database), Turns(Database(database_url))
    held = turns.take(INDEXER)
    assert held is not None

    _cut(Database(database_url), "SELECT set_config('tcp_keepalives%")

    _until(lambda: not held.is_held())
    held.give_up()
    with other.taken(INDEXER) as mine:
        assert mine


@pytest.mark.node
def test_lane_has_one_sender_at_a_time(
    token_gateway: Gateway, second: Gateway, token_chain: TokenChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _submit(token_gateway, 1)
    inside, go_on = threading.Event(), threading.Event()
    broadcaster = token_gateway.sender._broadcaster
    send_all = broadcaster.send_all

    def slowly(raws: list[bytes]) -> object:
        inside.set()
        assert go_on.wait(120)
        return send_all(raws)

    monkeypatch.setattr(broadcaster, "send_all", slowly)
    sending = threading.Thread(target=token_gateway.loops[0]._step)
    sending.start()
    assert inside.wait(120)
    later = _submit(second, 2)

    second.loops[0]._step()

    with second.database.session() as session:
        waiting = by_id(session, later)
    assert waiting is not None
    assert waiting.nonce is None
    go_on.set()
    sending.join()
    second.loops[0]._step()
    token_chain.mine()
    token_gateway.follower.step()
    with second.database.engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(outbox.T.select())}
    assert [(rows[id_].status, rows[id_].nonce) for id_ in (first, later)] == [(Status.MINED, 0), (Status.MINED, 1)]


@pytest.mark.node
def test_one_reads_the_chain_and_the_next_takes_over(
    token_gateway: Gateway, second: Gateway, token_chain: TokenChain
) -> None:
    token_chain.mine()
    token_gateway.follower.step()
    token_chain.mine()

    second.follower.step()
    assert second.follower.lag_blocks() == 1

    token_gateway.follower.give_up()
    second.follower.step()
    assert second.follower.lag_blocks() == 0


@pytest.mark.node
@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_word_of_a_block_wakes_who_waits_at_another_process(
    token_gateway: Gateway, second: Gateway, token_chain: TokenChain
) -> None:
    id_ = _submit(second, 1)
    listener = _loop(second, "listener")
    listener.start()
    _until(second.notices.is_up)
    woken = threading.Event()
    waiting = threading.Thread(target=lambda: second.settling.wait([id_], 60) and woken.set())
    waiting.start()
    _until(lambda: bool(second.settling._waiting))

    token_gateway.loops[0]._step()
    token_chain.mine()
    token_gateway.follower.step()

    assert woken.wait(120)
    waiting.join()
    listener.stop()


@pytest.mark.node
@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_intents_that_meet_a_busy_lane_are_sent_by_who_has_it(
    token_gateway: Gateway, second: Gateway, token_chain: TokenChain
) -> None:
    _submit(second, 1)
    woken: list[bool] = []
    token_gateway.notices._heard["portolan_lane"] = [lambda: woken.append(True)]
    listener = _loop(token_gateway, "listener")
    listener.start()
    _until(token_gateway.notices.is_up)
    _until(lambda: bool(woken))  # as for all notices that it may have missed
    woken.clear()

    with token_gateway.turns.taken(lane(second.signers.address(f"org:{LEI}"))) as mine:
        assert mine
        second.loops[0]._step()
        _until(lambda: bool(woken))
    listener.stop()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_lost_listener_is_loud_and_comes_back(database: Database, database_url: str) -> None:
    metrics, heard = Metrics(), []
    notices = Notices(database, metrics)
    notices.on(BLOCK, lambda: heard.append(BLOCK))
    up = lambda: metrics.registry.get_sample_value("portolan_listener_up")  # noqa: E731
    assert (notices.is_up(), up()) == (False, 0)
    notices.step()
    assert (notices.is_up(), up(), heard) == (True, 1, [BLOCK])

    _cut(Database(database_url), "LISTEN%")
    with pytest.raises(Exception, match="terminat"):
        notices.step()
    assert (notices.is_up(), up(), heard) == (False, 0, [BLOCK])

    with database.engine.begin() as connection:
        Notices(database, Metrics()).post(connection, BLOCK)  # to nobody
    notices.step()
    assert (notices.is_up(), up(), heard) == (True, 1, [BLOCK, BLOCK])
    notices.close()


@pytest.mark.node
@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_gateway_without_its_listener_is_not_ready(token_gateway: Gateway) -> None:
    class Request:
        class app:  # noqa: N801
            class state:  # noqa: N801
                gateway = token_gateway

    assert b'"listener":false' in readyz(Request).body  # type: ignore[arg-type]

    token_gateway.notices.step()

    assert b'"listener":true' in readyz(Request).body  # type: ignore[arg-type]
