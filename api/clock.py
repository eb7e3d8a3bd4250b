"""The chain's clock as the database has it: business times are those of blocks, never the machine's."""

from sqlmodel import Session

from api.errors import Unavailable
from api.indexer.models import THE_CURSOR, Cursor


def indexed_now(session: Session) -> int:
    """Unix seconds of the newest block whose effects are in the database; Unavailable before there is any."""
    return _cursor(session).block_timestamp


def indexed_block(session: Session) -> int:
    """The number of that block."""
    return _cursor(session).block_number


def newest_block(session: Session) -> Cursor | None:
    """The newest block whose effects are in the database; None before there is any."""
    return session.get(Cursor, THE_CURSOR)


def _cursor(session: Session) -> Cursor:
    cursor = newest_block(session)
    if cursor is None:
        raise Unavailable("not-indexed-yet", "The gateway has not read the chain yet; try again in a moment.")
    return cursor
