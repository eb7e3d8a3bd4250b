"""What the tests of finished runs share: the run's network, and its books replayed from the events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from support.network import RunningNetwork, start_network

from model.books import Books, Disagreement
from model.compare import differences
from model.history import moments, new_books
from model.replay import Moment, replay
from model.run import Run

R = TypeVar("R")
CHECKPOINTS = 10


@contextmanager
def finished(path: Path, begin: Callable[[RunningNetwork], R], go: Callable[[R], None]) -> Iterator[R]:
    """A network after a run of its own, which is stopped however the run ends."""
    network = start_network(path)
    try:
        made = begin(network)
        go(made)
        yield made
    finally:
        network.chain.close()
        network.engine.stop()


def replayed(run: Run) -> tuple[Books, int]:
    """The books that the events alone add up to, equal to the chain's at each checkpoint; how many figures were."""
    books, told, compared = new_books(run.network), deque(moments(run.network, run.blocks[-1])), 0
    for number in checkpoints(run):
        while told and told[0].event.block_number <= number:
            replay(books, block_of(told))
        books.now = run.chain.block(number).timestamp
        figures, found = differences(books, run.chain, number)
        if found:
            raise Disagreement(f"seed {run.seed}: {'; '.join(found[:5])}")
        compared += figures
    if told:
        raise Disagreement(f"seed {run.seed}: {len(told)} events after the last block of the run")
    return books, compared


def checkpoints(run: Run) -> list[int]:
    """Blocks spread over the run, its last one among them."""
    step = len(run.blocks) // CHECKPOINTS
    return sorted({run.blocks[-1], *run.blocks[step::step]})


def block_of(told: deque[Moment]) -> Iterator[Moment]:
    """Takes the events of the next block."""
    number = told[0].event.block_number
    while told and told[0].event.block_number == number:
        yield told.popleft()
