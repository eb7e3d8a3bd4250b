"""By what the list of readings may be filtered and sorted."""

from sqlmodel import col, select

from api.lists import FLAG, HEX32, MOMENT, NUMBER, SIGNED_UNITS, Listing, column, words
from api.readings.models import FeedPolicy, FeedValue
from api.readings.schemas import KindName

_LOGS_IN_A_BLOCK = 10**6
_KIND = select(FeedPolicy.kind).where(col(FeedPolicy.id) == col(FeedValue.policy)).correlate(FeedValue)
_PLACE = col(FeedValue.block_number) * _LOGS_IN_A_BLOCK + col(FeedValue.log_index)
READINGS = Listing(
    column("feed_id", HEX32, FeedValue.policy, "those of one feed, by its policy"),
    column("kind", words(KindName), _KIND.scalar_subquery(), nullable=True),
    column("round", NUMBER, FeedValue.round),
    column("value", SIGNED_UNITS, FeedValue.value, "of this value, in the unit and decimals of its feed"),
    column("observed_at", MOMENT, FeedValue.observed_at),
    column("past", FLAG, FeedValue.past),
    column("at", MOMENT, FeedValue.reported_at),
    column("transaction_hash", HEX32, FeedValue.transaction_hash),
    column("block_number", NUMBER, FeedValue.block_number),
    key=column("place", NUMBER, _PLACE, nullable=False),
    key_is_shown=False,
    usual="-block_number",
    besides=("subject",),
)
