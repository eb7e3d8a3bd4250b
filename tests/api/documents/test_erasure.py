"""Erasure by destroying keys, on both databases: who may, what is left, and what the database's own files hold."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import text
from sqlmodel import Session, select

from api.auth.principal import Principal
from api.compliance.audit.models import AuditEntry
from api.db import Database
from api.documents import erasure
from api.documents.erasure import Sweeper
from api.documents.errors import DocumentAbsent, DocumentBacks, DocumentErased, ErasureNotYours
from api.documents.models import DocumentErasure, DocumentKey, ViewingKey
from api.documents.readers import SUPERVISOR, ReaderKeys
from api.documents.service import Content, Documents
from api.documents.stores import DirectoryStore
from api.invoices.models import InvoiceRow
from api.transactions.models import Status, Transaction

OWNER, DEBTOR, STRANGER = "999900ACMESUPPLIES58", "999900BOREALISRETL40", "999900SOUNDERSURVY30"
RECEIVABLE = "0x" + "2a" * 32
WHY = "The trade never began."


def of(lei: str | None, *scopes: str) -> Principal:
    return Principal(f"client of {lei}", lei, frozenset(scopes))


OPERATOR = of(None, "operator")


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(DirectoryStore(tmp_path / "documents"), ReaderKeys(tmp_path / "keys", "secret"))


def file(database: Database, documents: Documents, content: bytes = b"<Invoice/>") -> str:
    """Of the supplier, for the debtor, too."""
    sealed = documents.seal(Content(content, "application/xml"))
    readers = {lei: documents.reader_keys.ensure(lei) for lei in (OWNER, DEBTOR)}
    database.run(lambda session: documents.record(session, sealed, OWNER, readers))
    return sealed.cid


@pytest.fixture
def cid(database: Database, documents: Documents) -> str:
    return file(database, documents)


def erase(database: Database, principal: Principal, cid: str) -> Any:
    return database.run(lambda session: erasure.erase(session, principal, cid, WHY))


def keys(database: Database) -> list[DocumentKey]:
    with database.session() as session:
        return list(session.exec(select(DocumentKey)))


def register(session: Session, cid: str) -> None:
    session.add(
        InvoiceRow(
            receivable_id=RECEIVABLE,
            subject="0x" + "7b" * 32,
            supplier_lei=OWNER,
            debtor_lei=DEBTOR,
            number="1",
            syntax="ubl",
            terms={},
            references=[],
            document_cid=cid,
            transaction_ids=[],
        )
    )


def under_way(session: Session, status: Status) -> None:
    session.add(
        Transaction(
            signer="keystore:x",
            sender="0x1",
            purpose="open financing",
            subject_id=RECEIVABLE,
            to_address="0x2",
            data=b"",
            function="openFinancing",
            gas=1,
            status=status.value,
        )
    )


@pytest.mark.parametrize("principal", [of(STRANGER), of("999900MERIDIANFUND54")], ids=str)
def test_who_cannot_read_it_learns_nothing_of_it(database: Database, cid: str, principal: Principal) -> None:
    with pytest.raises(DocumentAbsent):
        erase(database, principal, cid)

    assert len(keys(database)) == 3


def test_reader_that_did_not_file_it_may_not_erase_it(database: Database, cid: str) -> None:
    with pytest.raises(ErasureNotYours):
        erase(database, of(DEBTOR), cid)

    assert len(keys(database)) == 3


def test_document_that_is_not_there_cannot_be_erased(database: Database, cid: str) -> None:
    with pytest.raises(DocumentAbsent):
        erase(database, OPERATOR, cid[:-1] + ("a" if cid[-1] != "a" else "b"))


def test_document_behind_a_financing_under_way_is_the_operators_to_erase(database: Database, cid: str) -> None:
    database.run(lambda session: (register(session, cid), under_way(session, Status.PENDING)))

    with pytest.raises(DocumentBacks):
        erase(database, of(OWNER), cid)
    assert len(keys(database)) == 3

    assert erase(database, OPERATOR, cid).keys_destroyed == 3


def test_financing_that_came_to_nothing_does_not_stand_in_the_way(database: Database, cid: str) -> None:
    database.run(lambda session: (register(session, cid), under_way(session, Status.FAILED)))

    assert erase(database, of(OWNER), cid).cid == cid


def test_erased_document_can_be_read_by_nobody(database: Database, documents: Documents, cid: str) -> None:
    supervisor = ViewingKey(
        reader=SUPERVISOR,
        public_key=X25519PrivateKey.generate().public_key().public_bytes_raw().hex(),
        registered_by="x",
    )
    database.run(lambda session: documents.open_to_viewer(session, supervisor))

    erased = erase(database, of(OWNER), cid)

    assert (erased.keys_destroyed, erased.reason) == (4, WHY)
    assert keys(database) == []
    with database.session() as session:
        for reader in (of(OWNER), of(DEBTOR), OPERATOR):
            with pytest.raises(DocumentErased, match=WHY):
                documents.read(session, reader, cid)
            with pytest.raises(DocumentErased, match=WHY):
                documents.envelope(session, reader, cid)
        with pytest.raises(DocumentErased):
            documents.envelope(session, of(None, "supervisor"), cid)
        with pytest.raises(DocumentAbsent):
            documents.read(session, of(STRANGER), cid)
        assert documents.store.get(cid)  # what is left of it: bytes that nobody can open


def test_erasure_is_recorded_with_who_and_when_and_the_hash_of_why(database: Database, cid: str) -> None:
    erase(database, of(OWNER), cid)

    with database.session() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.operation == "document.erased"))
        kept = session.get_one(DocumentErasure, cid)
    assert (entry.client, entry.lei, entry.resource) == (f"client of {OWNER}", OWNER, cid)
    assert (kept.reason, kept.erased_by, kept.readers) == (WHY, entry.client, sorted([OWNER, DEBTOR, "operator"]))


def test_second_erasure_is_answered_with_the_first(database: Database, cid: str) -> None:
    erase(database, of(OWNER), cid)

    with pytest.raises(DocumentErased):
        erase(database, of(OWNER), cid)


def test_new_viewing_key_opens_no_erased_document(database: Database, documents: Documents, cid: str) -> None:
    other = file(database, documents, b"another")
    erase(database, OPERATOR, cid)
    public = X25519PrivateKey.generate().public_key().public_bytes_raw().hex()

    opened = database.run(
        lambda session: documents.open_to_viewer(
            session, ViewingKey(reader=SUPERVISOR, public_key=public, registered_by="x")
        )
    )

    assert opened == 1
    assert {key.cid for key in keys(database)} == {other}


def test_databases_files_hold_no_erased_key(database: Database, documents: Documents) -> None:
    """Not in the table's file, nor in SQLite's log: each key is looked for by its bytes."""
    cids = [file(database, documents, b"paper %d" % number) for number in range(60)]
    gone = set(cids[::3])
    destroyed = [key.wrapped for key in keys(database) if key.cid in gone]
    kept = [key.wrapped for key in keys(database) if key.cid not in gone]
    assert any(wrapped in on_disk(database) for wrapped in destroyed)

    for cid in gone:
        erase(database, OPERATOR, cid)
    Sweeper(database).step()

    found = on_disk(database)
    assert [wrapped.hex() for wrapped in destroyed if wrapped in found] == []
    assert all(wrapped in found for wrapped in kept)
    with database.session() as session:
        assert all(row.swept_at is not None for row in session.exec(select(DocumentErasure)))


def test_sweep_waits_for_a_reader_of_the_database(database: Database, cid: str) -> None:
    """A snapshot of before the erasure still needs the log; the sweep comes again."""
    if not database.is_sqlite:
        pytest.skip("on PostgreSQL the table is written anew past any reader of other tables")
    with closing(sqlite3.connect(str(database.engine.url.database), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM document_keys").fetchone()
        erase(database, OPERATOR, cid)
        Sweeper(database).step()
        with database.session() as session:
            assert session.get_one(DocumentErasure, cid).swept_at is None

    Sweeper(database).step()

    with database.session() as session:
        assert session.get_one(DocumentErasure, cid).swept_at is not None


def on_disk(database: Database) -> bytes:
    """What the files hold that the keys' table is in."""
    if database.is_sqlite:
        path = str(database.engine.url.database)
        return b"".join(Path(each).read_bytes() for each in (path, f"{path}-wal") if os.path.exists(each))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        home = connection.execute(text("SHOW data_directory")).scalar_one()
        relation = connection.execute(text("SELECT pg_relation_filepath('document_keys')")).scalar_one()
    return (Path(home) / relation).read_bytes()
