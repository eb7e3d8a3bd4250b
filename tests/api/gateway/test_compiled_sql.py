"""Statements past SQLAlchemy's own way: what they store and answer is what that way would have."""

import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import Integer, bindparam, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import SQLModel

from api.compiled_sql import CompiledSql
from api.compliance.audit.models import AuditEntry
from api.db import Database
from api.idempotency import StoredAnswer

ANSWERS = SQLModel.metadata.tables[str(StoredAnswer.__tablename__)]
ENTRIES = SQLModel.metadata.tables[str(AuditEntry.__tablename__)]
STORE = CompiledSql(insert(ANSWERS), [column.name for column in ANSWERS.c])
LOAD = CompiledSql(select(ANSWERS).where(ANSWERS.c.key_hash == bindparam("key")), ["key"])
ENTER = CompiledSql(
    insert(ENTRIES).returning(ENTRIES.c.id), ["client", "lei", "operation", "resource", "status", "detail", "at"]
)
AT = datetime(2026, 5, 4, 12, 30, 15, 250_000, UTC)
ANSWER = {
    "key_hash": "a" * 64,
    "request_hash": "b" * 64,
    "status": 202,
    "media_type": "application/json",
    "body": b"\x00\xff{}",
    "created_at": AT,
}
ENTRY = {
    "client": "it's",
    "lei": None,
    "operation": "POST /v1/100%",
    "resource": "/x?a=:b",
    "status": 1,
    "detail": {"a": [1]},
}


def test_row_that_breaks_a_key_raises_sqlalchemys_error_and_leaves_the_session_usable(database: Database) -> None:
    with database.transaction() as session:
        STORE.run(session.connection(), ANSWER)

    with database.session() as session:
        with pytest.raises(IntegrityError):
            STORE.run(session.connection(), {**ANSWER, "status": 500})
        session.rollback()
        assert LOAD.run(session.connection(), {"key": "a" * 64})[0][2] == 202


def test_value_that_its_column_refuses_is_refused(database: Database) -> None:
    with database.session() as session, pytest.raises((ValueError, StatementError), match="naive"):
        STORE.run(session.connection(), {**ANSWER, "created_at": datetime(2026, 5, 4)})  # noqa: DTZ001 - that is it


def test_answer_that_is_not_there_is_no_row(database: Database) -> None:
    with database.session() as session:
        assert LOAD.run(session.connection(), {"key": "c" * 64}) == []


def test_what_a_statement_stores_sqlalchemy_reads_and_the_other_way_round(database: Database) -> None:
    with database.transaction() as session:
        STORE.run(session.connection(), ANSWER)
        session.connection().execute(insert(ANSWERS).values({**ANSWER, "key_hash": "d" * 64}))

    with database.session() as session:
        assert dict(session.connection().execute(select(ANSWERS).order_by("key_hash")).mappings().first()) == ANSWER
        assert LOAD.run(session.connection(), {"key": "d" * 64}) == [tuple({**ANSWER, "key_hash": "d" * 64}.values())]


def test_json_and_what_looks_like_a_parameter_arrive_as_they_are(database: Database) -> None:
    with database.transaction() as session:
        [(number,)] = ENTER.run(session.connection(), {**ENTRY, "at": AT})

    with database.session() as session:
        row = session.connection().execute(select(ENTRIES).where(ENTRIES.c.id == number)).mappings().one()
        assert {name: row[name] for name in ENTRY} == ENTRY
        assert row["at"] == AT


def test_many_rows_are_stored_as_one_by_one_and_those_that_were_not_are_told(database: Database) -> None:
    with database.transaction() as session:
        STORE.run(session.connection(), ANSWER)
    rows = [{**ANSWER, "key_hash": str(number), "body": bytes([number])} for number in range(70)]

    with database.transaction() as session:
        kind = sqlite if database.is_sqlite else postgresql
        unless = CompiledSql(kind.insert(ANSWERS).inline().on_conflict_do_nothing(), list(ANSWER))
        assert unless.run_all(session.connection(), rows) == 70
        assert unless.run_all(session.connection(), [ANSWER, *rows]) == 0

    with database.session() as session:
        stored = session.connection().execute(select(ANSWERS)).mappings().all()
        assert sorted((dict(row) for row in stored), key=repr) == sorted([ANSWER, *rows], key=repr)


def test_of_many_rows_that_break_a_key_none_is_stored(database: Database) -> None:
    plain = CompiledSql(insert(ANSWERS).inline(), list(ANSWER))
    with database.session() as session:
        with pytest.raises(IntegrityError):
            plain.run_all(session.connection(), [ANSWER, ANSWER])
        session.rollback()

        assert session.connection().execute(select(ANSWERS)).first() is None


def test_statement_belongs_to_its_sessions_transaction(database: Database) -> None:
    with database.session() as session:
        STORE.run(session.connection(), ANSWER)
        session.rollback()

        assert LOAD.run(session.connection(), {"key": "a" * 64}) == []


def test_commit_of_a_statement_is_synced(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)

    with database.transaction() as session:
        STORE.run(session.connection(), ANSWER)

    assert len(synced) == (1 if database.is_sqlite else 0)


@pytest.mark.postgres
def test_connection_that_the_server_ended_is_told_and_not_used_again(postgres_database: Database) -> None:
    ask = CompiledSql(select(bindparam("one", type_=Integer)), ["one"])
    with postgres_database.session() as session, postgres_database.session() as other:
        pid = session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one()
        other.connection().execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

        with pytest.raises(OperationalError) as raised:
            ask.run(session.connection(), {"one": 1})

        assert raised.value.connection_invalidated
    with postgres_database.session() as session:
        assert ask.run(session.connection(), {"one": 1}) == [(1,)]
