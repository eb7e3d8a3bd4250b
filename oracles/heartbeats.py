"""Which of the feeds that this node serves are overdue: their policy's heartbeat has passed since their last value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, delete, func, select

from chain_node.client import FeedKind
from oracles.chain import FeedKey, Head
from oracles.judging import Judge
from oracles.metrics import Metrics
from oracles.store.database import Database
from oracles.store.models import OverdueFeedRow, ReadingRow, ReadingStatus

log = structlog.get_logger("oracles")

OFFERED = (ReadingStatus.SIGNED, ReadingStatus.PUBLISHED, ReadingStatus.COUNTED, ReadingStatus.MISSED)


@dataclass
class Heartbeats:
    """A feed is served while this node's last reading of it could still be relied on: after that its source has ended,
    as when goods have arrived, and nobody waits for it."""

    database: Database
    judge: Judge
    metrics: Metrics
    _looked_at: int = -1

    def run(self, head: Head) -> None:
        """Once a block; a line where a feed becomes overdue or is no longer, and the present ones for `status`."""
        if head.number == self._looked_at:
            return
        self._looked_at = head.number
        with self.database.session() as session:
            before = {_key(row): row.due_at for row in session.exec(select(OverdueFeedRow)).all()}
            newest = _newest_readings(session)
        overdue = self._overdue(newest, head)
        self.metrics.overdue.set(len(overdue))
        if overdue == before:
            return
        with self.database.session() as session:
            session.exec(delete(OverdueFeedRow))
            session.add_all(_row(key, due_at) for key, due_at in overdue.items())
        for key in overdue.keys() - before.keys():
            log.warning(
                "feed overdue", feed=str(key), subject=key.subject.hex(), due_at=overdue[key], block=head.number
            )
        for key in before.keys() - overdue.keys():
            log.info("feed no longer overdue", feed=str(key), subject=key.subject.hex(), block=head.number)

    def _overdue(self, newest: Mapping[FeedKey, int], head: Head) -> dict[FeedKey, int]:
        """When each of them was due."""
        overdue = {}
        for key, observed_at in newest.items():
            if observed_at + self.judge.feed_rules(key, head).stale_after_seconds < head.timestamp:
                continue
            standing = self.judge.reading_standing(key, head)
            if standing.is_due:
                overdue[key] = standing.due_at
        return overdue


def _newest_readings(session: Session) -> dict[FeedKey, int]:
    """Of each feed that this node has signed for, the moment of its last reading, Unix seconds."""
    names = (ReadingRow.kind, ReadingRow.policy_id, ReadingRow.subject)
    offered = select(*names, func.max(ReadingRow.observed_at)).where(col(ReadingRow.status).in_(OFFERED))
    rows = session.exec(offered.group_by(*map(col, names))).all()
    return {
        FeedKey(FeedKind(kind), bytes.fromhex(policy_id), bytes.fromhex(subject) if subject else bytes(32)): observed_at
        for kind, policy_id, subject, observed_at in rows
    }


def _key(row: OverdueFeedRow) -> FeedKey:
    return FeedKey(FeedKind(row.kind), bytes.fromhex(row.policy_id), bytes.fromhex(row.subject))


def _row(key: FeedKey, due_at: int) -> OverdueFeedRow:
    return OverdueFeedRow(kind=int(key.kind), policy_id=key.policy_id.hex(), subject=key.subject.hex(), due_at=due_at)
