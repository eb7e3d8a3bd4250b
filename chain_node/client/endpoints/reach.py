"""How far the network has come, as several nodes tell it. Pure: no node is asked here.

A height counts once more than half of those that answer have reached it: one that claims more is outvoted. Of two, the
lower one counts while the other leads by too much, unless it stands still for a while and the other goes on. What
lacks blocks that were read already is catching up, and has no vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chain_node.client.endpoints.endpoint import Endpoint
from chain_node.client.endpoints.rules import EndpointRules

PATIENCE_LOOKS: Final = 120
"""Looks at which most must lack what few had told and was read, until that binds nobody any more."""
_MOST_WAITED: Final = 5
"""Times so many looks: who catches up within that, as fast as it has lately, is waited for."""


class Reach:
    """Changed under its watch's locks only. Times are the watch's, in seconds. `voters`: how many nodes there are."""

    def __init__(self, voters: int, rules: EndpointRules) -> None:
        self.floor = 0
        """The newest block that anybody has read of: what lacks it would take its readers back in time."""
        self.ceiling = 0
        """The newest block that may be read of: beyond it a node claims what the others do not bear out."""
        self._voters, self._rules = voters, rules
        self._agreed = 0
        """The newest block that more than half of all nodes have had, or that was recorded before the start."""
        self._grown: dict[int, tuple[int, float]] = {}
        """Of each node its block at the last look, and since when it has that."""
        self._now = 0.0
        self._lacked: tuple[int, int] | None = None
        """For how many looks most have lacked the floor, and what they had at the first of them."""

    def begin(self, recorded: int) -> None:
        self.floor = self._agreed = self.ceiling = recorded

    def saw(self, number: int) -> None:
        """Somebody has read of this block; beyond the ceiling that binds nobody."""
        self.floor = max(self.floor, min(number, self.ceiling))

    def furthest(self, endpoints: Sequence[Endpoint]) -> int | None:
        """The greatest height that counts; None where nobody is trusted."""
        trusted = [(its.head, its.place) for its in endpoints if its.is_trusted and its.head is not None]
        voting = [its for its in trusted if its[0] >= self.floor - self._rules.lag_blocks] or trusted
        if not voting:
            return None
        voting.sort(reverse=True)
        if len(voting) == 2:
            (most, leader), (least, follower) = voting
            near = most - least <= self._rules.lag_blocks
            return most if near or self._stands_still(follower, leader) else least
        return voting[len(voting) // 2][0]

    def note(self, endpoints: Sequence[Endpoint], now: float) -> int | None:
        """After a look: what counts now. May lower the floor."""
        for its in endpoints:
            if its.is_trusted and its.head is not None:
                head, since = self._grown.get(its.place, (-1, now))
                self._grown[its.place] = its.head, now if its.head > head else since
        self._now = now
        heads = sorted((its.head for its in endpoints if its.is_trusted and its.head is not None), reverse=True)
        if 2 * len(heads) > self._voters:
            self._agreed = max(self._agreed, heads[self._voters // 2])
        self._give_up(heads)
        furthest = self.furthest(endpoints)
        if furthest is not None:
            self.ceiling = max(furthest + self._rules.lag_blocks, self.floor)
        return furthest

    def _stands_still(self, follower: int, leader: int) -> bool:
        """Whether the one that is lower is stuck while the other goes on."""
        if follower not in self._grown or leader not in self._grown:
            return False
        since, other = self._grown[follower][1], self._grown[leader][1]
        return other > since and self._now - since >= self._rules.steady_seconds

    def _give_up(self, heads: Sequence[int]) -> None:
        """What was read of few, while the others were silent, is given up once most answer, lack it for long, and are
        not about to reach it: it was a claim, or its network is gone."""
        lacking = [head for head in heads if head < self.floor]
        if self.floor <= self._agreed or 2 * len(lacking) <= len(heads):
            self._lacked = None
            return
        have = heads[len(heads) // 2]
        looks, had = self._lacked or (0, have)
        self._lacked = looks + 1, had
        if looks + 1 < PATIENCE_LOOKS:
            return
        self._lacked = None
        if (have - had) * _MOST_WAITED < self.floor - have:
            self.floor = max(self._agreed, have)
