"""What becomes known of the log itself: that it goes on behind one that was lost.

A gateway whose database is an older copy would give the ids of the lost log's last events once more, to other events.
So the operator says that it was restored, and the log leaps: its next event is `log.restored`, told to all whom
anything was told, under a number that no event had. What a client still has of the lost log is then no event, and
`service.place_after` refuses it instead of skipping what took its place.
"""

import time
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from api.events.models import EVENTS, PARTIES, table_of
from api.events.notes import row_of_note
from api.events.registry import Kind, announces, by_requests
from api.events.service import event_id
from api.events.telling import last
from api.indexer.models import Cursor

LOG: Final = Kind("log", "events:read", by_requests)
announces(LOG, "restored")
_CURSOR = table_of(Cursor)
_NUMBERS_A_SECOND: Final = 2**24
"""More than a gateway tells, so that what comes after a leap stays below the next."""


def leap(connection: Connection, now: float | None = None) -> tuple[int, int]:
    """Puts `log.restored` behind all that a lost copy of the log may have had; the numbers of the last event before
    it, 0 where there is none, and of its own. `now`: the machine's clock in Unix seconds, which only has to be later
    than at the last leap."""
    cursor = connection.execute(
        update(_CURSOR).values(id=_CURSOR.c.id).returning(_CURSOR.c.block_number, _CURSOR.c.block_timestamp)
    ).first()
    before, seconds = last(connection), int(time.time() if now is None else now)
    sequence = max(before + 1, seconds * _NUMBERS_A_SECOND)
    block, read_at = (0, seconds) if cursor is None else (cursor.block_number, cursor.block_timestamp)
    body: dict[str, Any] = {"last": event_id(before)}
    told = {"type": "log.restored", "kind": LOG.name, "resource_id": "events", "body": body, "occurred_at": read_at}
    known = connection.execute(select(PARTIES.c.lei).distinct()).scalars().all()
    connection.execute(insert(EVENTS), [row_of_note(sequence, told, block)])
    if known:
        connection.execute(insert(PARTIES), [{"lei": lei, "sequence": sequence} for lei in known])
    return before, sequence
