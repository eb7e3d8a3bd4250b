"""Which blocks the network has, as several nodes tell it, and which of them tell something else. Pure: no node is asked
here.

A block of a height is firm once more than half of all nodes have told the same; before that it is what the node says
that we read from. Firm blocks do not change: whoever tells another is not to be trusted, be it all of them. Where
nothing is firm, most of at least three outvote the others; of two, the one that tells something else than what we have
recorded, or have read so far, is the one that is not trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

KEPT_BLOCKS: Final = 1024


@dataclass(frozen=True)
class Dispute:
    """A node says that the block of a height is another one. `expected` is None where nobody knows which is right."""

    height: int
    said: bytes
    expected: bytes | None

    def __str__(self) -> str:
        if self.expected is None:
            return f"its block {self.height} is 0x{self.said.hex()}; others tell another, and none is known to be right"
        return f"its block {self.height} is 0x{self.said.hex()}, not 0x{self.expected.hex()}"


@dataclass
class Record:
    """Final blocks by height. `voters`: how many nodes there are in all."""

    voters: int
    told: dict[int, bytes] = field(default_factory=dict)
    firm: set[int] = field(default_factory=set)

    def remember(self, blocks: Mapping[int, bytes]) -> None:
        """What was recorded before this process began; firm, since it has been acted on."""
        self.told.update(blocks)
        self.firm.update(blocks)
        self._forget()

    @property
    def newest(self) -> int | None:
        return max(self.told, default=None)

    def contradiction(self, hashes: Mapping[int, bytes]) -> Dispute | None:
        """The first recorded block that a node tells otherwise."""
        for height in sorted(hashes.keys() & self.told.keys()):
            if hashes[height] != self.told[height]:
                return Dispute(height, hashes[height], self.told[height])
        return None

    def disputes(self, told: Mapping[str, Mapping[int, bytes]], read_from: str | None) -> dict[str, Dispute]:
        """Of what trusted nodes tell: who is not to be trusted any more. What is not disputed is recorded."""
        found: dict[str, Dispute] = {}
        for height in sorted({height for hashes in told.values() for height in hashes}):
            votes = {name: hashes[height] for name, hashes in told.items() if height in hashes and name not in found}
            expected = self._expected(height, votes, read_from)
            wrong = {name for name, said in votes.items() if said != expected}
            found |= {name: Dispute(height, votes[name], expected) for name in wrong}
            if expected is not None:
                self._record(height, expected, {name for name, said in votes.items() if said == expected}, read_from)
        self._forget()
        return found

    def forget_above(self, height: int) -> None:
        """Blocks that few had told, and that nobody has borne out; firm ones stay."""
        for later in [its for its in self.told if its > height and its not in self.firm]:
            del self.told[later]

    def _expected(self, height: int, votes: Mapping[str, bytes], read_from: str | None) -> bytes | None:
        """The block that it must be; None where the votes differ and nothing tells which is right."""
        if height in self.firm:
            return self.told[height]
        if not votes:
            return None
        said, count = Counter(votes.values()).most_common(1)[0]
        if self.voters >= 3 and (2 * count > self.voters or (len(votes) >= 3 and 2 * count > len(votes))):
            return said
        if height in self.told:
            return self.told[height]
        if read_from is not None and read_from in votes:
            return votes[read_from]
        return said if count == len(votes) else None

    def _record(self, height: int, block: bytes, tellers: Collection[str], read_from: str | None) -> None:
        """Not what a single node tells that nobody reads from: it may be the one that is wrong."""
        if 2 * len(tellers) > self.voters:
            self.told[height] = block
            self.firm.add(height)
        elif read_from in tellers:
            self.told[height] = block

    def _forget(self) -> None:
        """The oldest, but never the first block."""
        for height in _oldest(self.told, len(self.told) - KEPT_BLOCKS):
            del self.told[height]
            self.firm.discard(height)


def _oldest(heights: Iterable[int], count: int) -> list[int]:
    return sorted(height for height in heights if height != 0)[: max(count, 0)]
