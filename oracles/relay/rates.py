"""How much one party may ask for: so many in the long run, some more at once."""

from __future__ import annotations

from typing import Final

MOST_KNOWN: Final = 4096
"""Parties that are remembered; beyond it those who have not asked for longest start afresh."""


class Rate:
    """`at_once` is what may be used up before `per_second` counts. Times are seconds of one steady clock."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second, self._at_once = per_second, at_once
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, who: str, amount: float, now: float) -> bool:
        """Whether so much is left for them, and takes it away."""
        left, since = self._left.pop(who, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._per_second)
        allowed = amount <= left
        # Put at the end: the first is always who has not asked for longest.
        self._left[who] = (left - amount if allowed else left, now)
        if len(self._left) > MOST_KNOWN:
            del self._left[next(iter(self._left))]
        return allowed
