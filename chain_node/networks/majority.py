"""What most of the asked nodes say. One node alone must not have the others blamed, and of two that differ none is
known to be right. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from typing import Final, TypeVar

LAG_BLOCKS: Final = 5
"""Nodes are asked one after the other while blocks come: so many apart they may be."""
ASK_MORE: Final = (
    "ask further members' nodes too (--rpc NODE=URL): most of them say which is right; until then stop none, and keep"
    " every database for the inquiry"
)
KEEP: Final = "keep its database for the inquiry"
T = TypeVar("T", bound=Hashable)


def strict_majority(told: Collection[T]) -> T | None:
    """What more than half of them say; None where nothing is."""
    most = Counter(told).most_common(1)
    return most[0][0] if most and 2 * most[0][1] > len(told) else None


def reached(heights: Iterable[int]) -> int:
    """The height that more than half of the nodes have reached; 0 of none."""
    ordered = sorted(heights, reverse=True)
    return ordered[len(ordered) // 2] if ordered else 0


def half_beyond(heights: Collection[int]) -> bool:
    """Whether as many nodes are far beyond the height that most have reached as not: nobody can say then whether these
    are behind or those claim too much."""
    limit = reached(heights) + LAG_BLOCKS
    return 0 < len(heights) <= 2 * sum(height > limit for height in heights)
