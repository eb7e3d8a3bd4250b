"""Holds the protection store and the node's database against each other, before anything is signed.

The database remembers the head of the store at its last signature. A store that has not come so far, or that came
there another way, is not the one that was written before those signatures: the node does not start. The other way
round, a database that is behind its store, is what the store is there for: its papers may come again, and what was
signed of them binds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog
from sqlmodel import Session, col, func, select

from oracles.protection.errors import ProtectionBehind, ProtectionMissing
from oracles.protection.store import Head, ProtectionStore
from oracles.store.database import Database
from oracles.store.models import ObservationRow, ObservationStatus, ReadingRow
from oracles.store.protection import ProtectionMarkRow

log = structlog.get_logger("oracles")

WAYS_BACK: Final = (
    "put the store of the last signature back; or take in its last export (portolan oracle protection import); or, "
    "where neither is left, make one from the database and the network (portolan oracle protection rebuild)"
)


def open_protection(path: Path, database: Database) -> ProtectionStore:
    """The store, checked, for a database that is prepared. Raises ProtectionError: missing, behind or damaged."""
    with database.session() as session:
        mark = marked(session)
        signatures = _signatures(session)
        had_store = session.get(ProtectionMarkRow, 1) is not None
    if not path.is_file() and (mark.number or signatures):
        text = f"there is no protection store, but the database knows of {signatures} signatures: {WAYS_BACK}"
        raise ProtectionMissing(path, text)
    if not path.is_file() and had_store:
        # Younger than all signatures, as a copy of a database may be: what was signed since only the store knows.
        text = f"there is no protection store, but this is a database beside which one was made: {WAYS_BACK}"
        raise ProtectionMissing(path, text)
    store = ProtectionStore(path)
    try:
        store.check()
        _compare(store, mark, signatures)
        if not had_store:
            with database.session() as session:
                session.add(ProtectionMarkRow(id=1, number=mark.number, link=mark.link.hex()))
    except BaseException:
        store.close()
        raise
    return store


def remember(session: Session, store: ProtectionStore) -> None:
    """To be stored with every signature, in the same commit: the store has come at least so far."""
    head = store.head()
    session.merge(ProtectionMarkRow(id=1, number=head.number, link=head.link.hex()))


def marked(session: Session) -> Head:
    row = session.get(ProtectionMarkRow, 1)
    return Head() if row is None else Head(row.number, bytes.fromhex(row.link))


def _compare(store: ProtectionStore, mark: Head, signatures: int) -> None:
    head = store.head()
    if mark.number == 0 and signatures:
        text = (
            f"the database knows of {signatures} signatures that were made without this protection store: {WAYS_BACK}"
        )
        raise ProtectionMissing(store.path, text)
    if mark.number > head.number:
        text = (
            f"the protection store is older than the last signature: it has {head.number} statements, the database "
            f"knows of {mark.number}: {WAYS_BACK}"
        )
        raise ProtectionBehind(store.path, text)
    if store.link_at(mark.number) != mark.link:
        text = f"this is not the protection store that was written before the database's signatures: {WAYS_BACK}"
        raise ProtectionBehind(store.path, text)
    if head.number > mark.number:
        # After a crash one batch; after a restored backup all since; with several nodes on one store the others'.
        log.warning("protection ahead of database", statements=head.number - mark.number, protection=str(store.path))


def _signatures(session: Session) -> int:
    """Votes and readings that the database knows were signed."""
    never = [ObservationStatus.DECIDED, ObservationStatus.WITHDRAWN]
    were_signed = col(ObservationRow.status).not_in(never) | col(ObservationRow.signed_at).is_not(None)
    votes = select(func.count(col(ObservationRow.id))).where(were_signed)
    readings = select(func.count(col(ReadingRow.id))).where(ReadingRow.signature != "")
    return session.exec(votes).one() + session.exec(readings).one()
