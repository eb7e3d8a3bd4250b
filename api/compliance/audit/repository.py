"""Queries over the audit trail."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from api.compliance.audit.chain import Head
from api.compliance.audit.trail import ENTRIES, HEAD


def head(connection: Connection) -> Head:
    row = connection.execute(select(HEAD.c.number, HEAD.c.hash)).first()
    return Head() if row is None else Head(row.number, row.hash)


def in_chain_order(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Every linked entry, streamed."""
    chosen = select(ENTRIES).where(ENTRIES.c.number.is_not(None)).order_by(ENTRIES.c.number)
    for row in connection.execution_options(yield_per=1_000).execute(chosen).mappings():
        yield dict(row)


def count_unlinked(connection: Connection) -> int:
    counted = select(func.count()).select_from(ENTRIES).where(ENTRIES.c.number.is_(None))
    return int(connection.execute(counted).scalar_one())
