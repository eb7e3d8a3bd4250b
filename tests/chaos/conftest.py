"""One network at work for all tests of this folder, which run in one worker one after the other."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_cases import DEFAULT_SEED
from network_at_work import NetworkAtWork, network_at_work

from chain_node.compile import ROOT

KEPT = ROOT / "build" / "chaos-failed"
"""Where the logs of a run that failed are kept."""


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[NetworkAtWork]:
    data_dir = tmp_path_factory.mktemp("chaos")
    try:
        with network_at_work(data_dir) as network:
            yield network
    finally:
        keep_logs(data_dir, failed=bool(request.session.testsfailed))


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
