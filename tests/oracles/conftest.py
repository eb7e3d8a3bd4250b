"""Nodes on a fake network."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from capture_desk import Desk, new_desk
from oracle_bench import Bench
from oracle_fakes import declared_error, epcis, epcis_event


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A node with its capture interface, asked without a socket."""
    return new_desk(tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def voted(bench: Bench) -> Bench:
    """A node whose vote on what the warehouse received was counted; `wrong` is the paper that corrects it."""
    event = epcis_event()
    bench.drop("event.json", epcis(event))
    bench.settle()
    bench.wrong = epcis(declared_error(event))
    return bench


@pytest.fixture(autouse=True)
def logs_as_they_are_by_default() -> None:
    """A command that another test ran has its own idea of where log lines go."""
    structlog.reset_defaults()
