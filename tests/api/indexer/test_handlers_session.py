"""Rows that a session remembers are those that the database would give."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from api.cash.models import Balance
from api.db import INDEXING, Database
from api.indexer.rows import HandlersSession

EUR = ("EUR", "0x01")


@pytest.fixture
def session(database: Database) -> Iterator[HandlersSession]:
    with HandlersSession(database.engine, expire_on_commit=False) as opened:
        opened.info[INDEXING] = True
        yield opened


def balance(key: tuple[str, str] = EUR, amount: int = 1) -> Balance:
    return Balance(currency=key[0], account=key[1], amount=amount)


def statements(database: Database, work: Callable[[], Any]) -> list[str]:
    made: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        made.append(statement.split()[0])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return made


def stored(database: Database) -> list[tuple[str, str, int]]:
    with database.session() as reading:
        return sorted((row.currency, row.account, row.amount) for row in reading.exec(select(Balance)))


def test_what_is_absent_is_none_until_it_is_added(session: HandlersSession) -> None:
    with session.remembering():
        assert session.get(Balance, EUR) is None
        row = balance()
        session.add(row)

        assert session.get(Balance, EUR) is row
        assert session.get_one(Balance, EUR) is row


def test_deleted_row_is_gone_and_may_come_again(database: Database, session: HandlersSession) -> None:
    with session.remembering():
        session.add(balance())
        session.delete(session.get_one(Balance, EUR))
        assert session.get(Balance, EUR) is None
        session.add(balance(amount=7))
    session.commit()

    assert stored(database) == [("EUR", "0x01", 7)]


def test_rows_are_read_once_and_written_once(database: Database, session: HandlersSession) -> None:
    def work() -> None:
        with session.remembering():
            for _ in range(5):
                for account in ("0x01", "0x02"):
                    row = session.get(Balance, ("EUR", account))
                    if row is None:
                        session.add(balance(("EUR", account), amount=0))
                    session.get_one(Balance, ("EUR", account)).amount += 1
            session.flush()

    made = statements(database, work)

    session.commit()
    assert [made.count("SELECT"), made.count("INSERT"), made.count("UPDATE")] == [2, 1, 0]
    assert stored(database) == [("EUR", "0x01", 5), ("EUR", "0x02", 5)]


def test_statement_sees_what_waits(session: HandlersSession) -> None:
    with session.remembering():
        session.add(balance(amount=3))

        assert [row.amount for row in session.exec(select(Balance))] == [3]


def test_nothing_is_remembered_outside(database: Database, session: HandlersSession) -> None:
    with session.remembering():
        assert session.get(Balance, EUR) is None
    session.commit()
    with database.session() as other:
        other.info[INDEXING] = True
        other.add(balance(amount=4))
        other.commit()

    assert session.get_one(Balance, EUR).amount == 4


@pytest.mark.parametrize("seed", range(5))
def test_any_changes_end_as_they_do_without_remembering(
    database: Database, session: HandlersSession, seed: int
) -> None:
    with session.remembering():
        _change(session, Random(seed), "EUR")
    session.commit()
    with database.session() as plain:
        plain.info[INDEXING] = True
        _change(plain, Random(seed), "USD")
        plain.commit()

    found = [(account, amount, currency) for currency, account, amount in stored(database)]
    euros = [row[:2] for row in found if row[2] == "EUR"]
    assert euros == [row[:2] for row in found if row[2] == "USD"]
    assert euros


def _change(session: Session, chance: Random, currency: str) -> None:
    for _ in range(60):
        key = currency, f"0x0{chance.randint(1, 6)}"
        what, row = chance.choice(["add", "add", "merge", "delete", "ask", "flush"]), session.get(Balance, key)
        if what == "merge":
            session.merge(balance(key, chance.randint(1, 9)))
        elif what == "delete" and row is not None:
            session.delete(row)
            session.flush()
        elif what == "ask":
            total = sum(each.amount for each in session.exec(select(Balance).where(Balance.currency == currency)))
            session.merge(balance((currency, "0x09"), total))
        elif what == "flush":
            session.flush()
        elif row is None:
            session.add(balance(key, 0))
        else:
            row.amount += 1
