"""Rows that handlers only ever add: of a history of many years they are most of what is written.

    record(session, Movement, transaction_hash=..., log_index=..., ...)

Near the chain's head they are rows like others, so that the journal can undo them. In a stretch that is too deep to be
undone no object is made of them; they go to the database together, by COPY where it has that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlmodel import Session, SQLModel

from api.db import ChainRow, RowKindsMixed, insert_many

_GATHERED: Final = "rows to add together"


def record(session: Session, kind: type[ChainRow], /, **values: Any) -> None:
    """Adds a row, with a value for each of its columns, that no handler reads or changes again."""
    gathered: dict[type[ChainRow], list[dict[str, Any]]] | None = session.info.get(_GATHERED)
    if gathered is not None and kind in gathered:
        gathered[kind].append(values)
        return
    if not issubclass(kind, ChainRow):
        raise RowKindsMixed(kind.__name__, indexing=True)
    if gathered is None:
        session.add(kind(**values))
    else:
        gathered[kind] = [values]


@contextmanager
def gathering(session: Session) -> Iterator[None]:
    """Within it rows wait for `store`; what was not stored at the end is forgotten."""
    session.info[_GATHERED] = {}
    try:
        yield
    finally:
        del session.info[_GATHERED]


def store(session: Session) -> None:
    """Writes the rows that wait."""
    gathered: dict[type[ChainRow], list[dict[str, Any]]] = session.info.get(_GATHERED) or {}
    for kind, rows in gathered.items():
        insert_many(session.connection(), SQLModel.metadata.tables[str(kind.__tablename__)], rows)
    gathered.clear()
