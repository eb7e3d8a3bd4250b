"""Events in the log, as the indexer would write them."""

from served import LEI, Served
from sqlalchemy import func, insert, select

from api.events.models import EVENTS, PARTIES


def say(served: Served, count: int, *, lei: str = LEI, size: int = 0) -> list[str]:
    """Events as the indexer would write them; their ids."""
    with served.gateway.database.engine.begin() as connection:
        first = int(connection.execute(select(func.max(EVENTS.c.sequence))).scalar() or 0) + 1
        rows = [
            {
                "sequence": sequence,
                "type": "receivable.paid",
                "kind": "receivable",
                "resource_id": f"0x{sequence % 3:02x}",
                "body": {"text": "x" * size},
                "occurred_at": 1_780_000_000,
                "block_number": sequence,
                "block_hash": "0x" + "ab" * 32,
                "transaction_hash": "0x" + "cd" * 32,
                "log_index": 0,
                "part": 0,
                "standing": True,
            }
            for sequence in range(first, first + count)
        ]
        connection.execute(insert(EVENTS), rows)
        connection.execute(insert(PARTIES), [{"lei": lei, "sequence": row["sequence"]} for row in rows])
    return [f"evt_{row['sequence']:016x}" for row in rows]
