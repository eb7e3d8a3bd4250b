"""One of several nodes: what is known of it, and how it stands."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0


class Standing(StrEnum):
    """How a node stands, in words of `status` and of figures."""

    IN_USE = "in use"
    HEALTHY = "healthy"
    BEHIND = "behind"
    AHEAD = "ahead"
    AWAY = "away"
    QUARANTINED = "quarantined"
    NOT_SEEN = "not seen yet"


@dataclass(frozen=True)
class EndpointStatus:
    """`lag_blocks`, `lag_seconds`: behind what most of the nodes that are trusted have reached. `failures` since this
    process began. `reason`: why it is not used, as a sentence without a full stop; empty where it is, or could be."""

    name: str
    standing: Standing
    block: int | None
    lag_blocks: int | None
    failures: int
    reason: str
    lag_seconds: float | None = None


@dataclass
class Endpoint:
    """Changed under its watch's lock only. Times are those of the watch's clock, in seconds.

    `is_verified`: it is of this network, by chain id and contracts. `healthy_since` is None while it may not be read
    from. `agrees_since`: since when one in quarantine tells nothing wrong any more.
    """

    place: int
    name: str
    is_verified: bool = False
    answers: bool = False
    head: int | None = None
    quarantine: str = ""
    forked_at: int | None = None
    agrees_since: float | None = None
    healthy_since: float | None = None
    failures: int = 0
    in_a_row: int = 0
    resume_at: float = 0.0
    why: str = ""
    hashes: dict[int, bytes] = field(default_factory=dict)
    """Blocks that it told at the last look."""

    @property
    def is_of_other_network(self) -> bool:
        return bool(self.quarantine) and not self.forked_at

    @property
    def is_trusted(self) -> bool:
        return self.answers and self.is_verified and not self.quarantine and self.head is not None

    def failed(self, why: str, now: float) -> None:
        """It did not answer, or not as the protocol has it: it is asked again after a pause that doubles."""
        pause = min(FIRST_PAUSE_SECONDS * 2**self.in_a_row, LONGEST_PAUSE_SECONDS)
        pause *= 1 + random.random() / 4  # noqa: S311  # nosec B311 # spreads attempts, guards nothing
        self.failures, self.in_a_row = self.failures + 1, self.in_a_row + 1
        self.answers, self.healthy_since, self.agrees_since = False, None, None
        self.resume_at, self.why = now + pause, why

    def answered(self, head: int) -> None:
        self.answers, self.head, self.in_a_row, self.why = True, head, 0, ""

    def set_apart(self, why: str, forked_at: int | None = None) -> None:
        self.quarantine, self.forked_at = why, forked_at
        self.healthy_since = self.agrees_since = None


def is_healthy(endpoint: Endpoint, furthest: int | None, lag_blocks: int) -> bool:
    """Whether it is trusted, and not too far from what most of those that are have reached, to either side."""
    if not endpoint.is_trusted or endpoint.head is None or furthest is None:
        return False
    return abs(furthest - endpoint.head) <= lag_blocks


def heights_of(endpoints: Collection[Endpoint], depth: int) -> set[int]:
    """Where their newest final blocks are, and the blocks for which they are in quarantine."""
    heads = {its.head - depth for its in endpoints if its.answers and its.head is not None and its.is_verified}
    return heads | {its.forked_at for its in endpoints if its.quarantine and its.forked_at is not None}


def status_of(
    endpoint: Endpoint, *, in_use: bool, furthest: int | None, floor: int, lag_blocks: int, lag_seconds: float | None
) -> EndpointStatus:
    """`floor`: the newest block that was read of."""
    head = endpoint.head
    lag = None if head is None or furthest is None else max(0, furthest - head)
    standing, reason = Standing.HEALTHY, ""
    if endpoint.quarantine:
        standing, reason = Standing.QUARANTINED, endpoint.quarantine
    elif endpoint.why:
        standing, reason = Standing.AWAY, endpoint.why
    elif not endpoint.answers:
        standing = Standing.NOT_SEEN
    elif in_use:
        standing = Standing.IN_USE
    elif head is not None and furthest is not None and head - furthest > lag_blocks:
        standing, reason = Standing.AHEAD, f"it claims to be {head - furthest} blocks ahead, which the others lack"
    elif not is_healthy(endpoint, furthest, lag_blocks):
        standing, reason = Standing.BEHIND, f"it is {lag} blocks behind"
    elif (head or 0) < floor:
        standing, reason = Standing.BEHIND, f"its newest block is {head}; {floor} was read already"
    return EndpointStatus(endpoint.name, standing, head, lag, endpoint.failures, reason, lag_seconds)
