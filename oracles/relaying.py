"""Gathers the readings in the exchange into reports and lays them into the outbox. Anyone may: readings are signed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlmodel import Session, select

from chain_node.client import Reading, Report
from chain_node.errors import ContractReverted
from oracles.chain import FeedKey, Head, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.exchange import Exchange, SignedReading
from oracles.judging import Judge
from oracles.rules.readings import Offer, ReadingStanding, chosen, current, late_choices
from oracles.store.database import Database
from oracles.store.models import ReportRow, ReportStatus, SubmissionRow, SubmissionStatus

log = structlog.get_logger("oracles")


@dataclass
class Relaying:
    """One report a feed at a time. `gather_seconds`: how long more readings may join those that are enough; a feed
    whose heartbeat is due does not wait for them."""

    database: Database
    chain: NodeChain
    judge: Judge
    exchange: Exchange
    account: str
    gather_seconds: float
    checkpoint: Checkpoint
    clock: Callable[[], float] = time.monotonic
    _enough_since: dict[bytes, float] = field(default_factory=dict)
    _refused: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Of each feed the signatures that would not hold as a report, so that the same are not tried again and again."""
    _refused_late: dict[bytes, set[frozenset[bytes]]] = field(default_factory=dict)

    def run(self, head: Head) -> int:
        """Number of feeds for which readings are being gathered or were."""
        by_feed: dict[FeedKey, list[SignedReading]] = {}
        for its in self.exchange.readings():
            if (its.chain_id, its.feed_oracle) == (self.chain.chain_id, self.chain.feed_oracle_address):
                by_feed.setdefault(its.key, []).append(its)
        return sum(self._relay(key, readings, head) for key, readings in by_feed.items())

    def _relay(self, key: FeedKey, readings: Sequence[SignedReading], head: Head) -> bool:
        if self._is_under_way(key):
            return False
        standing = self.judge.reading_standing(key, head)
        present = [its for its in readings if (its.round, its.version) == (standing.round, standing.rules.version)]
        if len(present) < standing.rules.threshold or not standing.rules.version:
            self._enough_since.pop(key.feed, None)
            return False
        offers = [self._offer(number, its, head) for number, its in enumerate(present)]
        # The past first: it leaves the round to the readings for the next value, which would take the round from it.
        return self._look_back(key, present, offers, standing) or self._go_on(key, present, offers, standing)

    def _look_back(
        self, key: FeedKey, present: Sequence[SignedReading], offers: Sequence[Offer], standing: ReadingStanding
    ) -> bool:
        """Reports late readings of a condition, each once."""
        done = self._reported(key, standing.round)
        left = [offer for offer in offers if present[offer.number].signature not in done]
        refused = self._refused_late.setdefault(key.feed, set())
        for choice in late_choices(left, standing):
            taken = [present[offer.number] for offer in choice]
            signatures = frozenset(its.signature for its in taken)
            if signatures in refused:
                continue
            if self._holds(report_of(key, standing.round, taken)):
                return self._store(key, taken, standing)
            refused.add(signatures)
            values = {its.signer: its.value for its in taken}
            log.warning("late readings do not make a report", feed=str(key), round=standing.round, values=values)
        if not any(standing.is_late(offer.observed_at) for offer in offers):
            refused.clear()
        return False

    def _go_on(
        self, key: FeedKey, present: Sequence[SignedReading], offers: Sequence[Offer], standing: ReadingStanding
    ) -> bool:
        taken = [present[offer.number] for offer in chosen(current(offers, standing), standing)]
        if not taken:
            self._enough_since.pop(key.feed, None)
            return False
        since = self._enough_since.setdefault(key.feed, self.clock())
        may_wait = len(taken) < standing.rules.organisations and not standing.is_due
        if may_wait and self.clock() - since < self.gather_seconds:
            return True
        return self._send(key, taken, standing)

    def _offer(self, number: int, its: SignedReading, head: Head) -> Offer:
        membership = self.chain.membership(its.signer, "", head.number)
        return Offer(number, membership, its.value, its.observed_at)

    def _send(self, key: FeedKey, taken: Sequence[SignedReading], standing: ReadingStanding) -> bool:
        signatures = frozenset(its.signature for its in taken)
        if self._refused.get(key.feed) == signatures:
            return False
        if not self._holds(report_of(key, standing.round, taken)):
            self._refused[key.feed] = signatures
            values = {its.signer: its.value for its in taken}
            log.warning("readings do not make a report", feed=str(key), round=standing.round, values=values)
            return False
        self._enough_since.pop(key.feed, None)
        return self._store(key, taken, standing)

    def _store(self, key: FeedKey, taken: Sequence[SignedReading], standing: ReadingStanding) -> bool:
        with self.database.session() as session:
            submission = _submission(self.chain.chain_id, self.account)
            session.add(submission)
            session.flush()
            assert submission.id is not None
            session.add(_report_row(submission.id, key, standing.round, taken))
            session.flush()
            self.checkpoint(Point.REPORT_GATHERING)
        place = {"feed": str(key), "subject": key.subject.hex(), "round": standing.round}
        log.info("report gathered", **place, readings=len(taken), submission=submission.id)
        self.checkpoint(Point.REPORT_GATHERED)
        return True

    def _holds(self, report: Report) -> bool:
        try:
            return self.chain.would_hold(report, self.account)
        except ContractReverted:
            return False

    def _reported(self, key: FeedKey, round: int) -> frozenset[bytes]:
        """Signatures that this relay has reported in the round, as only those of the past can have been."""
        with self.database.session() as session:
            statement = select(ReportRow).where(
                ReportRow.policy_id == key.policy_id.hex(),
                ReportRow.subject == key.subject.hex(),
                ReportRow.round == round,
                ReportRow.status == ReportStatus.REPORTED,
            )
            rows = session.exec(statement).all()
        return frozenset(bytes.fromhex(its["signature"]) for row in rows for its in json.loads(row.readings))

    def _is_under_way(self, key: FeedKey) -> bool:
        with self.database.session() as session:
            statement = select(ReportRow.id).where(
                ReportRow.policy_id == key.policy_id.hex(),
                ReportRow.subject == key.subject.hex(),
                ReportRow.status == ReportStatus.OPEN,
            )
            return session.exec(statement).first() is not None


