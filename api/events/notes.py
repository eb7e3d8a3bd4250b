"""What requests tell: a note in their own transaction, which a loop puts into the log soon after.

The log is written by one at a time, who holds the lock of the indexer's cursor. A request does not wait for that lock:
it leaves a note, and note and event change places in one transaction, so that everything is told once.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from api.clock import newest_block
from api.db import Database
from api.events.models import EVENTS, NOTES, PARTIES, EventNote, table_of
from api.events.registry import TYPES, Kind
from api.events.telling import last
from api.indexer.models import Cursor

_MOST: Final = 500
_NO_LOG: Final = -1
_CURSOR = table_of(Cursor)


def leave(
    session: Session, kind: Kind, what: str, resource_id: str, body: dict[str, Any], *, to: Collection[str] = ()
) -> None:
    """Tells these organisations, and those who see everything, once the session commits. `body`: what JSON can say."""
    named = f"{kind.name}.{what}"
    if TYPES.get(named) is not kind:
        raise LookupError(f"{named} is not announced")
    newest = newest_block(session)
    session.add(
        EventNote(
            type=named,
            kind=kind.name,
            resource_id=resource_id,
            leis=sorted(set(to)),
            body=body,
            occurred_at=0 if newest is None else newest.block_timestamp,
        )
    )


class Notary:
    """Puts notes into the log. Any number of processes may run it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self) -> bool:
        """Whether there may be more."""
        with self._database.engine.connect() as connection:
            if connection.execute(select(NOTES.c.number).limit(1)).first() is None:
                return False
        with self._database.engine.begin() as connection:
            locked = (
                update(_CURSOR).values(id=_CURSOR.c.id).returning(_CURSOR.c.block_number, _CURSOR.c.block_timestamp)
            )
            cursor = connection.execute(locked).first()
            if cursor is None:  # no block has been read yet: what is told waits for the first
                return False
            notes = connection.execute(select(NOTES).order_by(NOTES.c.number).limit(_MOST)).all()
            if notes:
                rows, parties = _told(notes, last(connection), cursor.block_number, cursor.block_timestamp)
                connection.execute(insert(EVENTS), rows)
                if parties:
                    connection.execute(insert(PARTIES), parties)
                connection.execute(delete(NOTES).where(NOTES.c.number.in_([note.number for note in notes])))
        return len(notes) == _MOST


def row_of_note(sequence: int, told: Mapping[str, Any], block: int) -> dict[str, Any]:
    """A row of the log of what no block has: it stands in none, and no reorganisation takes it back. `told`: type,
    kind, resource_id, body and occurred_at."""
    return {
        **told,
        "sequence": sequence,
        "block_number": block,
        "block_hash": "",
        "transaction_hash": "",
        "log_index": _NO_LOG,
        "part": 0,
        "standing": False,
        "reverts": None,
    }


def _told(notes: Any, newest: int, block: int, now: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows, parties = [], []
    for sequence, note in enumerate(notes, newest + 1):
        told = {"type": note.type, "kind": note.kind, "resource_id": note.resource_id, "body": note.body}
        rows.append(row_of_note(sequence, {**told, "occurred_at": note.occurred_at or now}, block))
        parties += [{"lei": lei, "sequence": sequence} for lei in note.leis]
    return rows, parties
