"""The moments between two steps of the transaction manager and of the indexer, so that a test can kill the process in
each of them. A step that ends in `ING` is one whose database transaction is still open."""

import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Point(StrEnum):
    INTENT_TRYING = "intent-trying"
    INTENT_STORING = "intent-storing"
    INTENT_STORED = "intent-stored"
    LANE_TAKEN = "lane-taken"
    LANE_COUNTED = "lane-counted"
    LANE_OPENING = "lane-opening"
    NONCES_GIVING = "nonces-giving"
    NONCES_GIVEN = "nonces-given"
    BROADCAST = "broadcast"
    SENT_RECORDING = "sent-recording"
    SENT_RECORDED = "sent-recorded"
    REFUSAL_RECORDING = "refusal-recording"
    REFUSAL_RECORDED = "refusal-recorded"
    LOST_FOUND = "lost-found"
    LOST_TAKING_BACK = "lost-taking-back"
    LOST_TAKEN_BACK = "lost-taken-back"
    GAP_FILLING = "gap-filling"
    GAP_FILLED = "gap-filled"
    STUCK_REPLACING = "stuck-replacing"
    STUCK_REPLACED = "stuck-replaced"
    READING_TAKEN = "reading-taken"
    STRETCH_READ = "stretch-read"
    CURSOR_MOVING = "cursor-moving"
    BLOCK_HANDLING = "block-handling"
    RECEIPTS_RECORDING = "receipts-recording"
    STRETCH_STORING = "stretch-storing"
    STRETCH_STORED = "stretch-stored"
    BRANCH_FOUND = "branch-found"
    BLOCKS_TAKING_BACK = "blocks-taking-back"
    BLOCKS_TAKEN_BACK = "blocks-taken-back"


Checkpoint = Callable[[Point], None]


def go_on(_: Point) -> None:
    """What a gateway does at a checkpoint in real life."""


@dataclass(frozen=True)
class Death:
    """Where, and at which passage of that point, a process dies; `point:passage`, or `point` for the first."""

    point: Point
    passage: int = 1

    @classmethod
    def parse(cls, words: str) -> "Death":
        """Raises ValueError."""
        point, _, passage = words.partition(":")
        return cls(Point(point), int(passage or 1))


def die_at(death: Death) -> Checkpoint:
    """A checkpoint that kills this process there, as `kill -9` would. Several threads may pass it."""
    left = itertools.count(death.passage - 1, -1)

    def checkpoint(reached: Point) -> None:
        if reached is death.point and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint
