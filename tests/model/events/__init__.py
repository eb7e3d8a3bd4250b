"""What each event of the contracts means for the books. Importing this makes every reader known."""

from model.events import (
    collateral,
    facilities,
    financings,
    goods,
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
    "goods",
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
