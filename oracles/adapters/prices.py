"""Price lists as values for feeds."""

from __future__ import annotations

from chain_node.client import FeedKind
from oracles.canonical import Measured
from standards.prices import Quote, parse_price_list


def read(data: bytes, limit_bytes: int) -> list[Measured]:
    """Raises StandardsError."""
    return [_measured(quote) for quote in parse_price_list(data, limit_bytes)]


def _measured(its: Quote) -> Measured:
    kind = FeedKind.FX if its.is_rate else FeedKind.PRICE
    return Measured(kind, its.value, its.observed_at, its.name, its.base, its.quote)
