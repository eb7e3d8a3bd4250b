"""A list asks the database as often for many rows as for one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ordering import accepted
from sqlalchemy import event
from trading import Trading, await_indexer, eur, invoice

pytestmark = pytest.mark.node
LISTS = (
    "/v1/invoices",
    "/v1/receivables",
    "/v1/orders",
    "/v1/facilities",
    "/v1/financings",
    "/v1/participants",
    "/v1/transactions",
)


@pytest.fixture(scope="module")
def busy(trading: Trading) -> Trading:
    """Three of each, and nothing under way."""
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    for number in ("AS-2026-91", "AS-2026-92", "AS-2026-93"):
        sold, facility = trading.sell(invoice(number)), trading.grant()["id"]
        body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
        trading.desks["supplier"].write("/v1/financings", body)
        accepted(trading, f"PO-{number}", deposit=eur(1))
    await_indexer(trading.gateway, trading.chain)
    return trading


@contextmanager
def statements(trading: Trading) -> Iterator[list[str]]:
    """Those of requests; the gateway's loops look at rows of their own meanwhile, in threads of their names."""
    seen: list[str] = []
    loops = {loop.name for loop in trading.gateway.loops}

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT") and threading.current_thread().name not in loops:
            seen.append(statement)

    engine = trading.gateway.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def asked_for(trading: Trading, path: str, limit: int) -> set[str]:
    """The kinds of questions, by how often each is asked."""
    with statements(trading) as seen:
        items = trading.operator.get(path, limit=str(limit))["items"]
    assert len(items) == limit
    return {f"{seen.count(each)} times {each.split('WHERE')[0]}" for each in seen}


@pytest.mark.parametrize("path", LISTS)
def test_list_of_three_costs_as_many_questions_as_one(busy: Trading, path: str) -> None:
    assert asked_for(busy, path, 3) == asked_for(busy, path, 1)
