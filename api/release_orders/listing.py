"""By what the list of release orders may be filtered and sorted: orders of the chain, and requests that still await a
lender, in one list. Whether an owner's word on a request still stands is the chain's to say."""

from typing import Any, Final

from sqlalchemy import BigInteger, String, cast, literal, null, union_all
from sqlmodel import col, select

from api.lists import HEX32, LEI, MOMENT, NUMBER, UNITS, Listing, bound, column, matched, words
from api.participants.listing import is_account_of
from api.release_orders.models import ReleaseOrder, ReleaseRequest
from api.release_orders.schemas import OrderStateName
from api.values import units_column

REQUESTED: Final = "requested"
"""The state of a request in the rows of both; what it is shown as, the clock and the chain say."""
_SAME = ("digest", "lot_id", "quantity", "beneficiary", "to", "subject", "sequence", "deadline", "financing")
_OF_ORDERS = ("state", "released", "kept", "ordered_at", "done_at", "block_number", "transaction_hash")
_units: Any = units_column().type


def _nothing(kind: Any, name: str) -> Any:
    return cast(null(), kind).label(name)


def _both() -> Any:
    orders = select(
        *(col(getattr(ReleaseOrder, name)) for name in (*_SAME, *_OF_ORDERS)),  # type: ignore[call-overload]
        _nothing(String, "owner_lei"),
    )
    requests = select(
        *(col(getattr(ReleaseRequest, name)) for name in _SAME),  # type: ignore[call-overload]
        literal(REQUESTED).label("state"),
        literal(0, _units).label("released"),
        literal(0, _units).label("kept"),
        *(_nothing(BigInteger, name) for name in ("ordered_at", "done_at", "block_number")),
        _nothing(String, "transaction_hash"),
        col(ReleaseRequest.owner_lei),
    ).where(col(ReleaseRequest.digest).not_in(select(ReleaseOrder.digest)))
    return union_all(orders, requests).subquery("orders_and_requests")


BOTH: Final = _both().c
RELEASE_ORDERS = Listing(
    bound("state", words(OrderStateName)),
    column("receipt_id", HEX32, BOTH.lot_id, "those of one receipt", nullable=False),
    column("subject", HEX32, BOTH.subject, nullable=False),
    column("sequence", NUMBER, BOTH.sequence, nullable=False),
    column("quantity_thousandths", UNITS, BOTH.quantity, nullable=False),
    matched("owner_lei", LEI, is_account_of(BOTH.beneficiary)),
    matched("to_lei", LEI, is_account_of(BOTH.to), "those that this one may fetch"),
    column("pledge_id", NUMBER, BOTH.financing, nullable=True),
    column("released_thousandths", UNITS, BOTH.released, nullable=False),
    column("kept_thousandths", UNITS, BOTH.kept, nullable=False),
    column("deadline", MOMENT, BOTH.deadline, nullable=False),
    column("ordered_at", MOMENT, BOTH.ordered_at, nullable=True),
    column("done_at", MOMENT, BOTH.done_at, nullable=True),
    column("transaction_hash", HEX32, BOTH.transaction_hash, nullable=True),
    column("block_number", NUMBER, BOTH.block_number, nullable=True),
    key=column("id", HEX32, BOTH.digest, nullable=False),
    usual="-deadline",
)