def report_of(key: FeedKey, round: int, readings: Sequence[SignedReading]) -> Report:
    its = [Reading(found.signer, found.value, found.observed_at, found.signature) for found in readings]
    return Report(key.policy_id, key.subject, round, its)


def report_in(session: Session, submission: SubmissionRow) -> Report | None:
    """The report that a submission carries; None where it carries votes."""
    row = report_row_in(session, submission)
    if row is None:
        return None
    readings = [
        Reading(its["signer"], int(its["value"]), its["observed_at"], bytes.fromhex(its["signature"]))
        for its in json.loads(row.readings)
    ]
    return Report(bytes.fromhex(row.policy_id), bytes.fromhex(row.subject), row.round, readings)


def report_row_in(session: Session, submission: SubmissionRow) -> ReportRow | None:
    return session.exec(select(ReportRow).where(ReportRow.submission_id == submission.id)).first()


def _submission(chain_id: int, account: str) -> SubmissionRow:
    """A submission of no votes: what it carries is the report that names it."""
    return SubmissionRow(
        status=SubmissionStatus.SIGNED, chain_id=chain_id, signer=account, mask="0x0", evidence="", signature=""
    )


def _report_row(submission_id: int, key: FeedKey, round: int, taken: Sequence[SignedReading]) -> ReportRow:
    readings = [
        {
            "signer": its.signer,
            "value": str(its.value),
            "observed_at": its.observed_at,
            "signature": its.signature.hex(),
        }
        for its in taken
    ]
    return ReportRow(
        submission_id=submission_id,
        policy_id=key.policy_id.hex(),
        subject=key.subject.hex(),
        round=round,
        readings=json.dumps(readings),
        status=ReportStatus.OPEN,
    )
