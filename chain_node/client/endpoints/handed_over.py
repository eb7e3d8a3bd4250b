"""Which signed transactions were handed to a node before."""

from __future__ import annotations

from typing import Final

_MOST: Final = 20_000
"""Transactions that are remembered."""


class HandedOver:
    """Changed under its watch's lock only."""

    def __init__(self) -> None:
        self._keys: dict[int, None] = {}

    def knew(self, raw: str) -> bool:
        """Whether these bytes are remembered; from now on they are."""
        key = hash(raw)
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > _MOST:
            del self._keys[next(iter(self._keys))]
        return False
