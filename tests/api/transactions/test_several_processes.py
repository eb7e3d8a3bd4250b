"""Several gateway processes on one database: each thing is done once, by whichever, and who dies is replaced."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle

import httpx
import pytest
from gateway_child import Child, children
from served import LEI
from sqlalchemy import select
from token_chain import TokenChain

from api.auth.service import create_client
from api.db import Database
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import Status

pytestmark = [pytest.mark.node, pytest.mark.slow]
WRITES, TOLD_BEFORE_DEATH = 120, 20


@pytest.fixture
def crowd(
    database: Database, database_url: str, token_chain: TokenChain, settings_for: Callable[..., Settings]
) -> Iterator[list[Child]]:
    token_chain.mine_every(1)
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    with children(settings, 2 if database.is_sqlite else 3) as started:
        yield started


@pytest.fixture
def headers(database: Database, crowd: list[Child]) -> dict[str, str]:
    """Of a client whose token one process made, and all take."""
    made = database.run(lambda session: create_client(session, lei=LEI, scopes=(), operator=False))
    asked = {"grant_type": "client_credentials"}
    credentials = (made.client_id, made.client_secret)
    answer = httpx.post(f"{crowd[0].url}/oauth/token", data=asked, auth=credentials, timeout=180, trust_env=False)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _tell(child: Child, headers: dict[str, str], value: int, **more: str) -> httpx.Response:
    given = {name.replace("_", "-"): text for name, text in more.items()}
    asked = {"Idempotency-Key": str(uuid.uuid4()), **headers, **given}
    return httpx.post(f"{child.url}/v1/tellings", json={"value": value}, headers=asked, timeout=180, trust_env=False)


def _reader(crowd: list[Child]) -> Child:
    """The process that reads the chain; there is one, and one only."""
    deadline = time.monotonic() + 120
    while True:
        reading = [child for child in crowd if child.metric("portolan_indexer_reads_chain")]
        assert len(reading) <= 1
        if reading:
            return reading[0]
        assert time.monotonic() < deadline, "nobody reads the chain"
        time.sleep(0.05)


def test_hundred_equal_requests_over_all_processes_make_one_transaction(
    crowd: list[Child], headers: dict[str, str], database: Database, token_chain: TokenChain
) -> None:
    with ThreadPoolExecutor(100) as threads:
        turns = [threads.submit(_tell, c, headers, 7, Idempotency_Key="once") for c, _ in zip(cycle(crowd), range(100))]
        answers = [turn.result() for turn in turns]

    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    with database.engine.connect() as connection:
        assert len(connection.execute(select(outbox.T)).all()) == 1
    assert _tell(crowd[0], headers, 8, Idempotency_Key="once").status_code == 409
    assert _tell(crowd[1], headers, 9, Prefer="wait=60").status_code == 201
    assert token_chain.effects() == 2


def test_who_waits_at_any_process_is_answered_and_who_dies_is_replaced(
    crowd: list[Child], headers: dict[str, str], database: Database, token_chain: TokenChain
) -> None:
    values = iter(range(100, 200))
    told, unwaited = [], 0
    while len(crowd) > 1:
        with ThreadPoolExecutor(12) as threads:
            turns = [threads.submit(_tell, c, headers, v, Prefer="wait=50") for c in crowd * 4 for v in [next(values)]]
            told += [turn.result() for turn in turns]
        dead = _reader(crowd)
        left = [child for child in crowd if child is not dead]
        waiting = [_tell(child, headers, next(values)) for child in left]
        dead.kill()
        crowd = left
        told += [_tell(child, headers, next(values), Prefer="wait=50") for child in crowd]

        assert {answer.status_code for answer in told} == {201}
        assert {answer.status_code for answer in waiting} == {202}
        _reader(crowd)
        unwaited += len(waiting)

    with database.engine.connect() as connection:
        rows = connection.execute(select(outbox.T).order_by(outbox.T.c.nonce)).all()
    assert {row.status for row in rows} == {Status.MINED}
    assert [row.nonce for row in rows] == list(range(len(rows)))
    assert token_chain.effects() == len(rows) == len(told) + unwaited


def test_writes_under_way_when_a_process_is_killed_are_done_once_when_they_are_repeated(
    crowd: list[Child], headers: dict[str, str], database: Database, token_chain: TokenChain
) -> None:
    first, second, keys = crowd[0], crowd[1], [f"write {number}" for number in range(WRITES)]
    told: dict[str, httpx.Response] = {}

    def ask(child: Child, key: str) -> None:
        with suppress(httpx.HTTPError):
            told[key] = _tell(child, headers, int(key.split()[1]) + 1, Idempotency_Key=key)
        if len(told) >= TOLD_BEFORE_DEATH and first.process.poll() is None:
            first.kill()

    with ThreadPoolExecutor(24) as threads:
        list(threads.map(lambda key: ask(first, key), keys))
    before = dict(told)
    with ThreadPoolExecutor(24) as threads:
        list(threads.map(lambda key: ask(second, key), keys))

    assert TOLD_BEFORE_DEATH <= len(before) < WRITES
    assert {answer.status_code for answer in told.values()} == {202}
    assert all(told[key].content == answer.content for key, answer in before.items())
    assert _tell(second, headers, WRITES + 1, Prefer="wait=50").status_code == 201
    assert token_chain.effects() == WRITES + 1
    with database.engine.connect() as connection:
        assert {row.status for row in connection.execute(select(outbox.T))} == {Status.MINED}
