"""Reads past the unit of work: each gets its own rows, a lost connection costs an attempt only, and what is kept of the
contracts' answers is what they would answer."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import bindparam, select, text
from sqlmodel import col

from api.chain_link import ChainLink
from api.db import INDEXING, Database
from api.errors import NotFound, Unavailable
from api.indexer.models import Cursor
from api.kept import Kept
from api.participants.models import Organisation
from api.reading import Statement
from api.receivables import showing
from api.receivables.handlers import SAYING
from api.receivables.models import Receivable
from chain_node.client import AddressBook, Chain, Node
from chain_node.errors import ChainError, NodeUnavailable
from chain_node.interface import interfaces

TOKEN = "0x" + "70" * 20
ID = "0x" + "ab" * 32
SEES_ALL = SimpleNamespace(sees_all=True, lei=None)
BY_NUMBER = Statement(
    lambda _: select(col(Organisation.number), col(Organisation.lei), col(Organisation.suspended)).where(
        col(Organisation.number) == bindparam("number")
    )
)
WRONG = Statement(lambda _: select(1 / (col(Organisation.number) - col(Organisation.number))))


def chain_rows(database: Database, *rows: Any) -> None:
    with database.session() as session:
        session.info[INDEXING] = True
        session.add_all(rows)
        session.commit()


@pytest.fixture
def known(database: Database) -> Database:
    """A hundred organisations."""
    same: dict[str, Any] = {"group_lei": "", "jurisdiction": "SE", "roles": 1, "kyc_expires_at": 2**40}
    chain_rows(database, *(Organisation(number=n, lei=f"LEI{n}", **same) for n in range(100)))
    return database


async def of_all(database: Database, numbers: Sequence[int]) -> list[tuple[int, str, bool]]:
    # The first opens the shared connection, the others go over it together.
    first = await database.reads.soon(BY_NUMBER, number=numbers[0])
    rest = await asyncio.gather(*(database.reads.soon(BY_NUMBER, number=number) for number in numbers[1:]))
    return [(row[0], row[1], bool(row[2])) for rows in (first, *rest) for row in rows]


def test_each_of_many_reads_gets_its_own_row(known: Database) -> None:
    found = asyncio.run(of_all(known, range(100)))

    assert found == [(n, f"LEI{n}", False) for n in range(100)]


def test_reads_in_threads_and_on_the_loop_say_the_same(known: Database) -> None:
    async def both() -> list[list[tuple[Any, ...]]]:
        await known.reads.soon(BY_NUMBER, number=1)
        return [await known.reads.soon(BY_NUMBER, number=7), known.reads.rows(BY_NUMBER, number=7)]

    one, other = asyncio.run(both())

    assert one == other != []


def test_reads_on_another_loop_work_too(known: Database) -> None:
    for _ in range(2):
        assert len(asyncio.run(of_all(known, range(3)))) == 3


def test_lost_connection_costs_an_attempt_only(known: Database) -> None:
    if known.is_sqlite:
        pytest.skip("SQLite has no connections that somebody else could end")

    async def across_the_loss() -> list[tuple[int, str, bool]]:
        await of_all(known, range(3))
        with known.engine.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(others + " AND datname = current_database()"))
        return [*await of_all(known, range(50)), *await of_all(known, range(50, 100))]

    assert asyncio.run(across_the_loss()) == [(n, f"LEI{n}", False) for n in range(100)]


def test_failing_statement_is_told_and_spoils_no_other(known: Database) -> None:
    if known.is_sqlite:
        pytest.skip("SQLite divides by zero")

    async def beside_a_failure() -> list[Any]:
        await of_all(known, range(2))
        good = (known.reads.soon(BY_NUMBER, number=number) for number in range(10))
        return await asyncio.gather(*good, known.reads.soon(WRONG), return_exceptions=True)

    *good, failure = asyncio.run(beside_a_failure())

    assert [rows[0][0] for rows in good] == list(range(10))
    assert "division by zero" in str(failure)


def test_kept_values_go_oldest_first() -> None:
    kept: Kept[int] = Kept(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1

    kept.keep("c", 3)

    assert [kept.get(key) for key in "abc"] == [1, None, 3]


def test_every_event_of_the_token_that_names_receivables_marks_them_as_changed() -> None:
    events = interfaces()["ReceivableToken"].events.values()
    naming = {its.name for its in events if {"id", "ids"} & {each.name for each in its.parameters}}

    assert naming - {"URI"} == set(SAYING)


class _Node(Node):
    """Answers with as many transfers as it has been asked times; by hash only where it has the block."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.has_block, self.is_away, self.asked = True, False, 0

    def try_batch(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        if self.is_away:
            raise NodeUnavailable("http://127.0.0.1:9", "no connection")
        if not self.has_block and isinstance(requests_[0][1][1], dict):
            return [ChainError("unknown block") for _ in requests_]
        self.asked += 1
        words = [0] * 11
        words[-1] = self.asked
        return ["0x" + "".join(f"{word:064x}" for word in words), f"0x{0:064x}"]

    def batch(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return self.try_batch(requests_)


@pytest.fixture
def node() -> _Node:
    return _Node()


@pytest.fixture
def link(node: _Node) -> ChainLink:
    addresses = AddressBook("test", 1, 1, {"ReceivableToken": TOKEN}, {"ReceivableToken": "ReceivableToken"})  # type: ignore[dict-item]
    chain = Chain(node, addresses)
    return SimpleNamespace(kept=Kept(10), names={}, chain=lambda: chain)  # type: ignore[return-value]


@pytest.fixture
def registered(known: Database) -> Database:
    """One receivable, last changed in block 3 of 5."""
    with known.transaction() as session:
        session.add(Cursor(id=1, block_number=5, block_hash="0x" + "05" * 32, block_timestamp=1_780_000_000))
    terms = {"registered_value": 100, "face_value": 100, "quantity": 1, "due_date": 20_700, "registered_at": 1}
    chain_rows(
        known,
        Receivable(
            id=ID,
            supplier=1,
            debtor=2,
            currency="EUR",
            block_number=3,
            changed_block=3,
            transaction_hash="0x" + "07" * 32,
            **terms,
        ),
    )
    return known


def transfers(database: Database, link: ChainLink) -> bytes:
    body = showing.shown(database, link, SEES_ALL, ID)  # type: ignore[arg-type]
    return body.partition(b'"transfers":')[2].partition(b",")[0]


def test_answers_are_asked_for_once_until_something_happens(registered: Database, link: ChainLink) -> None:
    assert [transfers(registered, link), transfers(registered, link)] == [b"1", b"1"]

    with registered.session() as session:
        session.info[INDEXING] = True
        session.get_one(Receivable, ID).changed_block = 4
        session.commit()

    assert transfers(registered, link) == b"2"


def test_answers_of_another_branch_are_not_those_of_this_one(registered: Database, link: ChainLink) -> None:
    assert transfers(registered, link) == b"1"

    with registered.transaction() as session:
        session.get_one(Cursor, 1).branch = "another"

    assert transfers(registered, link) == b"2"


def test_answers_of_a_node_that_lacks_the_block_are_not_kept(
    registered: Database, link: ChainLink, node: _Node
) -> None:
    node.has_block = False

    assert [transfers(registered, link), transfers(registered, link)] == [b"1", b"2"]


def test_known_answers_outlive_the_node(registered: Database, link: ChainLink, node: _Node) -> None:
    assert transfers(registered, link) == b"1"
    node.is_away = True

    assert transfers(registered, link) == b"1"

    link.kept = Kept(10)
    with pytest.raises(Unavailable):
        transfers(registered, link)


@pytest.mark.parametrize("lei", ["LEI3", None])
def test_stranger_is_told_that_there_is_none(registered: Database, link: ChainLink, lei: str | None) -> None:
    stranger: Any = SimpleNamespace(sees_all=False, lei=lei)

    with pytest.raises(NotFound):
        showing.shown(registered, link, stranger, ID)
