"""What requests tell gets into the log once, in order, whoever puts it there, and is not unsaid."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.db import Database
from api.events.models import NOTES, PARTIES, EventRow
from api.events.notes import Notary, leave
from api.events.registry import Kind, announces, by_requests
from api.events.service import view
from api.events.telling import revert_above
from api.indexer.models import THE_CURSOR, Cursor

LEI, OTHER = "999900SOUNDERSURVY30", "999900BAYARDCREDIT42"
NOTED = Kind("noted", "financings:read", by_requests)
announces(NOTED, "written", "torn_up")


def reads(database: Database, block: int, at: int) -> None:
    """As if the indexer had read up to a block."""
    with database.transaction() as session:
        if session.get(Cursor, THE_CURSOR) is None:
            session.add(Cursor(block_number=block, block_hash="0x01", block_timestamp=at))
        else:
            session.connection().execute(update(Cursor).values(block_number=block, block_timestamp=at))


def write(database: Database, what: str, number: int, *leis: str) -> None:
    body = {"number": number}
    database.run(lambda session: leave(session, NOTED, what, "n1", body, to=leis))


def log_of(database: Database) -> list[EventRow]:
    with database.session() as session:
        chosen = select(EventRow).where(col(EventRow.kind) == "noted").order_by(col(EventRow.sequence))
        return list(session.execute(chosen).scalars())


def left(database: Database) -> int:
    with database.engine.connect() as connection:
        return len(connection.execute(select(NOTES)).all())


def test_type_that_was_not_announced_cannot_be_told(database: Database) -> None:
    with pytest.raises(LookupError, match=r"noted\.exploded"):
        write(database, "exploded", 1)


def test_what_a_request_takes_back_is_not_told(database: Database) -> None:
    reads(database, 7, 1_000)
    with database.session() as session:
        leave(session, NOTED, "written", "n1", {}, to=[LEI])
        session.flush()
        session.rollback()

    Notary(database).step()

    assert log_of(database) == []


def test_notes_wait_for_the_first_block(database: Database) -> None:
    write(database, "written", 1)
    assert Notary(database).step() is False
    assert (log_of(database), left(database)) == ([], 1)

    reads(database, 7, 1_000)
    Notary(database).step()

    (event,) = log_of(database)
    assert (event.block_number, event.occurred_at) == (7, 1_000)


def test_notes_are_told_once_and_in_order_to_those_whom_they_name(database: Database) -> None:
    reads(database, 7, 1_000)
    write(database, "written", 1, LEI, OTHER, LEI)
    write(database, "torn_up", 2, OTHER)
    reads(database, 9, 2_000)

    for _ in range(2):
        Notary(database).step()

    first, second = log_of(database)
    assert [(e.type, e.body, e.occurred_at) for e in (first, second)] == [
        ("noted.written", {"number": 1}, 1_000),
        ("noted.torn_up", {"number": 2}, 1_000),
    ]
    with database.engine.connect() as connection:
        told = {(row.lei, row.sequence) for row in connection.execute(select(PARTIES))}
    assert told == {(LEI, first.sequence), (OTHER, first.sequence), (OTHER, second.sequence)}
    assert left(database) == 0
    with database.session() as session:
        shown = view(session, first)
    assert (shown.transaction_hash, shown.trace_id, shown.block_number, shown.reverts) == (None, None, 9, None)


def test_two_processes_tell_each_note_once(database: Database, database_url: str) -> None:
    reads(database, 7, 1_000)
    other = Database(database_url)
    for number in range(60):
        write(database, "written", number)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(Notary(each).step) for each in (database, other) * 8]:
            done.result()

    events = log_of(database)
    assert [event.body["number"] for event in events] == list(range(60))
    assert [event.sequence for event in events] == list(range(1, 61))
    other.close()


def test_reorganisation_unsays_no_note(database: Database) -> None:
    reads(database, 7, 1_000)
    write(database, "written", 1, LEI)
    Notary(database).step()

    with database.engine.begin() as connection:
        revert_above(connection, 3)

    assert [event.type for event in log_of(database)] == ["noted.written"]
