"""By what the votes and facts of a consignment may be filtered and sorted."""

from api.lists import COUNT, NUMBER, TEXT, TIMESTAMP, Listing, seen, words
from api.milestones.models import FactStatus
from api.milestones.schemas import FactView
from chain_node.client import Milestone

_PLACES = {milestone.name: milestone.value for milestone in Milestone}


def _place(fact: FactView) -> int:
    """Where it stands in the journey; sequences have 32 bits."""
    number = _PLACES.get(fact.milestone)
    return (int(fact.milestone) if number is None else number) * 10**10 + fact.sequence


FACTS = Listing(
    seen("milestone", TEXT),
    seen("sequence", COUNT),
    seen("status", words(FactStatus)),
    seen("count", COUNT),
    seen("quantity_thousandths", NUMBER, lambda fact: int(fact.quantity_thousandths)),
    seen("occurred_at", TIMESTAMP),
    seen("final_at", TIMESTAMP),
    seen("usable_from", TIMESTAMP),
    key=seen("place", NUMBER, _place),
    key_is_shown=False,
    oldest_first=True,
    besides=("subject", "receivable_id", "order_id", "receipt_id"),
)
