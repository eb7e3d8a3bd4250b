"""By what the list of invoices may be filtered and sorted."""

from typing import Any

from sqlalchemy import and_, exists, not_
from sqlmodel import col

from api.invoices.models import InvoiceRow
from api.lists import CURRENCY, DAY_TEXT, HEX32, LEI, NUMBER, TEXT, TIMESTAMP, UNITS, Listing, column, matched, words
from api.receivables.models import Receivable, ReceivableState
from api.transactions.models import Status, Transaction

_ON_CHAIN = exists().where(col(Receivable.id) == col(InvoiceRow.receivable_id))
_FAILED = exists().where(
    col(Transaction.id) == col(InvoiceRow.transaction_ids)[0].as_string(),
    col(Transaction.status).in_((Status.REVERTED.value, Status.FAILED.value)),
)


def _is(state: str) -> Any:
    """As `standing.state_of` tells it."""
    if state in ("submitted", "failed"):
        return and_(not_(_ON_CHAIN), _FAILED if state == "failed" else not_(_FAILED))
    return exists().where(col(Receivable.id) == col(InvoiceRow.receivable_id), col(Receivable.state) == state)


def _term(*names: str) -> Any:
    """Of the terms as they were read."""
    return col(InvoiceRow.terms)[names if len(names) > 1 else names[0]].as_string()


INVOICES = Listing(
    matched("state", words("submitted", "failed", ReceivableState), _is),
    column("number", TEXT, InvoiceRow.number),
    column("syntax", TEXT, InvoiceRow.syntax),
    column("supplier_lei", LEI, InvoiceRow.supplier_lei),
    column("debtor_lei", LEI, InvoiceRow.debtor_lei),
    column("currency", CURRENCY, _term("payable", "currency"), nullable=True),
    column("payable", UNITS, _term("payable", "amount"), nullable=True),
    column("due_date", DAY_TEXT, _term("due_date"), nullable=True),
    column("issue_date", DAY_TEXT, _term("issue_date"), nullable=True),
    column("receivable_id", HEX32, InvoiceRow.receivable_id),
    column("subject", HEX32, InvoiceRow.subject),
    column("created_at", TIMESTAMP, InvoiceRow.created_at),
    key=column("sequence", NUMBER, InvoiceRow.sequence),
    key_is_shown=False,
)
