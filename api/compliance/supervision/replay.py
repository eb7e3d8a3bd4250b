"""The ledger rebuilt from the chain's events alone, into a database of its own, and compared with the live one.

The same handlers read the same blocks, and nothing that the gateway was told besides. So whatever differs was changed
in the live database, lost by it, or read by a version of the gateway that has since been mended.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from api.chain_link import ChainLink
from api.checkpoints import go_on
from api.compliance.supervision.exports import in_key_order
from api.db import Database, chain_tables
from api.indexer import position
from api.indexer.apply import EVENTS, Writer
from api.indexer.models import POISONED
from api.indexer.position import Position
from api.indexer.scan import scan
from api.metrics import Metrics
from api.migrations import migrate
from api.notices import Notices
from api.resources import load_tables
from api.settings import Settings
from chain_node.client import Chain

_DATABASE: Final = "replay.db"
_DIFFERENCES: Final = "differences.jsonl"


class ReplayRefused(Exception):
    """It cannot be replayed; nothing was done."""


@dataclass(frozen=True)
class Difference:
    """One row that is not the same. `live` or `replayed` is null where the row is not there."""

    table: str
    key: dict[str, Any]
    live: dict[str, Any] | None
    replayed: dict[str, Any] | None

    def sentence(self) -> str:
        where = f"{self.table} {', '.join(f'{name}={value}' for name, value in self.key.items())}"
        if self.live is None:
            return f"{where}: is not in the live database"
        if self.replayed is None:
            return f"{where}: the chain does not know it"
        told = [
            f"{name} is {self.live[name]!r}, by the chain {self.replayed[name]!r}"
            for name in self.live
            if self.live[name] != self.replayed[name]
        ]
        return f"{where}: {'; '.join(told)}"


@dataclass(frozen=True)
class Replayed:
    """What a replay came to, up to the block that the live database had."""

    block_number: int
    rows: int
    differences: int
    first: list[str]


def replay(settings: Settings, out: Path) -> Replayed:
    """Rebuilds the ledger into `out` (a database, a file of each table, the differences) and compares it.

    ReplayRefused where `out` is not empty or the live database has read nothing; a ChainError where the node is away.
    """
    load_tables()
    if out.exists() and any(out.iterdir()):
        raise ReplayRefused(f"{out} is not empty: a replay starts with nothing.")
    live = Database(settings.database_url)
    with live.engine.connect() as connection:
        begun = position.read(connection)
    if begun is None:
        raise ReplayRefused("The live database has read nothing of the chain yet; there is nothing to compare with.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Database(f"sqlite:///{out / _DATABASE}")
    try:
        migrate(fresh.engine)
        link = ChainLink(settings)
        _read_up_to(fresh, link, settings, begun.number)
        with _snapshot(live) as connection:
            stands = position.read(connection)
            assert stands is not None
            _read_up_to(fresh, link, settings, stands.number)
            return _compared(connection, fresh, stands, out)
    finally:
        fresh.close()
        live.close()


def _read_up_to(fresh: Database, link: ChainLink, settings: Settings, last: int) -> None:
    """Reads on from where the replay stands; nothing is kept for undoing."""
    chain: Chain = link.chain()
    metrics = Metrics()
    writer = Writer(fresh, link.chain, metrics, Notices(fresh, metrics), go_on)
    with fresh.engine.connect() as connection:
        after = position.read(connection)
    first = link.addresses.first_block if after is None else after.number + 1
    while first <= last:
        end = min(last, first + settings.blocks_per_scan - 1)
        stretch = scan(fresh.engine, chain, after, first, end, last + 1)
        writer.apply(stretch, after)
        after, first = Position.at(stretch.last), end + 1


@contextmanager
def _snapshot(live: Database) -> Iterator[Connection]:
    """The live database as it is at one moment, while its gateway goes on."""
    level = {} if live.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with live.engine.connect().execution_options(**level) as connection:
        if live.is_sqlite:
            connection.exec_driver_sql("BEGIN")
        yield connection


def _compared(live: Connection, fresh: Database, stands: Position, out: Path) -> Replayed:
    rows, count = 0, 0
    first: list[str] = []
    with fresh.engine.connect() as replayed, (out / _DIFFERENCES).open("w", encoding="utf-8") as file:
        for name in sorted(str(kind.__tablename__) for kind in chain_tables()):
            rows += _write(replayed, name, out / f"{name}.jsonl")
            for difference in _differences(live, replayed, name):
                count += 1
                first += [difference.sentence()] if len(first) < 20 else []
                file.write(json.dumps(vars(difference), ensure_ascii=False) + "\n")
        for difference in _other(live, replayed, stands):
            count += 1
            first.append(difference.sentence())
            file.write(json.dumps(vars(difference), ensure_ascii=False) + "\n")
    return Replayed(stands.number, rows, count, first)


def _write(replayed: Connection, table: str, file: Path) -> int:
    """The rebuilt table as JSON lines; how many rows it has."""
    rows = 0
    with file.open("w", encoding="utf-8") as lines:
        for row in in_key_order(replayed, table):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            rows += 1
    return rows


def _differences(live: Connection, replayed: Connection, table: str) -> Iterator[Difference]:
    """Goes through both tables at once, in the order of their keys."""
    names = [column.name for column in SQLModel.metadata.tables[table].primary_key.columns]

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        # By bytes, as the databases sort text.
        return tuple(v.encode() if isinstance(v, str) else v for v in (row[name] for name in names))

    ours, theirs = in_key_order(live, table), in_key_order(replayed, table)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and key(one) < key(other)):
            assert one is not None
            yield Difference(table, {name: one[name] for name in names}, one, None)
            one = next(ours, None)
        elif one is None or key(other) < key(one):
            yield Difference(table, {name: other[name] for name in names}, None, other)
            other = next(theirs, None)
        else:
            if one != other:
                yield Difference(table, {name: one[name] for name in names}, one, other)
            one, other = next(ours, None), next(theirs, None)


def _other(live: Connection, replayed: Connection, stands: Position) -> Iterator[Difference]:
    """Another block at the same height, and events that no handler could take."""
    end = position.read(replayed)
    if end is None or end.hash != stands.hash:
        here = {"hash": stands.hash}
        yield Difference("indexer_cursor", {"block_number": stands.number}, here, {"hash": end.hash if end else None})
    poison = select(EVENTS.c.block_hash, EVENTS.c.log_index, EVENTS.c.name).where(POISONED)
    for side, connection in (("live", live), ("replayed", replayed)):
        for row in islice(connection.execute(poison).mappings(), 1_000):
            told = {"event": row["name"], "status": "poison"}
            key = {"block_hash": row["block_hash"], "log_index": row["log_index"]}
            sides: dict[str, Any] = {"live": {**told}, "replayed": {**told}}
            sides["replayed" if side == "live" else "live"]["status"] = "not told"
            yield Difference("indexer_events", key, sides["live"], sides["replayed"])
