"""Sketches in the database: what is found, what is forgotten, what the tables give away, and who sees what."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from api.auth.principal import Principal
from api.db import Database
from api.invoices.check import EVALUATION_KEY
from api.invoices.models import InvoiceRow, SimilarPair, SketchRow, SketchToken
from api.invoices.similarity.service import record, shown
from api.invoices.similarity.sketch import Features, SketchKey, sketch
from chain_node.references import NetworkKey
from scripts.bench.similarity import KEY, Registry
from scripts.bench.similarity_corpus import corpus

ACME, BOREALIS, SOUNDER = "999900ACMESUPPLIES58", "999900BOREALISRETL40", "999900SOUNDERSURVY30"
ORIGINAL = Features(
    supplier=ACME,
    debtor=BOREALIS,
    currency="EUR",
    number="AS-2026-0042",
    amount=10_000_000,
    issued=date(2026, 5, 4),
    due=date(2026, 7, 3),
    order="PO-2026-815",
    despatch=None,
    goods=("4012345000115",),
)
COPY = replace(ORIGINAL, number="R-AS-2026-0042", amount=10_100_000)
STRANGERS = replace(ORIGINAL, supplier=SOUNDER, number="77")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session() as opened:
        yield opened


def fingerprint(number: int) -> str:
    return f"0x{number:064x}"


def take(session: Session, said: Features, number: int) -> str:
    """Registers an invoice as intake does, as far as near-duplicates go."""
    row = InvoiceRow(
        receivable_id=fingerprint(number),
        subject=fingerprint(number),
        supplier_lei=said.supplier,
        debtor_lei=said.debtor,
        number=said.number,
        syntax="UBL",
        terms={},
        references=[],
        document_cid="",
        transaction_ids=[],
    )
    session.add(row)
    session.flush()
    record(session, KEY, row.receivable_id, said)
    return row.receivable_id


def reader(lei: str | None, *scopes: str) -> Principal:
    return Principal("someone", lei, frozenset(scopes))


def tables(session: Session) -> set[bytes]:
    """Everything that the sketches' tables hold in bytes."""
    rows: list[Any] = list(session.exec(select(SketchRow)))
    return {row.token for row in session.exec(select(SketchToken))} | {
        name for row in rows for name in (row.supplier, row.currency)
    }


def test_database_finds_what_the_pure_rule_finds(session: Session) -> None:
    entries, registry = corpus(600, 3), Registry()
    expected = {}
    for place, entry in enumerate(entries):
        take(session, entry.said, place)
        for other, similar in registry.take(entry.said).items():
            expected[fingerprint(place), fingerprint(other)] = (similar.score, list(similar.reasons))

    found = {(p.receivable_id, p.earlier_id): (p.score, p.reasons) for p in session.exec(select(SimilarPair))}
    assert len(found) > 40
    assert found == expected


def test_failed_registration_is_forgotten_when_it_is_tried_again(session: Session) -> None:
    take(session, ORIGINAL, 1)
    take(session, COPY, 2)

    record(session, KEY, fingerprint(2), replace(COPY, number="9", amount=5, order=None))

    assert session.exec(select(SimilarPair)).all() == []
    assert len(session.exec(select(SketchRow)).all()) == 2


def test_dictionary_without_the_key_recovers_none(session: Session) -> None:
    """The attacker has the tables and a list that holds every true invoice, and tries keys that anyone could."""
    book = [entry.said for entry in corpus(300, 4)]
    for place, said in enumerate(book):
        take(session, said, place)
    stored = tables(session)
    guesses = [b"\0" * 32, b"\xff" * 32, b"portolan".ljust(32, b"\0"), EVALUATION_KEY.secret]

    recovered = [
        said for guess in guesses for said in book if sketch(SketchKey.of(NetworkKey(guess)), said).tokens & stored
    ]

    assert recovered == []
    assert all(sketch(KEY, said).tokens <= stored for said in book)


def test_tables_hold_nothing_in_clear(session: Session) -> None:
    take(session, ORIGINAL, 1)
    plain = [ACME, BOREALIS, "EUR", "0042", "2026", "10000000", "815", "4012345000115"]

    rows = [*session.exec(select(SketchToken)), *session.exec(select(SketchRow))]
    for value in (value for row in rows for name, value in row.model_dump().items() if name != "receivable_id"):
        assert isinstance(value, bool) or len(value) == 16
        assert isinstance(value, bool) or not any(text.encode() in value for text in plain)


@pytest.mark.parametrize("this", [1, 2])
@pytest.mark.parametrize(
    "principal", [reader(ACME), reader(BOREALIS), reader(None, "operator"), reader(None, "supervisor")]
)
def test_parties_and_overseers_see_which_invoice_it_is_and_why(
    principal: Principal, this: int, session: Session
) -> None:
    take(session, ORIGINAL, 1)
    take(session, COPY, 2)

    (similar,) = shown(session, principal, fingerprint(this))

    assert similar.receivable_id == fingerprint(3 - this)
    assert similar.state == "submitted"
    assert similar.score == 100
    assert "amounts within 1.6 % of each other" in similar.reasons


def test_supplier_learns_of_a_strangers_invoice_only_that_there_is_one(session: Session) -> None:
    take(session, STRANGERS, 1)
    take(session, ORIGINAL, 2)

    (similar,) = shown(session, reader(ACME), fingerprint(2))

    assert similar.model_dump() == {"receivable_id": None, "state": None, "score": None, "reasons": []}


def test_holder_learns_why_but_not_which_invoice(session: Session) -> None:
    take(session, STRANGERS, 1)
    take(session, ORIGINAL, 2)

    (similar,) = shown(session, reader("999900MERIDIANFUND54"), fingerprint(2))

    assert (similar.receivable_id, similar.state) == (None, None)
    assert similar.score is not None
    assert "from different suppliers" in similar.reasons


def test_debtor_sees_both_suppliers_invoices(session: Session) -> None:
    take(session, STRANGERS, 1)
    take(session, ORIGINAL, 2)

    (similar,) = shown(session, reader(BOREALIS), fingerprint(2))

    assert similar.receivable_id == fingerprint(1)


def test_invoice_that_is_not_known_here_has_none(session: Session) -> None:
    assert shown(session, reader(None, "operator"), fingerprint(9)) == []


@pytest.mark.postgres
def test_of_two_copies_at_once_the_later_sees_the_earlier(postgres_database: Database) -> None:
    from threading import Thread

    from sqlmodel import SQLModel

    from api.resources import load_tables

    load_tables()
    SQLModel.metadata.create_all(postgres_database.engine)

    with postgres_database.session() as first:
        take(first, ORIGINAL, 1)
        second = Thread(target=lambda: postgres_database.run(lambda session: take(session, COPY, 2)))
        second.start()
        second.join(0.5)
        waits = second.is_alive()
        first.commit()
    second.join()

    with postgres_database.session() as session:
        assert waits
        assert [(p.receivable_id, p.earlier_id) for p in session.exec(select(SimilarPair))] == [
            (fingerprint(2), fingerprint(1))
        ]
