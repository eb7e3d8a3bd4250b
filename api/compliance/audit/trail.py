"""Writing the audit trail: an entry with the act itself, and its place in the chain a moment later.

An entry is stored in the database transaction of what it tells of, both or neither, and takes no lock. Its number and
hash are given by the linker, which takes stored entries in batches under one lock: so writes do not queue for the end
of the chain, and several gateways on one database make one chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlmodel import Session, SQLModel

from api.auth.principal import Principal
from api.compiled_sql import CompiledSql
from api.compliance.audit.chain import BEGINNING, Head, linked
from api.compliance.audit.models import THE_HEAD, AuditEntry, AuditHead
from api.db import Database, insert_new, utc_now

ENTRIES: Table = SQLModel.metadata.tables[str(AuditEntry.__tablename__)]
HEAD: Table = SQLModel.metadata.tables[str(AuditHead.__tablename__)]
BATCH = 1_000
_STORE = CompiledSql(insert(ENTRIES).inline(), ["client", "lei", "operation", "resource", "status", "detail", "at"])


@dataclass(frozen=True)
class Act:
    """What somebody did: `operation` by its kind, `resource` the thing itself, `status` as HTTP counts.

    Nothing personal and nothing secret: entries cannot be erased.
    """

    client: str
    lei: str | None
    operation: str
    resource: str
    status: int
    detail: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, principal: Principal, operation: str, resource: str, status: int = 200, **detail: Any) -> "Act":
        return cls(principal.client_id, principal.lei, operation, resource, status, detail)


def record(session: Session, act: Act) -> None:
    """Adds the entry to the session's transaction."""
    enter(session.connection(), [act])


def enter(connection: Connection, acts: Sequence[Act]) -> None:
    """Adds entries to the connection's transaction."""
    _STORE.run_all(connection, [{**vars(act), "at": utc_now()} for act in acts])


class Linker:
    """Gives stored entries their places. Any number of processes may run it on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self) -> bool:
        """Links one batch; whether there may be more."""
        waiting = select(ENTRIES.c.id).where(ENTRIES.c.number.is_(None)).limit(1)
        with self._database.engine.connect() as connection:
            if connection.execute(waiting).first() is None:
                return False
        return self._link() == BATCH

    def _link(self) -> int:
        chosen = select(ENTRIES).where(ENTRIES.c.number.is_(None)).order_by(ENTRIES.c.id).limit(BATCH)
        placing = (
            update(ENTRIES)
            .where(ENTRIES.c.id == bindparam("entry"))
            .values(number=bindparam("place"), previous=bindparam("before"), hash=bindparam("own"))
        )
        with self._database.engine.begin() as connection:
            insert_new(connection, HEAD, {"id": THE_HEAD, "number": 0, "hash": BEGINNING})
            # Changing the row to itself takes its lock on both databases, and what is read next is what it guards.
            connection.execute(update(HEAD).values(number=HEAD.c.number))
            end = connection.execute(select(HEAD.c.number, HEAD.c.hash)).one()
            entries = [dict(row) for row in connection.execute(chosen).mappings()]
            places = [
                {"entry": each["id"], "place": each["number"], "before": each["previous"], "own": each["hash"]}
                for each in linked(entries, Head(end.number, end.hash))
            ]
            if places:
                connection.execute(placing, places)
                connection.execute(update(HEAD).values(number=places[-1]["place"], hash=places[-1]["own"]))
        return len(places)
