"""What a lane is asked each time something is sent does not take longer for all that it has ever sent."""

from typing import Any

import pytest
from sqlalchemy import event

from api.db import Database
from api.transactions import outbox
from api.transactions.models import Status, Transaction

SENDER = "0x" + "11" * 20


def _transaction(nonce: int | None, status: Status) -> Transaction:
    named = None if nonce is None else f"0x{nonce:064x}"
    return Transaction(
        signer="office:cash-issuer",
        sender=SENDER,
        purpose="test",
        to_address="0x" + "22" * 20,
        data=b"",
        function="CashToken.issue",
        gas=1,
        status=status.value,
        nonce=nonce,
        hash=named,
        raw=None if nonce is None else b"raw",
    )


def _store(database: Database, *transactions: Transaction) -> None:
    with database.transaction() as session:
        session.add_all(transactions)


def _ask(database: Database, *, from_nonce: int = 0, limit: int = 200) -> tuple[bool, list[int]]:
    with database.engine.connect() as connection:
        held = outbox.under_way(connection, SENDER, from_nonce=from_nonce, limit=limit)
        return outbox.is_idle(connection, SENDER), [each.nonce for each in held]


def test_lane_without_open_nonces_is_idle(database: Database) -> None:
    _store(database, _transaction(1, Status.MINED), _transaction(None, Status.PENDING))

    assert _ask(database) == (True, [])


@pytest.mark.parametrize("status", [Status.PENDING, Status.SENT])
def test_lane_with_an_open_nonce_is_not_idle(database: Database, status: Status) -> None:
    _store(database, _transaction(1, Status.MINED), _transaction(2, status))

    assert _ask(database) == (False, [2])


def test_what_is_under_way_comes_by_its_nonce(database: Database) -> None:
    states = {9: Status.SENT, 10: Status.PENDING, 7: Status.SENT, 8: Status.PENDING, 6: Status.MINED, 11: Status.FAILED}
    _store(database, *(_transaction(nonce, status) for nonce, status in states.items()))

    assert _ask(database) == (False, [7, 8, 9, 10])
    assert _ask(database, from_nonce=8, limit=2) == (False, [8, 9])


def test_what_is_final_is_not_walked_through(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics")
    _store(database, *(_transaction(nonce, Status.MINED) for nonce in range(50)))
    asked: list[tuple[str, Any]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            asked.append((statement, values))

    _ask(database)

    assert len(asked) == 2
    with database.engine.connect() as connection:
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert any("transactions_open (status=? AND sender=?" in row[3] for row in plan), plan
