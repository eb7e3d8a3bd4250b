"""By what the list of facilities may be filtered and sorted. What is drawn and available is the chain's to say."""

from api.facilities.models import Facility
from api.facilities.schemas import DayCountName
from api.lists import COUNT, CURRENCY, FLAG, LEI, MOMENT, NUMBER, UNITS, Listing, bound, column, matched, words
from api.participants.listing import is_account_of

FACILITIES = Listing(
    matched("supplier_lei", LEI, is_account_of(Facility.supplier)),
    bound("currency", CURRENCY),
    column("limit_amount", UNITS, Facility.limit, "of this limit, in minor units"),
    column("discount_rate_bps", COUNT, Facility.discount_rate_bps),
    column("fee_bps", COUNT, Facility.fee_bps),
    column("committed_fee_bps", COUNT, Facility.committed_fee_bps),
    column("day_count", words(DayCountName), Facility.day_count),
    column("recourse", FLAG, Facility.recourse),
    column("revolving", FLAG, Facility.revolving),
    column("earmarked", FLAG, Facility.earmarked),
    column("expires_at", MOMENT, Facility.expires_at),
    column("opened_at", MOMENT, Facility.opened_at),
    key=column("id", NUMBER, Facility.number),
)
