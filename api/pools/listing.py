"""By what the lists of pools and of positions in them may be filtered and sorted."""

from api.lists import COUNT, CURRENCY, LEI, NUMBER, TEXT, TIMESTAMP, UNITS, Column, Listing, seen, words
from api.pools.schemas import PositionView, TrancheName


def _amount(name: str) -> Column:
    return seen(name, UNITS, lambda view: getattr(view, name).units, f"of this {name.replace('_', ' ')}, minor units")


POOLS = Listing(
    *(_amount(name) for name in ("cash", "lendable", "principal_out", "gross", "net", "impairment", "lost")),
    seen("senior_rate_bps", COUNT),
    seen("closable_at", TIMESTAMP),
    key=seen("currency", CURRENCY),
    oldest_first=True,
)


def _place(position: PositionView) -> str:
    return f"{position.account} {position.tranche}"


POSITIONS = Listing(
    seen("lei", LEI),
    seen("account", TEXT),
    seen("tranche", words(TrancheName)),
    seen("shares", NUMBER, lambda position: int(position.shares)),
    *(_amount(name) for name in ("value", "deposited", "withdrawn", "claimable")),
    key=seen("place", TEXT, _place),
    key_is_shown=False,
    oldest_first=True,
)
