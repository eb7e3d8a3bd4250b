"""Rows that are only ever added: gathered and written together they are the rows that they would be one by one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from api.auth.models import Client
from api.compliance.monitoring.models import Movement
from api.db import INDEXING, Database, RowKindsMixed, insert_many
from api.events.models import EVENTS, EventRow
from api.indexer import record
from api.indexer.apply import EVENTS as INDEXED
from api.indexer.models import IndexedEvent
from api.indexer.recording import gathering, store

MANY = 30
"""So many that PostgreSQL gets them by COPY."""


def movement(number: int) -> dict[str, Any]:
    return {
        "transaction_hash": f"0x{number:064x}",
        "log_index": number,
        "part": 0,
        "kind": "cash",
        "asset": "EUR",
        "giver": "0x01",
        "taker": "tab\there, line\nthere, back\\slash",
        "amount": 2**200 + number,
        "block_number": 2**40,
        "moved_at": 1_780_000_000 + number,
    }


def moved(session: Session) -> list[dict[str, Any]]:
    return [row.model_dump() for row in session.exec(select(Movement).order_by(Movement.log_index))]  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, MANY])
def test_gathered_rows_are_the_rows_that_they_would_be_one_by_one(database: Database, count: int) -> None:
    expected = [movement(number) for number in range(count)]
    with database.session() as session:
        session.info[INDEXING] = True
        with gathering(session):
            for values in expected:
                record(session, Movement, **values)
            store(session)
        session.commit()

    with database.session() as session:
        assert moved(session) == expected


def test_outside_of_a_gathering_a_row_is_a_row(database: Database) -> None:
    with database.session() as session:
        session.info[INDEXING] = True
        record(session, Movement, **movement(1))
        assert len(session.new) == 1
        session.commit()

    with database.session() as session:
        assert moved(session) == [movement(1)]


def test_what_was_not_stored_is_forgotten(database: Database) -> None:
    with database.session() as session:
        session.info[INDEXING] = True
        with gathering(session):
            record(session, Movement, **movement(1))
        store(session)
        session.commit()

    with database.session() as session:
        assert moved(session) == []


def test_what_belongs_to_requests_is_not_recorded(database: Database) -> None:
    with database.session() as session, gathering(session), pytest.raises(RowKindsMixed):
        record(session, Client, client_id="x")  # type: ignore[type-var, arg-type]


def test_copied_columns_keep_their_types(database: Database) -> None:
    told = [
        EventRow(
            sequence=number,
            type="receivable.paid",
            kind="receivable",
            resource_id="0x",
            body={"amount": {"amount": "1", "currency": "EUR"}, "said": 'quote " and \\ and ü', "many": 2**200},
            occurred_at=1,
            block_number=1,
            block_hash="0x",
            transaction_hash="0x",
            log_index=number,
            standing=number % 2 == 0,
            reverts=None if number % 3 else number,
        ).model_dump()
        for number in range(1, MANY)
    ]
    at = datetime(2026, 5, 4, 9, 0, 0, 123456, UTC)
    same: dict[str, Any] = {"block_number": 1, "transaction_hash": "0x", "contract": "C", "name": "E", "error": None}
    taken = [
        {"block_hash": "0x", "log_index": number, "status": "done", "recorded_at": at, **same} for number in range(MANY)
    ]
    with database.engine.begin() as connection:
        insert_many(connection, EVENTS, told)
        insert_many(connection, INDEXED, taken)

    with database.session() as session:
        rows = session.exec(select(EventRow).order_by(EventRow.sequence)).all()  # type: ignore[arg-type]
        assert [row.model_dump() for row in rows] == told
        assert {row.recorded_at for row in session.exec(select(IndexedEvent))} == {at}
