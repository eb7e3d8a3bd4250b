"""By what the list of receivables may be filtered and sorted."""

from sqlalchemy import case
from sqlmodel import col

from api.lists import CURRENCY, DAY, FLAG, HEX32, LEI, MOMENT, UNITS, Listing, column, matched, units, words
from api.participants.listing import is_organisation
from api.receivables.models import Receivable, ReceivableState

_LEFT = units(Receivable.face_value) - units(Receivable.paid)
_OUTSTANDING = case((col(Receivable.state) == ReceivableState.CANCELLED.value, 0), else_=_LEFT)
RECEIVABLES = Listing(
    column("state", words(ReceivableState), Receivable.state),
    matched("supplier_lei", LEI, is_organisation(Receivable.supplier)),
    matched("debtor_lei", LEI, is_organisation(Receivable.debtor)),
    column("currency", CURRENCY, Receivable.currency),
    column("registered_value", UNITS, Receivable.registered_value),
    column("face_value", UNITS, Receivable.face_value),
    column("paid", UNITS, Receivable.paid),
    column("outstanding", UNITS, _OUTSTANDING),
    column("due_date", DAY, Receivable.due_date),
    column("set_off_waived", FLAG, Receivable.set_off_waived),
    column("registered_at", MOMENT, Receivable.registered_at),
    column("accepted_at", MOMENT, Receivable.accepted_at),
    column("settled_at", MOMENT, Receivable.settled_at),
    column("transaction_hash", HEX32, Receivable.transaction_hash),
    key=column("id", HEX32, Receivable.id),
    usual="-registered_at",
)
