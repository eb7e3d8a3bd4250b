"""Writes the log: what a block's contract events tell, and what a reorganisation takes back.

Told are the parties as the database has them at the end of the block, which is as the resources themselves are visible
then; of blocks that are read together, long after they were made, at the end of the last of them. A block that is read
again (`portolan gateway reindex`) tells nothing twice; what was told of blocks that are no more is followed by
`<type>.reverted`, the newest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from sqlmodel import Session

from api.db import insert_many
from api.events.models import EVENTS, PARTIES
from api.events.registry import REVERTED, Kind, Line, lines_of
from api.participants import service as participants
from api.values import hex32
from chain_node.client import Block, Chain, Event

_CHUNK = 500
# So many are told at once: drivers take some ten thousands of values in a statement.
_MOST_AT_ONCE = 5_000
_REGISTRY = "ParticipantRegistry"


class _Saying(NamedTuple):
    """One event to be."""

    line: Line
    block: Block
    event: Event
    part: int
    resource_id: str


class Telling:
    """What telling the events of one stretch of the chain takes. `chain` answers what no row knows."""

    def __init__(self, session: Session, chain: Callable[[], Chain], first: int, last: int) -> None:
        """Takes back at once what was told of other blocks of these heights."""
        self.session, self.chain = session, chain
        self._numbers: dict[int, str | None] = {}
        self._accounts: dict[str, str | None] = {}
        self._told = _told_of(session.connection(), first, last)

    def take_back_all_but(self, blocks: Iterable[Block]) -> None:
        """Reverts what was told of heights of this stretch by other blocks than these."""
        if self._told:
            hashes = {"0x" + block.hash.hex() for block in blocks}
            gone = {key[0] for key in self._told} - hashes
            for block_hash in gone:
                revert(self.session.connection(), EVENTS.c.block_hash == block_hash)

    def tell(self, told: Collection[tuple[Block, Event]]) -> None:
        """Adds what the events say to the log. The handlers' rows must be there already."""
        if any(event.contract == _REGISTRY for _, event in told):
            self._numbers.clear()
            self._accounts.clear()
        sayings: list[_Saying] = []
        for block, event in told:
            self._say(sayings, block, event)
        for start in range(0, len(sayings), _MOST_AT_ONCE):
            self._write(sayings[start : start + _MOST_AT_ONCE])

    def leis_of_numbers(self, numbers: Iterable[int]) -> dict[int, str]:
        """Of organisations by their numbers on chain; unknown ones are left out."""
        wanted = set(numbers)
        if missing := wanted - self._numbers.keys():
            self._numbers |= dict.fromkeys(missing) | participants.leis_by_number(self.session, missing)
        return {each: lei for each in wanted if (lei := self._numbers[each]) is not None}

    def leis_of_accounts(self, accounts: Iterable[str]) -> dict[str, str]:
        """Of the organisations that the accounts act for; accounts of nobody are left out."""
        wanted = set(accounts)
        if missing := wanted - self._accounts.keys():
            self._accounts |= dict.fromkeys(missing) | participants.leis_by_account(self.session, missing)
        return {each: lei for each in wanted if (lei := self._accounts[each]) is not None}

    def lei_of_account(self, account: str) -> str | None:
        """As `leis_of_accounts`, of one."""
        if account not in self._accounts:
            self.leis_of_accounts([account])
        return self._accounts[account]

    def _say(self, sayings: list[_Saying], block: Block, event: Event) -> None:
        part = 0
        for line in lines_of(event):
            for each in _split(event, line.split) if line.split else (event,):
                if line.when is None or line.when(each):
                    if not self._told or (_hash(event), event.log_index, part) not in self._told:
                        sayings.append(_Saying(line, block, each, part, line.identify(self, each)))
                    part += 1

    def _write(self, sayings: list[_Saying]) -> None:
        kinds: dict[str, Kind] = {}
        ids: dict[str, set[str]] = defaultdict(set)
        for saying in sayings:
            kind = saying.line.kind
            kinds[kind.name] = kind
            ids[kind.name].add(saying.resource_id)
        currencies = {name: kind.currencies(self, ids[name]) for name, kind in kinds.items()}
        parties = {name: _in_order(kind.parties(self, ids[name])) for name, kind in kinds.items()}
        rows, concerned, connection = [], [], self.session.connection()
        for sequence, saying in enumerate(sayings, last(connection) + 1):
            name, resource_id = saying.line.kind.name, saying.resource_id
            rows.append(_row(sequence, saying, currencies[name].get(resource_id, "")))
            told = self._told_to(saying) if saying.line.told_to else parties[name].get(resource_id, ())
            concerned += [{"lei": lei, "sequence": sequence} for lei in told]
        insert_many(connection, EVENTS, rows)
        insert_many(connection, PARTIES, concerned)

    def _told_to(self, saying: _Saying) -> list[str]:
        leis = self.leis_of_accounts(saying.event.arguments[name] for name in saying.line.told_to)
        return sorted(set(leis.values()))


