"""The moments between two durable steps, so that a test can kill the process in each of them."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Point(StrEnum):
    ROWS_SET_ASIDE = "rows-set-aside"
    DOCUMENT_STORING = "document-storing"
    DOCUMENT_STORED = "document-stored"
    DOCUMENT_MOVED = "document-moved"
    DOCUMENT_FILED = "document-filed"
    OBSERVATION_DECIDING = "observation-deciding"
    OBSERVATION_DECIDED = "observation-decided"
    VOTE_BOUND = "vote-bound"
    """The protection store has it; there is no signature yet."""
    VOTE_SIGNING = "vote-signing"
    VOTE_SIGNED = "vote-signed"
    READING_BOUND = "reading-bound"
    READING_SIGNING = "reading-signing"
    READING_SIGNED = "reading-signed"
    READING_PUBLISHED = "reading-published"
    READING_RECALLED = "reading-recalled"
    REPORT_GATHERING = "report-gathering"
    REPORT_GATHERED = "report-gathered"
    RETRACTION_LAYING = "retraction-laying"
    RETRACTION_LAID = "retraction-laid"
    TRANSACTION_PREPARING = "transaction-preparing"
    TRANSACTION_PREPARED = "transaction-prepared"
    TRANSACTION_BROADCAST = "transaction-broadcast"
    TRANSACTION_SENT = "transaction-sent"
    OUTCOME_READ = "outcome-read"
    OUTCOME_RECORDING = "outcome-recording"
    OUTCOME_RECORDED = "outcome-recorded"
    CAPTURE_STORING = "capture-storing"
    CAPTURE_STORED = "capture-stored"
    CAPTURE_TAKING = "capture-taking"
    CAPTURE_TAKEN = "capture-taken"
    CAPTURE_KEPT = "capture-kept"
    CAPTURE_FILED = "capture-filed"
    DROP_WRITTEN = "drop-written"
    DROP_PLACED = "drop-placed"
    POLL_ANSWERED = "poll-answered"
    POLL_KEPT = "poll-kept"
    FOLDER_COPIED = "folder-copied"
    FOLDER_REMEMBERED = "folder-remembered"
    BLOCKS_TAKEN_BACK = "blocks-taken-back"
    LIST_OFFERED = "list-offered"
    LIST_BOUND = "list-bound"
    LIST_SIGNING = "list-signing"
    LIST_SIGNED = "list-signed"
    LIST_ANSWERED = "list-answered"
    LIST_SETTLING = "list-settling"
    LIST_SETTLED = "list-settled"
    LIST_TAKING_BACK = "list-taking-back"
    LIST_TAKEN_BACK = "list-taken-back"
    BUNDLE_STORING = "bundle-storing"
    BUNDLE_STORED = "bundle-stored"
    MQTT_STORING = "mqtt-storing"
    MQTT_STORED = "mqtt-stored"
    MQTT_ACKNOWLEDGED = "mqtt-acknowledged"
    MQTT_CLOSING = "mqtt-closing"
    MQTT_CLOSED = "mqtt-closed"
    MQTT_HANDED = "mqtt-handed"


READING_POINTS = frozenset(
    {
        Point.READING_BOUND,
        Point.READING_SIGNING,
        Point.READING_SIGNED,
        Point.READING_PUBLISHED,
        Point.REPORT_GATHERING,
        Point.REPORT_GATHERED,
    }
)
"""Those that only values of feeds pass."""

CAPTURE_POINTS = frozenset(point for point in Point if point.name.startswith("CAPTURE_"))
"""Those that only documents pass which come in over HTTP."""

DROP_POINTS = frozenset({Point.DROP_WRITTEN, Point.DROP_PLACED})
"""Those that only documents pass which a source other than a file lays into the inbox."""

POLL_POINTS = frozenset({Point.POLL_ANSWERED, Point.POLL_KEPT})
"""Those that only pages pass for which a carrier was asked."""
LIST_POINTS = frozenset(point for point in Point if point.name.startswith("LIST_"))
"""Those that only a node passes which uses a relay; the last two where the relay lets it down."""

BUNDLE_POINTS = frozenset({Point.BUNDLE_STORING, Point.BUNDLE_STORED})
"""Those that only a relay passes."""

RETRACTION_POINTS = frozenset({Point.RETRACTION_LAYING, Point.RETRACTION_LAID, Point.READING_RECALLED})
"""Those that only what is corrected passes: votes that are taken back, readings that leave the exchange."""

FOLDER_POINTS = frozenset({Point.FOLDER_COPIED, Point.FOLDER_REMEMBERED})
"""Those that only files of partners' folders pass."""

TABLE_POINTS = frozenset({Point.ROWS_SET_ASIDE})
"""Those that only CSV files pass."""

MQTT_POINTS = frozenset(point for point in Point if point.name.startswith("MQTT_"))
"""Those that only readings pass which a broker brings."""

_OTHER_WAYS = frozenset().union(
    READING_POINTS,
    CAPTURE_POINTS,
    DROP_POINTS,
    POLL_POINTS,
    FOLDER_POINTS,
    RETRACTION_POINTS,
    TABLE_POINTS,
    MQTT_POINTS,
    LIST_POINTS,
    BUNDLE_POINTS,
)

VOTE_POINTS = frozenset(Point) - _OTHER_WAYS
"""Those that every file of the inbox passes on the way of its vote."""

Checkpoint = Callable[[Point], None]


def go_on(_: Point) -> None:
    """What a node does at a checkpoint in real life."""


@dataclass(frozen=True)
class Death:
    """Where, and at which passage of that point, a process dies; `point:passage` or `point` for the first."""

    point: Point
    passage: int = 1

    @classmethod
    def parse(cls, text: str) -> Death:
        """Raises ValueError."""
        point, _, passage = text.partition(":")
        return cls(Point(point), int(passage or 1))


def die_at(death: Death) -> Checkpoint:
    """A checkpoint that kills this process there, as `kill -9` would. Several threads may pass it."""
    left = itertools.count(death.passage - 1, -1)

    def checkpoint(reached: Point) -> None:
        if reached is death.point and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint
