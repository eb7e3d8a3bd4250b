"""By what the lists of financings and their amendments may be filtered and sorted. What a financing owes and supports
is the chain's to say."""

from datetime import UTC, datetime

from sqlalchemy import or_
from sqlmodel import col, select

from api.facilities.models import Facility
from api.financings.amendment_schemas import AmendmentState, AmendmentView
from api.financings.models import Financing, FinancingState, Handover
from api.lists import (
    COUNT,
    CURRENCY,
    DAY,
    HEX32,
    LEI,
    MOMENT,
    NUMBER,
    TEXT,
    TIMESTAMP,
    UNITS,
    Column,
    Listing,
    bound,
    column,
    matched,
    seen,
    words,
)
from api.participants.listing import is_account_of


def _of_facility(its: object) -> object:
    wanted = select(its).where(col(Facility.number) == col(Financing.facility))  # type: ignore[call-overload]
    return wanted.correlate(Financing).scalar_subquery()


def _is_or_was_backed_by(item: str) -> object:
    before = select(Handover.financing).where(col(Handover.item_id) == item)
    return or_(col(Financing.item_id) == item, col(Financing.number).in_(before))


FINANCINGS = Listing(
    column("state", words(FinancingState), Financing.state),
    column("facility_id", NUMBER, Financing.facility),
    column("receivable_id", HEX32, Financing.item_id, "those of one receivable"),
    matched("order_id", HEX32, _is_or_was_backed_by, "those of one order, also when handed over since"),
    column("item_id", HEX32, Financing.item_id),
    column("subject", HEX32, Financing.subject),
    matched("supplier_lei", LEI, is_account_of(Financing.supplier)),
    bound("currency", CURRENCY),
    column("pledged", UNITS, Financing.units),
    column("deferred", UNITS, Financing.deferred),
    column("discount_rate_bps", COUNT, _of_facility(Facility.discount_rate_bps)),
    column("fee_bps", COUNT, _of_facility(Facility.fee_bps)),
    column("maturity_date", DAY, Financing.maturity_day),
    column("opened_at", MOMENT, Financing.opened_at),
    key=column("id", NUMBER, Financing.number),
)


def _asked_for(amendment: AmendmentView) -> datetime:
    """When a side last agreed to it; nothing of a consent taken back is left to tell."""
    spoken = (amendment.agreed_at, amendment.approved_at, amendment.carried_out_at)
    return max((at for at in spoken if at is not None), default=datetime(1970, 1, 1, tzinfo=UTC))


def _amount(name: str) -> Column:
    return seen(name, UNITS, lambda view: getattr(view, name).units, f"of this {name}, minor units")


REPAYMENTS = Listing(
    seen("at", TIMESTAMP),
    seen("payer", TEXT),
    *(_amount(name) for name in ("amount", "principal", "interest", "fees", "residual")),
    key=seen("id", TEXT),
    usual="-at",
)
AMENDMENTS = Listing(
    seen("state", words(AmendmentState)),
    seen("agreed_at", TIMESTAMP),
    seen("approved_at", TIMESTAMP),
    seen("carried_out_at", TIMESTAMP),
    seen("asked_for_at", TIMESTAMP, _asked_for, "when a side last agreed to it"),
    key=seen("amendment", HEX32),
    usual="-asked_for_at",
)
