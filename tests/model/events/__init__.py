"""What each event of the contracts means for the books. Importing this makes every reader known."""

from model.events import (
    collateral,
    facilities,
    financings,
    fx,
    goods,
    insurance,
    invoices,
    losses,
    lots,
    orders,
    participants,
    pools,
    readings,
    shares,
    syndicates,
)

__all__ = [
    "collateral",
    "facilities",
    "financings",
    "fx",
    "goods",
    "insurance",
    "invoices",
    "losses",
    "lots",
    "orders",
    "participants",
    "pools",
    "readings",
    "shares",
    "syndicates",
]
