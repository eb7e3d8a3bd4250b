"""Reads a stretch of the chain, without writing anything: blocks, the events in them, what became of our
transactions.

Near the head whole blocks are read, each with its receipts. A long stretch is asked for its logs, and only the blocks
that matter are read: of blocks too deep to be undone, in which nothing of ours can be, no more than their logs tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from api.events.registry import lines_for
from api.indexer.position import Position
from api.indexer.registry import handlers_for
from api.transactions import receipts
from api.transactions.receipts import Outcome
from chain_node.client import Block, Chain, Event, Log, WholeBlock

# So many blocks are read whole; more are asked for their logs.
FEW: Final = 16
_BLOCKS_AT_ONCE: Final = 100


class ChainMoved(Exception):
    """What was read does not hang together: the chain was reorganised, before or while we read."""


@dataclass(frozen=True)
class ScannedBlock:
    block: Block
    events: list[Event]
    outcomes: list[Outcome]


@dataclass(frozen=True)
class Stretch:
    """Consecutive blocks; those that matter are read, the last one always is. Those below `window_from` are too deep to
    be undone."""

    last: Block
    window_from: int
    blocks: list[ScannedBlock] = field(default_factory=list)


def scan(engine: Engine, chain: Chain, after: Position | None, first: int, last: int, window_from: int) -> Stretch:
    """Blocks `first` to `last`. Raises ChainMoved where they do not follow `after`.

    Every block from `window_from` on is read; earlier ones only where they hold events, or may hold transactions of
    ours.
    """
    with engine.connect() as connection:
        expecting = receipts.anything_open(connection)
    if last - first < FEW:
        scanned = _whole(engine, chain, range(first, last + 1), expecting)
    else:
        scanned = _long(engine, chain, first, last, window_from, expecting)
    _check_links(after, scanned)
    return Stretch(scanned[-1].block, window_from, scanned)


def _whole(engine: Engine, chain: Chain, numbers: Sequence[int], expecting: bool) -> list[ScannedBlock]:
    return [
        ScannedBlock(each.block, _decoded(chain, each.logs), _outcomes(engine, chain, each, expecting))
        for each in chain.whole_blocks(numbers)
    ]


def _long(engine: Engine, chain: Chain, first: int, last: int, window_from: int, expecting: bool) -> list[ScannedBlock]:
    logs, ends, times = chain.logs_and_blocks(first, last)
    events: dict[int, list[Event]] = {}
    for event in _decoded(chain, logs):
        events.setdefault(event.block_number, []).append(event)
    deep = set() if expecting else {number for number in events.keys() & times.keys() if number < window_from}
    blocks = {number: _by_logs(events[number], times[number]) for number in deep}
    blocks.update((block.number, block) for block in ends)
    wanted = [n for n in range(first, last) if expecting or n in events or n >= window_from]
    for numbers in _chunks([number for number in wanted if number not in blocks]):
        blocks.update((block.number, block) for block in chain.blocks(numbers))
    outcomes: dict[int, list[Outcome]] = {}
    for numbers in _chunks(_with_ours(engine, list(blocks.values())) if expecting else []):
        for each in chain.whole_blocks(numbers):
            if each.block != blocks[each.block.number]:
                raise ChainMoved
            outcomes[each.block.number] = _outcomes(engine, chain, each, expecting)
    return [ScannedBlock(blocks[number], events.get(number, []), outcomes.get(number, [])) for number in sorted(blocks)]


def _by_logs(events: list[Event], timestamp: int) -> Block:
    """A block as its logs tell it: without parent and transactions."""
    return Block(events[0].block_number, events[0].block_hash, b"", timestamp, ())


def _chunks(numbers: list[int]) -> Iterable[list[int]]:
    return (numbers[start : start + _BLOCKS_AT_ONCE] for start in range(0, len(numbers), _BLOCKS_AT_ONCE))


def _with_ours(engine: Engine, blocks: list[Block]) -> list[int]:
    """Blocks with transactions of ours."""
    with engine.connect() as connection:
        return [block.number for block in blocks if receipts.ours(connection, block.transaction_hashes)]


def _decoded(chain: Chain, logs: Iterable[Log]) -> list[Event]:
    """Those that a handler wants, or the log of events. What no interface of ours explains is not ours to explain."""
    named = ((log, names) for log in logs if (names := chain.named(log)) is not None)
    wanted = (log for log, names in named if handlers_for(*names) or lines_for(*names))
    return [event for log in wanted if (event := chain.decode(log)) is not None]


def _outcomes(engine: Engine, chain: Chain, whole: WholeBlock, expecting: bool) -> list[Outcome]:
    if not expecting or not whole.mined:
        return []
    with engine.connect() as connection:
        return receipts.outcomes(connection, chain, whole)


def _check_links(after: Position | None, scanned: list[ScannedBlock]) -> None:
    previous: Position | None = after
    for each in scanned:
        follows = previous is not None and each.block.number == previous.number + 1
        parent = each.block.parent_hash
        if follows and previous is not None and parent and "0x" + parent.hex() != previous.hash:
            raise ChainMoved
        if any(event.block_hash != each.block.hash for event in each.events):
            raise ChainMoved
        previous = Position.at(each.block)


def branching_point(chain: Chain, remembered: list[Position], head: int) -> Position | None:
    """The newest remembered block that the chain still has; None where none of them is."""
    for position in remembered:
        if position.number <= head and "0x" + chain.block(position.number).hash.hex() == position.hash:
            return position
    return None
