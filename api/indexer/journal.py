"""Keeps what ChainRows were before each block, and puts it back.

Listens to one session: before a flush, the rows it will change are read as the database has them; after it, rows it
made are noted by their keys. Statements that go past the rows are refused, since they would not be undone.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, event, insert, inspect, select, update
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session, SQLModel

from api.db import ChainRow
from api.indexer.models import JournalEntry

JOURNAL = SQLModel.metadata.tables[str(JournalEntry.__tablename__)]


class StatementPastJournal(Exception):
    """A handler changed rows by a statement instead of through rows."""

    def __init__(self) -> None:
        super().__init__("Handlers write through rows; an update, insert or delete statement could not be undone.")


def encode(value: Any) -> Any:
    """A column's value as JSON."""
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dict):
        return {"$json": value}
    return value


_DECODERS: dict[str, Any] = {
    "$bytes": bytes.fromhex,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$decimal": Decimal,
    "$json": lambda value: value,
}


def decode(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, inner),) = value.items()
        return _DECODERS[kind](inner)
    return value


def _key_of(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    return {column.name: values[column.name] for column in table.primary_key}


def _at(table: Table, key: dict[str, Any]) -> Any:
    return and_(*(table.c[name] == value for name, value in key.items()))


class Journal:
    """Records the changes that one session makes on behalf of the block it is in."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._block_number: int | None = None
        self._noted: set[tuple[str, str]] = set()
        event.listen(session, "before_flush", self._before_flush)
        event.listen(session, "after_flush", self._after_flush)
        event.listen(session, "do_orm_execute", self._refuse_statements)

    def enter(self, block_number: int | None) -> None:
        """From here on, changes belong to this block; None: it is too deep to be undone, nothing is kept."""
        self._block_number = block_number
        self._noted.clear()

    def forget_notes(self) -> None:
        """A savepoint was rolled back, and entries of this block with it."""
        self._noted.clear()

    def _refuse_statements(self, state: ORMExecuteState) -> None:
        if state.is_insert or state.is_update or state.is_delete:
            raise StatementPastJournal

    def _before_flush(self, session: OrmSession, *_: Any) -> None:
        changed = [its for its in (*session.dirty, *session.deleted) if isinstance(its, ChainRow)]
        self._note([its for its in changed if its in session.deleted or session.is_modified(its)], existed=True)

    def _after_flush(self, session: OrmSession, *_: Any) -> None:
        self._note([its for its in session.new if isinstance(its, ChainRow)], existed=False)

    def _note(self, rows: Iterable[ChainRow], *, existed: bool) -> None:
        """All in one statement: a block may bring hundreds of new rows."""
        if self._block_number is None:
            return
        entries = [entry for row in rows if (entry := self._entry(row, existed=existed)) is not None]
        if entries:
            self._session.connection().execute(insert(JOURNAL), entries)

    def _entry(self, row: ChainRow, *, existed: bool) -> dict[str, Any] | None:
        """What the row was before; None where that is noted already."""
        table = SQLModel.metadata.tables[str(row.__tablename__)]
        key = self._identity(row, existed)
        mark = (table.name, repr(sorted(key.items())))
        if mark in self._noted:
            return None
        self._noted.add(mark)
        connection = self._session.connection()
        image = connection.execute(select(table).where(_at(table, key))).mappings().first() if existed else None
        return {
            "block_number": self._block_number,
            "table_name": table.name,
            "key": {name: encode(value) for name, value in key.items()},
            "image": None if image is None else {name: encode(value) for name, value in image.items()},
        }

    @staticmethod
    def _identity(row: ChainRow, existed: bool) -> dict[str, Any]:
        mapper: Mapper[Any] = inspect(type(row))
        identity = inspect(row).identity if existed else mapper.primary_key_from_instance(row)
        return dict(zip((column.name for column in mapper.primary_key), identity, strict=True))


def undo(connection: Connection, above_block: int) -> None:
    """Puts every ChainRow back to what it was at the end of `above_block`."""
    for entry in _entries(connection, above_block):
        table = SQLModel.metadata.tables[entry.table_name]
        at = _at(table, {name: decode(value) for name, value in entry.key.items()})
        if entry.image is None:
            connection.execute(delete(table).where(at))
            continue
        image = {name: decode(value) for name, value in entry.image.items()}
        if connection.execute(update(table).where(at).values(image)).rowcount == 0:
            connection.execute(insert(table).values(image))
    connection.execute(delete(JOURNAL).where(JOURNAL.c.block_number > above_block))


def _entries(connection: Connection, above_block: int) -> Iterator[Any]:
    newest_first = select(JOURNAL).where(JOURNAL.c.block_number > above_block).order_by(JOURNAL.c.id.desc())
    yield from connection.execute(newest_first).all()


def forget(connection: Connection, below_block: int) -> None:
    """Drops what is too deep to be undone."""
    connection.execute(delete(JOURNAL).where(JOURNAL.c.block_number < below_block))
