"""How long a node has been behind, in seconds: by when each height was first seen of any node that is trusted."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

_MOST: Final = 4_096
"""Heights that are remembered; a node further behind is told to be behind as long as the oldest of them."""


class Heights:
    """Times are the watch's, in seconds."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._seen_at: list[float] = []

    def note(self, furthest: int | None, now: float) -> None:
        """What the furthest node has at this look. Heights beyond it were of a node that is trusted no more."""
        if furthest is None:
            return
        kept = bisect_right(self._heights, furthest)
        del self._heights[kept:], self._seen_at[kept:]
        if not self._heights or furthest > self._heights[-1]:
            self._heights.append(furthest)
            self._seen_at.append(now)
        del self._heights[:-_MOST], self._seen_at[:-_MOST]

    def lag_seconds(self, head: int, now: float) -> float:
        """Since a block was first seen that comes after `head`; 0 where there is none."""
        place = bisect_right(self._heights, head)
        return max(0.0, now - self._seen_at[place]) if place < len(self._heights) else 0.0
