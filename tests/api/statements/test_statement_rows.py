"""Accounts that come and go, and transfers at random: what statements make of the rows, against a model that walks the
chain event by event. On both databases."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from api.cash.models import CashReason
from api.compliance.monitoring.models import CASH, UNITS, Movement
from api.db import INDEXING, Database
from api.statements import account, repository
from api.statements.account import CashAccount, Period
from api.statements.repository import Span

BANK = "0x0000000000000000000000000000000000000000"
ACCOUNTS = [f"0x{number:040x}" for number in range(1, 5)]
BLOCKS = 40
CHAIN: Any = SimpleNamespace(block=lambda number: SimpleNamespace(timestamp=number * 10))


@dataclass(frozen=True)
class Happened:
    """A transfer, or an account that changes its organisation."""

    block: int
    log: int
    transfer: tuple[str, str, int] | None = None
    owner: tuple[str, int | None] | None = None


def history(seed: int) -> list[Happened]:
    pick, held, owners = random.Random(seed), defaultdict[str, int](int), dict[str, int | None]()
    found = []
    for block in range(1, BLOCKS + 1):
        for log in range(pick.randrange(4)):
            if pick.random() < 0.25:
                its = pick.choice(ACCOUNTS)
                owners[its] = pick.choice((1, 2)) if owners.get(its) is None else None
                found.append(Happened(block, log, owner=(its, owners[its])))
                continue
            giver, taker = pick.choice([BANK, *ACCOUNTS]), pick.choice(ACCOUNTS)
            units = pick.randrange(1, 10**17) if giver == BANK else pick.randrange(held[giver] + 1)
            held[giver] -= units
            held[taker] += units
            found.append(Happened(block, log, transfer=(giver, taker, units)))
    return found


def transaction(its: Happened) -> str:
    return f"0x{its.block:064x}"


def stored(database: Database, happened: list[Happened]) -> None:
    with database.session() as session:
        session.info[INDEXING] = True
        for its in happened:
            if its.transfer is None:
                continue
            giver, taker, units = its.transfer
            shared: dict[str, Any] = {"transaction_hash": transaction(its), "log_index": its.log, "part": 0}
            when = {"block_number": its.block, "moved_at": its.block * 10}
            moved = {"giver": giver, "taker": taker, "amount": units}
            session.add(Movement(**shared, kind=CASH, asset="EUR", **moved, **when))
            # Of other assets, which are none of it.
            other = {**shared, "log_index": its.log + 100}
            session.add(Movement(**other, kind=CASH, asset="USD", **moved, **when))
            session.add(Movement(**{**shared, "part": 1}, kind=UNITS, asset="EUR", **moved, **when))
        session.commit()


def spans(happened: list[Happened], organisation: int) -> tuple[Span, ...]:
    found, since = [], dict[str, tuple[int, int]]()
    for its in happened:
        if its.owner is None:
            continue
        which, owner = its.owner
        if owner == organisation:
            since[which] = (its.block, its.log)
        elif which in since:
            found.append(Span(which, since.pop(which), (its.block, its.log)))
    return (*found, *(Span(which, first, None) for which, first in since.items()))


Told = tuple[int, list[tuple[int, int, str, int, int]], int]


def model(happened: list[Happened], organisation: int, after: int, until: int) -> Told:
    """Opening, the place, account, amount and balance of each movement, closing: by walking."""
    held, mine = defaultdict[str, int](int), set[str]()
    balance, opening, found = 0, 0, list[tuple[int, int, str, int, int]]()

    def book(its: Happened, which: str, units: int) -> None:
        nonlocal balance, opening
        balance += units
        if its.block <= after:
            opening = balance
        else:
            found.append((its.block, its.log, which, units, balance))

    for its in happened:
        if its.block > until:
            break
        if its.owner is not None:
            which, owner = its.owner
            sign = 1 if owner == organisation else -1 if which in mine else 0
            if sign:
                mine ^= {which}
            if sign and held[which]:
                book(its, which, sign * held[which])
            continue
        assert its.transfer is not None
        giver, taker, units = its.transfer
        for which, moved in ((giver, -units), (taker, units)):
            held[which] += moved
            if which in mine:
                book(its, which, moved)
    return opening, found, balance


def told(database: Database, happened: list[Happened], organisation: int, after: int, until: int) -> Told:
    day = date(2026, 5, 4)
    period = Period(day, day, after, until, "0x", until * 10, is_final=True)
    its = spans(happened, organisation)
    with database.session() as session:
        opened = CashAccount(
            lei="",
            currency="EUR",
            period=period,
            spans=its,
            boundaries=account._boundaries(session, CHAIN, "EUR", its, period),
            opening=sum(account._held(session, "EUR", its, after).values()),
            closing=sum(account._held(session, "EUR", its, until).values()),
            count=repository.count(session, "EUR", its, after, until),
            proven=None,
        )
        lines = list(account.lines(session, opened))
    assert len(lines) == opened.count + len(opened.boundaries)
    found = [(line.block_number, line.log_index, line.account, line.amount, line.balance) for line in lines]
    return opened.opening, found, opened.closing


@pytest.mark.parametrize("seed", range(12))
def test_statements_of_random_rows_are_what_walking_the_chain_comes_to(database: Database, seed: int) -> None:
    happened, pick = history(seed), random.Random(-seed)
    stored(database, happened)

    for organisation in (1, 2):
        for _ in range(8):
            after = pick.randrange(BLOCKS)
            until = pick.randrange(after, BLOCKS + 1)
            expected = model(happened, organisation, after, until)
            assert told(database, happened, organisation, after, until) == expected, (organisation, after, until)


def test_long_statement_is_read_some_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "AT_ONCE", 7)
    happened = [Happened(1, 0, owner=(ACCOUNTS[0], 1))]
    happened += [Happened(2 + number, 0, transfer=(BANK, ACCOUNTS[0], number)) for number in range(30)]
    stored(database, happened)
    its = spans(happened, 1)

    with database.session() as session:
        sizes = [len(page) for page in repository.sides(session, "EUR", its, 0, 100)]

    assert sizes == [7, 7, 7, 7, 2]


def test_rows_that_do_not_come_to_the_closing_balance_are_no_statement(database: Database) -> None:
    happened = [
        Happened(1, 0, owner=(ACCOUNTS[0], 1)),
        Happened(2, 0, transfer=(BANK, ACCOUNTS[0], 50)),
    ]
    stored(database, happened)
    day = date(2026, 5, 4)
    period = Period(day, day, 0, 9, "0x", 90, is_final=True)
    its = CashAccount("", "EUR", period, spans(happened, 1), (), 0, 51, 1, proven=None)

    with database.session() as session:
        reading = account.lines(session, its)
        assert next(reading).amount == 50
        with pytest.raises(account.Unavailable, match="differ just now"):
            next(reading)


def test_repayment_counts_as_paid_on_a_call_only_while_there_is_one(database: Database) -> None:
    happened = [Happened(1, 0, owner=(ACCOUNTS[0], 1)), Happened(2, 0, transfer=(BANK, ACCOUNTS[0], 50))]
    happened += [Happened(block, 1, transfer=(ACCOUNTS[0], ACCOUNTS[1], 10)) for block in (3, 5, 7)]
    stored(database, happened)
    with database.session() as session:
        session.info[INDEXING] = True
        for its in happened[2:]:
            session.add(
                CashReason(
                    transaction_hash=transaction(its),
                    log_index=0,
                    kind="repayment",
                    payer=ACCOUNTS[0],
                    amount=10,
                    reference_kind="financing",
                    reference_id="4",
                    block_number=its.block,
                )
            )
        session.add(
            account.MarginCall(
                financing=4,
                number=1,
                owed=100,
                value=90,
                deadline=900,
                called_at=40,
                ended_at=60,
                ended_block=6,
                block_number=4,
                transaction_hash="0x1",
            )
        )
        session.commit()
    day = date(2026, 5, 4)
    period = Period(day, day, 0, 9, "0x", 90, is_final=True)
    opened = CashAccount("", "EUR", period, spans(happened, 1), (), 0, 20, 4, proven=None)

    with database.session() as session:
        kinds = [line.kind for line in account.lines(session, opened)]

    assert kinds == ["issue", "repayment", "margin_call_payment", "repayment"]
