"""Whatever the moment at which the process is killed, each intent has exactly one effect, and none is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crash_child import INTENTS, KILLED_AT, UNCOMMITTED
from sqlalchemy import select
from token_chain import TokenChain

from api.db import Database
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import FINAL, Status

pytestmark = [pytest.mark.node, pytest.mark.slow]
HERE = Path(__file__).parent


@contextmanager
def child(settings: Settings, step: str, *, submit: bool) -> Iterator[subprocess.Popen[bytes]]:
    values = settings.model_dump(mode="json", exclude_defaults=True)
    paths = os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parents[2])])
    command = [sys.executable, str(HERE / "crash_child.py"), json.dumps(values), step, "submit" if submit else ""]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _statuses(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return [row.status for row in connection.execute(select(outbox.T.c.status).order_by(outbox.T.c.sequence))]


def _mine_until(token_chain: TokenChain, done: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it takes too long"
        token_chain.mine()
        time.sleep(0.1)


@pytest.mark.parametrize("step", KILLED_AT)
def test_killed_process_leaves_nothing_twice_and_nothing_behind(
    step: str,
    database: Database,
    database_url: str,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
) -> None:
    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    with child(settings, step, submit=True) as first:
        _mine_until(token_chain, lambda: first.poll() is not None)
        assert first.returncode == -signal.SIGKILL, first.stderr and first.stderr.read()
    stored = len(_statuses(database))

    with child(settings, "", submit=False) as second:
        _mine_until(token_chain, lambda: all(status in FINAL for status in _statuses(database)))
        assert second.poll() is None
    token_chain.mine(3)

    expected = 0 if step == UNCOMMITTED else INTENTS
    assert stored == expected
    assert _statuses(database) == [Status.MINED] * expected
    assert token_chain.effects() == expected