def _in_order(parties: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    return {resource_id: sorted(set(leis)) for resource_id, leis in parties.items()}


def _hash(event: Event) -> str:
    return "0x" + event.block_hash.hex()


def _split(event: Event, lists: Mapping[str, str]) -> list[Event]:
    """An event for each element of its lists."""
    columns = (event.arguments[name] for name in lists)
    rows = (dict(zip(lists.values(), values, strict=True)) for values in zip(*columns, strict=True))
    return [replace(event, arguments={**event.arguments, **row}) for row in rows]


def _row(sequence: int, saying: _Saying, currency: str) -> dict[str, Any]:
    event = saying.event
    return {
        "sequence": sequence,
        "type": saying.line.type,
        "kind": saying.line.kind.name,
        "resource_id": saying.resource_id,
        "body": {name: value(event, currency) for name, value in saying.line.body.items()},
        "occurred_at": saying.block.timestamp,
        "block_number": event.block_number,
        "block_hash": _hash(event),
        "transaction_hash": hex32(event.transaction_hash),
        "log_index": event.log_index,
        "part": saying.part,
        "standing": True,
        "reverts": None,
    }


def last(connection: Connection) -> int:
    """The newest number. No two writers count at once: each holds the lock of the indexer's cursor."""
    return int(connection.execute(select(func.max(EVENTS.c.sequence))).scalar() or 0)


def _told_of(connection: Connection, first: int, last: int) -> set[tuple[str, int, int]]:
    """What stands of blocks of these heights, by block hash, log index and part."""
    wanted = select(EVENTS.c.block_hash, EVENTS.c.log_index, EVENTS.c.part).where(
        EVENTS.c.block_number.between(first, last), EVENTS.c.standing
    )
    return {(row[0], int(row[1]), int(row[2])) for row in connection.execute(wanted)}


def revert_above(connection: Connection, block_number: int) -> None:
    """What was told of later blocks is no longer so."""
    revert(connection, EVENTS.c.block_number > block_number)


def revert(connection: Connection, which: ColumnElement[bool]) -> None:
    """Follows each standing event that is meant by one that takes it back, the newest first."""
    standing = select(EVENTS).where(which, EVENTS.c.standing).order_by(EVENTS.c.sequence.desc())
    undone = [dict(row) for row in connection.execute(standing).mappings()]
    sequence = last(connection)
    for start in range(0, len(undone), _CHUNK):
        chunk = undone[start : start + _CHUNK]
        news = {row["sequence"]: sequence + place for place, row in enumerate(chunk, 1)}
        sequence += len(chunk)
        rows = [
            {**row, "sequence": news[row["sequence"]], "type": row["type"] + REVERTED, "reverts": row["sequence"]}
            | {"standing": False}
            for row in chunk
        ]
        connection.execute(insert(EVENTS), rows)
        concerned = connection.execute(select(PARTIES).where(PARTIES.c.sequence.in_(news))).all()
        if concerned:
            parties = [{"lei": row.lei, "sequence": news[row.sequence]} for row in concerned]
            connection.execute(insert(PARTIES), parties)
        connection.execute(update(EVENTS).where(EVENTS.c.sequence.in_(news)).values(standing=False))
