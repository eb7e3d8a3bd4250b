"""A gateway over two nodes, each a process of its own in front of the chain: one is killed, lags, forks, or takes
transactions and loses them. No write is lost or done twice, no nonce is left out, and a fork is not followed."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from served import Served, serve
from sqlmodel import select
from structlog.testing import capture_logs
from support.node_proxy import NodeProxy
from tally import Told
from token_chain import TOKEN, TokenChain

from api.db import Database
from api.indexer import position
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import Status

pytestmark = [pytest.mark.node, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
STEADY_SECONDS = 1.0
Two = tuple[NodeProxy, NodeProxy]


@pytest.fixture
def nodes(token_chain: TokenChain) -> Iterator[Two]:
    token_chain.mine(3)
    with NodeProxy(token_chain.rpc_url) as first, NodeProxy(token_chain.rpc_url) as second:
        yield first, second


@pytest.fixture
def settings(
    nodes: Two, database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Settings:
    return settings_for(
        rpc_url=[node.url for node in nodes],
        deployments=token_chain.deployments,
        database_url=database_url,
        endpoints={"look_seconds": 0.1, "steady_seconds": STEADY_SECONDS},
        rpc_timeout_seconds=60.0,
        replace_after_seconds=1.0,
    )


@pytest.fixture
def running(settings: Settings) -> Iterator[Served]:
    with serve(settings) as served:
        _until(lambda: _in_use(served) is not None)
        yield served


def _until(done: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.02)


def _in_use(served: Served) -> str | None:
    watch = served.gateway.link.watch
    assert watch is not None
    return None if watch.current is None else watch.names[watch.current]


def _ready(served: Served) -> httpx.Response:
    return httpx.get(f"{served.url}/readyz", timeout=120, trust_env=False)


def _tell(served: Served, token: str, value: int) -> int:
    """As a client would: the same write again, under the same key, until it has its answer."""
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=60", "Idempotency-Key": f"telling {value}"}
    for _ in range(200):
        answer = httpx.post(
            f"{served.url}/v1/tellings", json={"value": value}, headers=headers, timeout=240, trust_env=False
        )
        if answer.status_code != 503:
            break
        time.sleep(0.05)
    return answer.status_code


def _done(token_chain: TokenChain) -> Counter[int]:
    """What the chain says that the token did."""
    logs = token_chain.request("eth_getLogs", {"address": TOKEN, "fromBlock": "0x0", "toBlock": "latest"})
    return Counter(int(log["data"], 16) for log in logs)


def _told(database: Database) -> Counter[int]:
    with database.session() as session:
        return Counter(session.exec(select(Told.value)).all())


def _rows(database: Database) -> list[tuple[str, int | None]]:
    with database.engine.connect() as connection:
        return [(row.status, row.nonce) for row in connection.execute(select(outbox.T).order_by(outbox.T.c.nonce))]


def _assert_each_once(database: Database, token_chain: TokenChain, count: int) -> None:
    _until(lambda: [status for status, _ in _rows(database)] == [Status.MINED] * count)
    _until(lambda: sum(_told(database).values()) >= count)
    assert _told(database) == _done(token_chain) == Counter(range(1, count + 1))
    assert [nonce for _, nonce in _rows(database)] == list(range(count))


def test_killed_node_loses_no_request_and_doubles_none(
    running: Served, database: Database, token_chain: TokenChain, nodes: Two
) -> None:
    token = running.token()
    token_chain.mine_every(1)
    first = _in_use(running)

    with capture_logs() as logs, ThreadPoolExecutor(8) as clients:
        early = [clients.submit(_tell, running, token, value) for value in range(1, 25)]
        _until(lambda: any(answer.done() for answer in early))
        nodes[0].kill()
        late = [clients.submit(_tell, running, token, value) for value in range(25, 41)]
        statuses = {answer.result() for answer in early + late}

    assert (first, _in_use(running)) == (nodes[0].url, nodes[1].url)
    assert statuses == {201}
    _assert_each_once(database, token_chain, 40)
    assert _ready(running).status_code == 200
    assert [line["event"] for line in logs if line["event"].startswith("endpoint.")] == [
        "endpoint.away",
        "endpoint.switched",
    ]


def test_killed_node_that_returns_is_used_again(running: Served, nodes: Two) -> None:
    nodes[0].kill()
    _until(lambda: _in_use(running) == nodes[1].url)
    standings = [its["standing"] for its in _ready(running).json()["endpoints"]]
    metrics = httpx.get(f"{running.url}/metrics", timeout=120, trust_env=False).text

    nodes[0].start()

    assert standings == ["away", "in use"]
    assert f'portolan_endpoint_in_use{{endpoint="{nodes[1].url}"}} 1.0' in metrics
    assert f'portolan_endpoint_healthy{{endpoint="{nodes[0].url}"}} 0.0' in metrics
    _until(lambda: _in_use(running) == nodes[0].url)


@pytest.mark.parametrize("what", ["killed", "lost", "kept"])
def test_transactions_that_a_node_took_and_lost_are_in_blocks_once(
    running: Served, database: Database, token_chain: TokenChain, nodes: Two, what: str
) -> None:
    """It said that it has them. Then it is killed; or it forgets them, or keeps them to itself, and goes on."""
    nodes[0].set(pool="kept" if what == "kept" else "lost")
    token = running.token()
    with ThreadPoolExecutor(10) as clients:
        answers = [clients.submit(_tell, running, token, value) for value in range(1, 11)]
        _until(lambda: nodes[0].taken() == 10)
        if what == "killed":
            assert _done(token_chain) == Counter()
            nodes[0].kill()
        token_chain.mine_every(1)

        assert {answer.result() for answer in answers} == {201}

    _assert_each_once(database, token_chain, 10)


def test_node_that_lags_is_not_read_from(
    running: Served, database: Database, token_chain: TokenChain, nodes: Two
) -> None:
    token_chain.mine(30)
    _until(lambda: (_at(database) or 0) >= 30)

    nodes[0].set(lag=20)

    _until(lambda: _in_use(running) == nodes[1].url)
    assert _ready(running).status_code == 200
    assert (_at(database) or 0) >= 30


def _at(database: Database) -> int | None:
    with database.engine.connect() as connection:
        cursor = position.read(connection)
    return None if cursor is None else cursor.number


def _told_of_forks(logs: list[dict[str, object]]) -> list[object]:
    return [line["endpoint"] for line in logs if line["event"] == "endpoint.quarantined"]


def test_fork_of_final_blocks_is_said_and_not_followed(
    running: Served, database: Database, token_chain: TokenChain, nodes: Two
) -> None:
    token = running.token()
    token_chain.request("evm_setAutomine", True)
    assert [_tell(running, token, value) for value in (1, 2)] == [201, 201]
    before = _blocks(database)

    with capture_logs() as logs:
        nodes[0].set(fork=3)
        _until(lambda: _in_use(running) == nodes[1].url)
        with_one_left = _ready(running).json()
        assert _tell(running, token, 3) == 201
        nodes[1].set(fork=4)
        _until(lambda: _in_use(running) is None)
        with_none = _ready(running)

    assert [its["standing"] for its in with_one_left["endpoints"]] == ["quarantined", "in use"]
    assert with_one_left["ready"]
    assert with_none.status_code == 503
    assert with_none.json()["checks"]["endpoints"] is False
    assert _told_of_forks(logs) == [nodes[0].url, nodes[1].url]
    assert before.items() <= _blocks(database).items()
    refused = httpx.post(
        f"{running.url}/v1/tellings",
        json={"value": 4},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "four"},
        timeout=120,
        trust_env=False,
    )
    assert (refused.status_code, refused.json()["error"]) == (503, "node-unavailable")
    assert _done(token_chain) == _told(database) == Counter([1, 2, 3])


def _blocks(database: Database) -> dict[int, str]:
    with database.engine.connect() as connection:
        return {each.number: each.hash for each in position.remembered(connection)}


def test_what_the_database_remembers_tells_the_fork_after_a_restart(
    settings: Settings, database: Database, token_chain: TokenChain, nodes: Two
) -> None:
    with serve(settings) as before:
        _until(lambda: _at(database) == token_chain.chain.block_number())
        assert _in_use(before) == nodes[0].url
    nodes[0].set(fork=2)

    with serve(settings) as after:
        _until(lambda: _in_use(after) is not None)
        assert _in_use(after) == nodes[1].url
        assert [its["standing"] for its in _ready(after).json()["endpoints"]] == ["quarantined", "in use"]


def test_node_of_another_network_is_refused_by_name_and_without_its_secrets(
    settings: Settings, token_chain: TokenChain, nodes: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = json.loads(token_chain.deployments.read_text())
    token_chain.deployments.write_text(json.dumps({**book, "chain_id": 7}))
    secret = nodes[1].url.replace("http://", "http://ann:hunter2@")

    with serve(settings.model_copy(update={"rpc_url": f"{nodes[0].url},{secret}/key77"})) as served:
        with pytest.raises(Exception, match="its chain id is 412346, token has 7") as refused:
            served.gateway.link.chain()
        assert f"{nodes[0].url}, {nodes[1].url}" in str(refused.value)
        shown = (
            str(refused.value)
            + _ready(served).text
            + httpx.get(f"{served.url}/metrics", timeout=120, trust_env=False).text
        )

    assert "hunter2" not in shown
    assert "key77" not in shown
