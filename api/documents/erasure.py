"""Erasure by destruction of keys: the ciphertext may stay where it lies, as proof that there was something.

A document's key exists only wrapped, in `document_keys`: no other table holds it, no answer with it is stored (an
envelope is a read), and no process keeps it. Its rows go in one transaction. What a database leaves of deleted rows in
its own files is cleared by `Sweeper` behind that."""

from contextlib import closing
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from api.auth.principal import Principal
from api.compliance.decisions import decided
from api.db import Database, utc_now
from api.documents import repository
from api.documents.errors import DocumentAbsent, DocumentBacks, ErasureNotYours
from api.documents.models import DocumentErasure
from api.documents.readers import OPERATOR
from api.documents.schemas import ErasureView
from api.documents.service import refuse_erased
from api.financings.models import Financing, Handover
from api.invoices.models import InvoiceRow
from api.participants import service as participants
from api.quotes.models import QuoteRow, QuoteStatus
from api.receivables.models import Holding
from api.transactions.models import Status, Transaction

_PATIENCE_MILLISECONDS = 250
_FINANCING = "open financing"


def erase(session: Session, principal: Principal, cid: str, reason: str) -> ErasureView:
    """Destroys every wrapped key of the document. The operator may at any time, who filed it until it backs something.

    DocumentAbsent for who cannot read it, DocumentErased the second time, ErasureNotYours, DocumentBacks."""
    reader = OPERATOR if principal.is_operator else principal.organisation()
    if not repository.lock(session, cid):
        raise DocumentAbsent(cid)
    refuse_erased(session, cid, reader)
    readers = repository.readers(session, cid)
    if reader not in readers:
        raise DocumentAbsent(cid)
    document = repository.document(session, cid)
    assert document is not None  # it was locked
    if not principal.is_operator:
        if document.owner_lei != reader:
            raise ErasureNotYours(cid)
        _require_idle(session, cid)
    repository.destroy_keys(session, cid)
    erasure = DocumentErasure(cid=cid, reason=reason, readers=readers, erased_by=principal.client_id)
    session.add(erasure)
    session.flush()
    decided(session, principal, "document.erased", cid, "erased", reason)
    return ErasureView(
        cid=cid, sha256=document.sha256, erased_at=erasure.erased_at, keys_destroyed=len(readers), reason=reason
    )


def _require_idle(session: Session, cid: str) -> None:
    """DocumentBacks where the invoice was ever financed, is being financed or quoted for, or is held by others."""
    for invoice in session.exec(select(InvoiceRow).where(InvoiceRow.document_cid == cid)):
        item, own = invoice.receivable_id, participants.accounts_of(session, invoice.supplier_lei)
        backed: tuple[Any, ...] = (
            select(Financing.number).where(
                or_(col(Financing.item_id) == item, col(Financing.subject) == invoice.subject)
            ),
            select(Holding.holder).where(
                Holding.receivable_id == item, Holding.units > 0, col(Holding.holder).not_in(own)
            ),
            select(Handover.financing).where(Handover.item_id == item),
            select(QuoteRow.id).where(QuoteRow.receivable_id == item, QuoteRow.status != QuoteStatus.WITHDRAWN),
            select(Transaction.id).where(
                Transaction.subject_id == item,
                Transaction.purpose == _FINANCING,
                col(Transaction.status).not_in((Status.REVERTED, Status.FAILED)),
            ),
        )
        if any(session.exec(chosen.limit(1)).first() is not None for chosen in backed):
            raise DocumentBacks(cid, item)


class Sweeper:
    """Clears the database's files of what erased keys have left there. Any number of processes may run it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self) -> bool:
        """One attempt, where something was erased. Tries again later while others use what is to be cleared."""
        with self._database.session() as session:
            waiting = repository.unswept(session)
        if waiting and (self._sweep_sqlite() if self._database.is_sqlite else self._sweep_postgres()):
            self._database.run(lambda session: repository.mark_swept(session, waiting, utc_now()))
        return False

    def _sweep_sqlite(self) -> bool:
        """The file itself is overwritten as rows are deleted (`secure_delete`); here the log of earlier pages goes."""
        with closing(self._database.engine.raw_connection()) as pooled:
            connection: Any = pooled.driver_connection
            before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
            try:
                connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS}").close()
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.execute(f"PRAGMA busy_timeout={before}").close()
        return not busy

    def _sweep_postgres(self) -> bool:
        """Writes the table anew, so that no page holds a deleted row; readers and writers of keys wait meanwhile."""
        engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("SET lock_timeout = '2s'"))
            try:
                connection.execute(text("VACUUM (FULL) document_keys"))
            finally:
                connection.execute(text("RESET lock_timeout"))
        return True
