"""Events in the log, as the indexer would write them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from api.db import Database
from api.events.models import EVENTS, PARTIES


def tell(database: Database, told: Sequence[dict[str, Any]], leis: Sequence[str]) -> list[str]:
    """One event for each, to these organisations: its `resource_id` and `body`, and its type where that is another than
    `receivable.paid`. Their ids."""
    with database.engine.begin() as connection:
        first = int(connection.execute(select(func.max(EVENTS.c.sequence))).scalar() or 0) + 1
        rows = [_row(sequence, **its) for sequence, its in enumerate(told, first)]
        connection.execute(insert(EVENTS), rows)
        connection.execute(insert(PARTIES), [{"lei": lei, "sequence": row["sequence"]} for row in rows for lei in leis])
    return [f"evt_{row['sequence']:016x}" for row in rows]


def _row(sequence: int, *, resource_id: str, body: dict[str, Any], type_: str = "receivable.paid") -> dict[str, Any]:
    return {
        "sequence": sequence,
        "type": type_,
        "kind": type_.partition(".")[0],
        "resource_id": resource_id,
        "body": body,
        "occurred_at": 1_780_000_000,
        "block_number": sequence,
        "block_hash": "0x" + "ab" * 32,
        "transaction_hash": "0x" + "cd" * 32,
        "log_index": 0,
        "part": 0,
        "standing": True,
    }
