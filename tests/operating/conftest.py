"""A network at the present time, and a session that types the pages' commands on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal import Rehearsal
from stand_ins import StandIns
from support.network import RunningNetwork, start_network
from support.ports import free_port


@pytest.fixture
def present_network(tmp_path: Path) -> Iterator[RunningNetwork]:
    """A chain of its own whose clock is the world's, as a network's is."""
    network = start_network(tmp_path / "network", free_port())
    network.engine.set_clock(int(time.time()))
    yield network
    network.chain.close()
    network.engine.stop()


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    folder = tmp_path / "desk"
    folder.mkdir()
    made = Rehearsal(folder, StandIns(tmp_path))
    yield made
    made.stand_ins.stop_all()
