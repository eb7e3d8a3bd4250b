"""By what the list of quotes may be filtered and sorted."""

from collections.abc import Callable
from typing import Any, get_args

from sqlalchemy import and_, exists, not_, or_
from sqlmodel import col

from api.lists import HEX32, MOMENT, NUMBER, Listing, bound, column, words
from api.quotes.models import QuoteRow, QuoteStatus
from api.quotes.schemas import QuoteState
from api.transactions.models import Status, Transaction

_MOST_TRANSACTIONS = 2
_SENT = [col(QuoteRow.transaction_ids)[place].as_string() for place in range(_MOST_TRANSACTIONS)]
_FAILED = exists().where(
    or_(*(col(Transaction.id) == each for each in _SENT)),
    col(Transaction.status).in_((Status.REVERTED.value, Status.FAILED.value)),
)

QUOTES = Listing(
    bound("state", words(*get_args(QuoteState))),
    column("facility_id", NUMBER, QuoteRow.facility),
    column("receivable_id", HEX32, QuoteRow.receivable_id, "those of one receivable"),
    column("order_id", HEX32, QuoteRow.order_id, "those of one order"),
    column("quoted_at", MOMENT, QuoteRow.quoted_at),
    column("valid_until", MOMENT, QuoteRow.valid_until),
    key=column("sequence", NUMBER, QuoteRow.sequence),
    key_is_shown=False,
)


def is_in(now: int) -> Callable[[str], Any]:
    """The condition that a quote has a state at a Unix second, as its view tells it."""

    def condition(state: str) -> Any:
        status, over = col(QuoteRow.status), col(QuoteRow.valid_until) <= now
        if state in ("accepted", "failed"):
            return and_(status == QuoteStatus.ACCEPTED.value, _FAILED if state == "failed" else not_(_FAILED))
        if state == "withdrawn":
            return status == QuoteStatus.WITHDRAWN.value
        return and_(status == QuoteStatus.OPEN.value, over if state == "expired" else not_(over))

    return condition
