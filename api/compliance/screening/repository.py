"""Queries over lists, entries and hits."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from api.compliance.screening.models import THE_STATE, Hit, ListEntry, ListVersion, ScreenedSubject, ScreeningState
from api.db import insert_new

STATE = SQLModel.metadata.tables[str(ScreeningState.__tablename__)]
SUBJECTS = SQLModel.metadata.tables[str(ScreenedSubject.__tablename__)]


def next_serial(session: Session) -> int:
    """The next version's number; from here to the commit no other version can be made."""
    connection = session.connection()
    insert_new(connection, STATE, {"id": THE_STATE, "serial": 0})
    connection.execute(update(STATE).values(serial=STATE.c.serial + 1))
    return int(connection.execute(STATE.select().with_only_columns(STATE.c.serial)).scalar_one())


def serial(session: Session) -> int:
    return int(session.exec(select(func.coalesce(func.max(ScreeningState.serial), 0))).one())


def latest(session: Session, name: str) -> ListVersion | None:
    chosen = select(ListVersion).where(ListVersion.name == name).order_by(col(ListVersion.serial).desc())
    return session.exec(chosen.limit(1)).first()


def entries_of(session: Session, name: str) -> dict[str, ListEntry]:
    return {entry.id: entry for entry in session.exec(select(ListEntry).where(ListEntry.list_name == name))}


def entries_after(session: Session, serial_: int, until: int) -> list[ListEntry]:
    """Entries that a version after `serial_` changed, taken out ones too."""
    chosen = select(ListEntry).where(col(ListEntry.serial) > serial_, col(ListEntry.serial) <= until)
    return list(session.exec(chosen.order_by(col(ListEntry.list_name), col(ListEntry.id))))


def entry(session: Session, name: str, entry_id: str) -> ListEntry | None:
    return session.get(ListEntry, (name, entry_id))


def entries(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], ListEntry]:
    return {key: found for key in set(keys) if (found := entry(session, *key)) is not None}


def screened(session: Session) -> dict[tuple[str, str], ScreenedSubject]:
    return {(row.kind, row.id): row for row in session.exec(select(ScreenedSubject))}


def hit(session: Session, hit_id: str) -> Hit | None:
    return session.exec(select(Hit).where(Hit.id == hit_id)).first()


def open_hits(session: Session) -> list[Hit]:
    return list(session.exec(select(Hit).where(Hit.state == "open")))


def remember(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Notes what was compared, in place of what was noted before."""
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(SUBJECTS)
    noted = {name: insert.excluded[name] for name in ("digest", "serial", "threshold")}
    if rows:
        connection.execute(insert.on_conflict_do_update(index_elements=["kind", "id"], set_=noted), list(rows))


def hits_of(session: Session, lei: str, *states: str) -> list[Hit]:
    return list(session.exec(select(Hit).where(Hit.lei == lei, col(Hit.state).in_(states)).order_by(col(Hit.sequence))))
