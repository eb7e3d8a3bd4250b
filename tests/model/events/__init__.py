"""What each event of the contracts means for the books. Importing this makes every reader known."""

from model.events import (
    collateral,
    facilities,
    financings,
    invoices,
    losses,
    orders,
    participants,
    pools,
    shares,
    syndicates,
)

__all__ = [
    "collateral",
    "facilities",
    "financings",
    "invoices",
    "losses",
    "orders",
    "participants",
    "pools",
    "shares",
    "syndicates",
]
