"""What is read ahead is used where it belongs, and nowhere else."""

from collections.abc import Callable, Iterator
from threading import current_thread, main_thread
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from api.indexer import ahead
from api.indexer.ahead import Reader
from api.indexer.position import Position
from api.indexer.scan import ChainMoved, ScannedBlock, Stretch
from api.settings import Settings
from chain_node.client import Block, Chain

HEAD = 10_000
CHAIN, OTHER = cast(Chain, object()), cast(Chain, object())
EVENTS_A_BLOCK = 100


def block(number: int) -> Block:
    return Block(number, number.to_bytes(32), b"", number, ())


class Scans:
    """In place of the chain: which were made, first and last block, and by which thread."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int]] = []
        self.aside: list[bool] = []
        self.fails_at: int | None = None
        self.events_a_block = EVENTS_A_BLOCK

    def __call__(self, _: Any, __: Chain, after: Position | None, first: int, last: int, window_from: int) -> Stretch:
        self.made.append((first, last))
        self.aside.append(current_thread() is not main_thread())
        if self.fails_at == first:
            raise ChainMoved
        events = cast(Any, [None] * self.events_a_block)
        return Stretch(block(last), window_from, [ScannedBlock(block(n), events, []) for n in range(first, last + 1)])


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> Scans:
    made = Scans()
    monkeypatch.setattr(ahead, "scan", made)
    return made


@pytest.fixture
def reader(settings_for: Callable[..., Settings]) -> Iterator[Reader]:
    made = Reader(cast(Engine, None), settings_for(blocks_per_scan=500))
    yield made
    made.stop()


def test_what_failed_ahead_fails_where_it_is_needed(reader: Reader, scans: Scans) -> None:
    stretch = reader.read(CHAIN, None, 1, HEAD)
    scans.fails_at = stretch.last.number + 1
    reader.read_ahead(CHAIN, stretch, HEAD)

    with pytest.raises(ChainMoved):
        reader.read(CHAIN, Position.at(stretch.last), stretch.last.number + 1, HEAD)


@pytest.mark.parametrize("moved", [Position(3, "0x03", 3), None])
def test_after_another_block_it_is_read_anew(reader: Reader, scans: Scans, moved: Position | None) -> None:
    stretch = reader.read(CHAIN, None, 1, HEAD)
    reader.read_ahead(CHAIN, stretch, HEAD)

    reader.read(CHAIN, moved, 4, HEAD)

    assert scans.made[-1][0] == 4
    assert not scans.aside[-1]


def test_of_another_connection_it_is_read_anew(reader: Reader, scans: Scans) -> None:
    stretch = reader.read(CHAIN, None, 1, HEAD)
    reader.read_ahead(CHAIN, stretch, HEAD)

    reader.read(OTHER, Position.at(stretch.last), stretch.last.number + 1, HEAD)

    assert len(scans.made) == 3


def test_at_the_head_nothing_is_read_ahead(reader: Reader, scans: Scans) -> None:
    stretch = reader.read(CHAIN, None, 1, 5)
    reader.read_ahead(CHAIN, stretch, 5)
    reader.stop()

    assert scans.made == [(1, 5)]


def test_each_stretch_is_read_once_and_beside_what_goes_before(reader: Reader, scans: Scans) -> None:
    after, first = None, 1
    while first <= HEAD:
        stretch = reader.read(CHAIN, after, first, HEAD)
        reader.read_ahead(CHAIN, stretch, HEAD)
        after, first = Position.at(stretch.last), stretch.last.number + 1

    assert [begin for begin, _ in scans.made] == [1, *(end + 1 for _, end in scans.made[:-1])]
    assert scans.made[-1][1] == HEAD
    assert scans.aside == [False] + [True] * (len(scans.made) - 1)


@pytest.mark.parametrize(("events_a_block", "blocks"), [(0, 500), (10, 500), (20_000, 1)])
def test_stretch_spans_as_many_blocks_as_hold_enough(
    reader: Reader, scans: Scans, events_a_block: int, blocks: int
) -> None:
    scans.events_a_block = events_a_block
    for first in range(1, 12):
        reader.read(CHAIN, None, first, HEAD)

    first, last = scans.made[-1]
    assert last - first + 1 == blocks
