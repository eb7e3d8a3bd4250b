"""Where the indexer stands: the cursor, and the last blocks behind it."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlmodel import SQLModel

from api.db import insert_new
from api.indexer.models import THE_CURSOR, Cursor, IndexedBlock
from chain_node.client import Block


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


CURSOR, BLOCKS = _table(Cursor), _table(IndexedBlock)


@dataclass(frozen=True)
class Position:
    """A block whose effects are in the database. Times are seconds since 1970."""

    number: int
    hash: str
    timestamp: int = 0

    @classmethod
    def at(cls, block: Block) -> "Position":
        return cls(block.number, "0x" + block.hash.hex(), block.timestamp)


def read(connection: Connection) -> Position | None:
    """None before the first block."""
    row = connection.execute(select(CURSOR)).first()
    return None if row is None else Position(row.block_number, row.block_hash, row.block_timestamp)


def move(connection: Connection, old: Position | None, new: Position) -> bool:
    """Takes the cursor's lock and moves it; False, and nothing done, where another process has moved it already."""
    values = {"block_number": new.number, "block_hash": new.hash, "block_timestamp": new.timestamp}
    if old is None:
        return insert_new(connection, CURSOR, {"id": THE_CURSOR, "branch": uuid4().hex, **values})
    stands = (CURSOR.c.block_number == old.number) & (CURSOR.c.block_hash == old.hash)
    return connection.execute(update(CURSOR).where(stands).values(values)).rowcount == 1


def branch_off(connection: Connection) -> None:
    """From here on the blocks are others than those that had their numbers before."""
    connection.execute(update(CURSOR).values(branch=uuid4().hex))


def remember(connection: Connection, blocks: list[Position]) -> None:
    if blocks:
        connection.execute(insert(BLOCKS), [{"number": block.number, "hash": block.hash} for block in blocks])


def remembered(connection: Connection) -> list[Position]:
    """The last blocks, newest first."""
    rows = connection.execute(select(BLOCKS).order_by(BLOCKS.c.number.desc()))
    return [Position(row.number, row.hash) for row in rows]


def forget_below(connection: Connection, number: int) -> None:
    connection.execute(delete(BLOCKS).where(BLOCKS.c.number < number))


def forget_above(connection: Connection, number: int) -> None:
    connection.execute(delete(BLOCKS).where(BLOCKS.c.number > number))


def clear(connection: Connection) -> None:
    connection.execute(delete(BLOCKS))
    connection.execute(delete(CURSOR))
