"""What each engine says in its own way, one module an engine: how its pool of waiting transactions refuses, how it says
that it lacks a block, and what else is to be known of it. A node's engine need not be known to read its refusals: where
two engines use one phrase they mean the same by it."""

from __future__ import annotations

import re
from typing import Final

from chain_node.client.dialects import anvil, besu, geth, kaia
from chain_node.client.dialects.dialect import Dialect
from chain_node.errors import (
    AlreadyKnown,
    FundsMissing,
    GasTooLittle,
    GasTooMuch,
    NonceTooHigh,
    NonceTooLow,
    PoolFull,
    TransactionRefused,
    UnderpricedReplacement,
)

__all__ = ["DIALECTS", "Dialect", "is_block_missing", "pool_refusal"]

DIALECTS: Final = (geth.DIALECT, besu.DIALECT, anvil.DIALECT, kaia.DIALECT)

_ORDER: Final[tuple[type[TransactionRefused], ...]] = (
    NonceTooLow,
    AlreadyKnown,
    UnderpricedReplacement,
    NonceTooHigh,
    GasTooLittle,
    GasTooMuch,
    FundsMissing,
    PoolFull,
)
"""The first that fits counts: a sentence on a replacement may speak of the transaction that it would replace."""


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(dict.fromkeys(patterns)), re.IGNORECASE)


_REFUSALS: Final = tuple(
    (kind, _any_of([pattern for dialect in DIALECTS for pattern in dialect.refusals.get(kind, ())])) for kind in _ORDER
)
_MISSING: Final = _any_of([pattern for dialect in DIALECTS for pattern in dialect.block_missing])


def pool_refusal(message: str) -> TransactionRefused:
    """Why a pool did not take a transaction; the bare class where no engine's words fit."""
    return next((kind(message) for kind, pattern in _REFUSALS if pattern.search(message)), TransactionRefused(message))


def is_block_missing(message: str) -> bool:
    """Whether a node says that it lacks a block, or its state, that it was asked about."""
    return _MISSING.search(message) is not None
