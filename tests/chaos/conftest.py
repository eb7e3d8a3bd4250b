"""One network at work for all tests of this folder, which run in one worker one after the other."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from chaos_cases import DEFAULT_SEED
from network_at_work import NetworkAtWork, network_at_work

from chain_node.compile import ROOT

KEPT = ROOT / "build" / "chaos-failed"
"""Where the logs of a run that failed are kept."""


_open = ExitStack()
_networks: list[NetworkAtWork] = []


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> NetworkAtWork:
    if not _networks:
        data_dir = tmp_path_factory.mktemp("chaos")
        _open.callback(_networks.clear)
        _open.callback(lambda: keep_logs(data_dir, failed=bool(request.session.testsfailed)))
        _networks.append(_open.enter_context(network_at_work(data_dir)))
    return _networks[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The last test of this folder ends the network. As a fixture of the session it went on for as long as the worker
    had tests of others, and took a third of the machine."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        _open.close()


def pytest_sessionfinish() -> None:
    """Where the run was broken off in between."""
    _open.close()


@pytest.fixture
def at_work(running: NetworkAtWork) -> NetworkAtWork:
    """The network with all its validators, and trades that go on, whatever the test before has done to it."""
    running.network.check()
    for number in (its.number for its in running.engine.nodes):
        running.engine.start_node(number)
    assert running.goes_on()
    return running


@pytest.fixture
def chance() -> random.Random:
    """SOAK_SEED says whom a case is done to: the same ones for the same seed."""
    return random.Random(int(os.environ.get("SOAK_SEED", DEFAULT_SEED)))


def keep_logs(data_dir: Path, *, failed: bool) -> None:
    if failed and (data_dir / "logs").exists():
        shutil.rmtree(KEPT, ignore_errors=True)
        shutil.copytree(data_dir / "logs", KEPT)
