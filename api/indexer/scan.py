"""Reads a stretch of the chain, without writing anything: blocks, the events in them, what became of our
transactions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from api.indexer.position import Position
from api.transactions import receipts
from api.transactions.receipts import Outcome
from chain_node.client import Block, Chain, Event


class ChainMoved(Exception):
    """What was read does not hang together: the chain was reorganised, before or while we read."""


@dataclass(frozen=True)
class ScannedBlock:
    block: Block
    events: list[Event]
    outcomes: list[Outcome]


@dataclass(frozen=True)
class Stretch:
    """Consecutive blocks; those that matter are read, the last one always is."""

    last: Block
    blocks: list[ScannedBlock] = field(default_factory=list)


def scan(engine: Engine, chain: Chain, after: Position | None, first: int, last: int, window_from: int) -> Stretch:
    """Blocks `first` to `last`. Raises ChainMoved where they do not follow `after`.

    Every block from `window_from` on is read; earlier ones only where they hold events, or may hold transactions of
    ours.
    """
    events = _events(chain, first, last)
    with engine.connect() as connection:
        expecting = receipts.anything_open(connection)
    wanted = [n for n in range(first, last + 1) if expecting or n in events or n >= window_from or n in (first, last)]
    blocks = [chain.block(number) for number in wanted]
    _check_links(after, blocks, events)
    scanned = [ScannedBlock(b, events.get(b.number, []), _outcomes(engine, chain, b, expecting)) for b in blocks]
    return Stretch(blocks[-1], scanned)


def _events(chain: Chain, first: int, last: int) -> dict[int, list[Event]]:
    """By block, in order. What no interface of ours explains is not ours to explain."""
    found: dict[int, list[Event]] = {}
    for log in chain.logs(first, last):
        event = chain.decode(log)
        if event is not None:
            found.setdefault(log.block_number, []).append(event)
    return found


def _outcomes(engine: Engine, chain: Chain, block: Block, expecting: bool) -> list[Outcome]:
    if not expecting or not block.transaction_hashes:
        return []
    with engine.connect() as connection:
        return receipts.outcomes(connection, chain, block)


def _check_links(after: Position | None, blocks: list[Block], events: dict[int, list[Event]]) -> None:
    previous: Position | None = after
    for block in blocks:
        follows = previous is not None and block.number == previous.number + 1
        if follows and previous is not None and "0x" + block.parent_hash.hex() != previous.hash:
            raise ChainMoved
        if any(event.block_hash != block.hash for event in events.get(block.number, [])):
            raise ChainMoved
        previous = Position.at(block)


def branching_point(chain: Chain, remembered: list[Position], head: int) -> Position | None:
    """The newest remembered block that the chain still has; None where none of them is."""
    block_at: Callable[[int], Block] = chain.block
    for position in remembered:
        if position.number <= head and "0x" + block_at(position.number).hash.hex() == position.hash:
            return position
    return None
