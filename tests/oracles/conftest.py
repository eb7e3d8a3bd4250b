"""Nodes on a fake network."""

from __future__ import annotations

from pathlib import Path

import pytest
from capture_desk import Desk, new_desk
from oracle_bench import Bench


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A node with its capture interface, asked without a socket."""
    return new_desk(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
