"""The chain as it is on a bad day: reorganised five blocks deep under waiting clients, and behind a network that lags,
drops connections and answers out of order. Nothing is lost, doubled or stuck, and the rows equal the chain."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from chaos import chaos_before
from served import LEI, Served, serve
from sqlalchemy import select
from sqlmodel import SQLModel
from tally import POISON
from token_chain import TOKEN, TokenChain, call_of

from api.building import build_gateway
from api.db import Database
from api.gateway import Gateway
from api.indexer import position, scan
from api.settings import Settings
from api.signers import Signer
from api.transactions import outbox
from api.transactions.models import Status
from api.transactions.signing import sign

pytestmark = pytest.mark.node
DEPTH = 5


@pytest.fixture
def settings(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Settings:
    places = {"rpc_url": token_chain.rpc_url, "deployments": token_chain.deployments, "database_url": database_url}
    return settings_for(**places)


@pytest.fixture
def running(settings: Settings) -> Iterator[Served]:
    with serve(settings) as served:
        yield served


def _until(done: Callable[[], bool], each_time: Callable[[], object] = lambda: None, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never comes"
        each_time()
        time.sleep(0.02)


def _told(database: Database) -> Counter[int]:
    """What the rows say that the token did."""
    table = SQLModel.metadata.tables["test_told"]
    with database.engine.connect() as connection:
        return Counter(connection.execute(select(table.c.value)).scalars())


def _done(token_chain: TokenChain, to_block: str = "latest") -> Counter[int]:
    """What the chain says that it did."""
    logs = token_chain.request("eth_getLogs", {"address": TOKEN, "fromBlock": "0x0", "toBlock": to_block})
    return Counter(int(log["data"], 16) for log in logs)


def _statuses(database: Database) -> Counter[str]:
    with database.engine.connect() as connection:
        return Counter(connection.execute(select(outbox.T.c.status)).scalars())


def _at(database: Database) -> position.Position | None:
    with database.engine.connect() as connection:
        return position.read(connection)


def _is_read(database: Database, token_chain: TokenChain) -> bool:
    newest, cursor = token_chain.chain.block(), _at(database)
    return cursor is not None and (cursor.number, cursor.hash) == (newest.number, "0x" + newest.hash.hex())


def _tell(served: Served, token: str, value: int) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=60", "Idempotency-Key": f"telling {value}"}
    return httpx.post(f"{served.url}/v1/tellings", json={"value": value}, headers=headers, timeout=240, trust_env=False)


def test_reorganisation_of_depth_five_is_healed_under_waiting_clients(
    running: Served, database: Database, token_chain: TokenChain
) -> None:
    token, gateway = running.token(), running.gateway
    token_chain.mine(2)
    with ThreadPoolExecutor(8) as clients:
        # One write a block, each in a block that is about to vanish, and read by the gateway before it does.
        before = [clients.submit(_tell, running, token, value) for value in range(1, 2)]
        for value in range(2, DEPTH + 1):
            _until(lambda: _statuses(database)[Status.PENDING] == 0 and _statuses(database)[Status.SENT] > 0)
            token_chain.mine()
            _until(lambda: _is_read(database, token_chain))
            before.append(clients.submit(_tell, running, token, value))
        _until(lambda: _statuses(database)[Status.SENT] == 1)
        token_chain.mine()
        assert {answer.result().status_code for answer in before} == {201}
        _until(lambda: _is_read(database, token_chain))
        assert _told(database) == Counter(range(1, DEPTH + 1))
        vanished = _at(database)
        # These wait while it happens.
        waiting = [clients.submit(_tell, running, token, value) for value in (10, 11)]
        _until(lambda: sum(_statuses(database).values()) == DEPTH + 2)

        token_chain.request("anvil_reorg", DEPTH, [])
        assert _done(token_chain) == Counter()
        _until(lambda: _at(database) != vanished)
        _until(lambda: all(answer.done() for answer in waiting), token_chain.mine)

    assert {answer.result().status_code for answer in waiting} == {201}
    _until(lambda: _statuses(database) == {Status.MINED: DEPTH + 2}, token_chain.mine)
    _until(lambda: _is_read(database, token_chain))
    assert _told(database) == _done(token_chain) == Counter([*range(1, DEPTH + 1), 10, 11])
    assert gateway.metrics.registry.get_sample_value("portolan_indexer_rewound_blocks_total") == DEPTH
    assert httpx.get(f"{running.url}/readyz", timeout=120, trust_env=False).status_code == 200
    with database.engine.connect() as connection:
        for row in connection.execute(select(outbox.T)):
            receipt = token_chain.request("eth_getTransactionReceipt", row.hash)
            assert (receipt["blockHash"], int(receipt["blockNumber"], 16)) == (row.block_hash, row.block_number)


def test_bad_network_neither_doubles_nor_loses_nor_stalls(
    settings: Settings, database: Database, token_chain: TokenChain
) -> None:
    token_chain.mine(4)
    with chaos_before(token_chain.rpc_url) as chaos:
        gateway = build_gateway(settings.model_copy(update={"rpc_url": chaos.url, "poll_interval_seconds": 0.01}))
        signer = gateway.signers.create_organisation(LEI).name
        _until(lambda: _connected(gateway))
        for loop in gateway.loops:
            loop.start()
        for value in range(1, 61):
            _until(lambda v=value: _submitted(gateway, signer, v))  # type: ignore[misc]
            if value % 3 == 0:
                token_chain.mine()
        _until(lambda: _statuses(database) == {Status.MINED: 60}, token_chain.mine)
        seen = dict(chaos.seen)
        chaos.quiet = True
        _until(lambda: _is_read(database, token_chain))
        gateway.stop()

    assert _told(database) == _done(token_chain) == Counter(range(1, 61))
    assert token_chain.effects() == 60
    assert all(seen[what] for what in ("lagging", "dropped_before", "dropped_after", "busy", "late"))


def _connected(gateway: Gateway) -> bool:
    try:
        return gateway.link.chain() is not None
    except Exception:  # noqa: BLE001 - that is what the network is like
        return False


def _submitted(gateway: Gateway, signer: str, value: int) -> bool:
    """As a client would who tries again: the trial of the call may meet the bad network, and then nothing is stored."""
    try:
        with gateway.database.transaction() as session:
            gateway.transactions.submit(
                session, signer=signer, call=call_of(value), owner_lei=LEI, purpose=f"telling {value}"
            )
    except Exception:  # noqa: BLE001 - that is what the network is like
        return False
    return True


@pytest.mark.parametrize("few", [scan.FEW, 2])
def test_rows_at_each_block_equal_the_chain_at_that_block(
    settings: Settings, database: Database, token_chain: TokenChain, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever nodes answer: what the cursor says has been read has been read whole."""
    monkeypatch.setattr(scan, "FEW", few)
    teller = Signer("teller", bytes([9] * 32))
    with chaos_before(token_chain.rpc_url, lagging=0.7) as chaos:
        gateway = build_gateway(settings.model_copy(update={"rpc_url": chaos.url, "reorg_window_blocks": 8}))
        _until(lambda: _connected(gateway))
        for nonce in range(60):
            fields = {"chain_id": token_chain.chain.chain_id, "gas": 200_000, "fee_per_gas": 0}
            call = call_of(nonce + 1)
            token_chain.chain.send_raw(sign(teller, nonce=nonce, to=call.to, data=call.data, **fields).raw)  # type: ignore[arg-type]
            token_chain.mine()
            if few > 2 or nonce % 5 == 0:
                gateway.loops[1]._pass()
            cursor = _at(database)
            if cursor is not None:
                assert _told(database) == _done(token_chain, hex(cursor.number))
        chaos.quiet = True
        _until(lambda: _is_read(database, token_chain), gateway.loops[1]._pass)
        assert _told(database) == Counter(range(1, 61))
        gateway.close()


def test_poison_event_among_writes_is_loud_and_wedges_nothing(
    running: Served, database: Database, token_chain: TokenChain
) -> None:
    token = running.token()
    token_chain.mine_every(1)

    answers = [_tell(running, token, value) for value in (1, POISON, 2)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert _told(database) == Counter([1, 2])
    assert httpx.get(f"{running.url}/readyz", timeout=120, trust_env=False).json()["poison_events"] == 1
