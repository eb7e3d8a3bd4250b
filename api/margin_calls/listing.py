"""By what the list of margin calls may be filtered and sorted. Whether a call has expired or its goods are being sold,
and what is owed now, is the chain's to say."""

from typing import Any

from sqlmodel import col, select

from api.financings.models import Financing
from api.lists import HEX32, LEI, MOMENT, NUMBER, UNITS, Listing, column, matched
from api.margin_calls.models import MarginCall
from api.participants.listing import is_account_of

_CALLS_OF_ONE = 10**6


def _of_supplier(lei: str) -> Any:
    its = select(Financing.number).where(is_account_of(Financing.supplier)(lei))
    return col(MarginCall.financing).in_(its)


MARGIN_CALLS = Listing(
    column("pledge_id", NUMBER, MarginCall.financing),
    matched("supplier_lei", LEI, _of_supplier),
    column("owed_at_call", UNITS, MarginCall.owed),
    column("value_at_call", UNITS, MarginCall.value),
    column("left_owed", UNITS, MarginCall.left_owed, nullable=True),
    column("deadline", MOMENT, MarginCall.deadline),
    column("called_at", MOMENT, MarginCall.called_at),
    column("ended_at", MOMENT, MarginCall.ended_at),
    column("transaction_hash", HEX32, MarginCall.transaction_hash),
    column("block_number", NUMBER, MarginCall.block_number),
    key=column("place", NUMBER, col(MarginCall.financing) * _CALLS_OF_ONE + col(MarginCall.number), nullable=False),
    key_is_shown=False,
    usual="-block_number",
    besides=("open", "on_sale"),
)
TOLD_TO_PARTIES = frozenset({"supplier_lei", "owed_at_call", "value_at_call", "left_owed"})
"""What bidders are not told, and so may not ask for by filters or orders either."""
