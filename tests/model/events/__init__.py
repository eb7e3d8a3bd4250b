"""What each event of the contracts means for the books. Importing this makes every reader known."""

from model.events import (
    collateral,
    facilities,
    financings,
    fx,
    insurance,
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
    "fx",
    "insurance",
    "invoices",
    "losses",
    "orders",
    "participants",
    "pools",
    "shares",
    "syndicates",
]
