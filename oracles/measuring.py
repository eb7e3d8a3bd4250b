"""From measured values and prices to signed readings: one open reading a feed, the oldest value first; beside it one
of a condition's past, which was read out late.

A reading is signed for the feed's next round and lies in the exchange until that round is over. Then the next value's
turn has come, so that a breach between two reports is reported too, and not only what came last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import structlog
from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, select

from chain_node.client import FeedKind
from oracles.chain import FeedKey, Head, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.corrections import IN_A_VALUE
from oracles.exchange import Exchange, SignedReading
from oracles.judging import Judge
from oracles.metrics import Metrics
from oracles.protection.guard import remember
from oracles.protection.statements import Objection, reading_statement
from oracles.protection.store import ProtectionStore
from oracles.rules.decisions import Decision, Verdict
from oracles.rules.readings import ReadingStanding, expired, reading_decision, scaled
from oracles.signing import Signer
from oracles.store.database import Database
from oracles.store.mapping import event_of
from oracles.store.models import EventReferenceRow, EventRow, EventStatus, ReadingRow, ReadingStatus

log = structlog.get_logger("oracles")

MOST_AT_ONCE = 64
OPEN = (ReadingStatus.SIGNED, ReadingStatus.PUBLISHED, ReadingStatus.RECALLED)
STATUS_OF = {
    Verdict.WAIT: ReadingStatus.WAITING,
    Verdict.REFUSE: ReadingStatus.NOT_SIGNED,
    Verdict.HOLD: ReadingStatus.HELD,
}
NO_EXCHANGE = Decision(Verdict.REFUSE, "not signed: this node shares no exchange in which readings are gathered")

Place = tuple[int, int]
ORDER = (col(ReadingRow.observed_at), col(ReadingRow.id))
_their_place = tuple_(*ORDER)
BEFORE_ALL: Place = (-1, -1)

BEHIND = Decision(Verdict.WAIT, "an earlier value of this feed is under way")


@dataclass
class Measuring:
    """Without a signer (dry run) only what would be signed is said; without an exchange nothing is."""

    database: Database
    chain: NodeChain
    judge: Judge
    signer: Signer | None
    protection: ProtectionStore | None
    exchange: Exchange | None
    checkpoint: Checkpoint
    metrics: Metrics
    _looked_at: int = -1
    _standings_at: int = -1
    _standings: dict[FeedKey, ReadingStanding] = field(default_factory=dict)
    _looked_back: dict[int, int] = field(default_factory=dict)
    """Up to which block this process has looked for what became of each late reading."""
    _turns: dict[tuple[ReadingStatus, ...], Place] = field(default_factory=dict)
    """The last reading of these statuses that had its turn."""
    _asked: set[int | None] = field(default_factory=set)
    """Those that are decided about in this run."""
    _earlier: dict[int | None, ReadingRow] = field(default_factory=dict)
    """Whose turn it is not in this run, and which must go before one whose turn it is."""

    def run(self, head: Head) -> int:
        """Number of readings settled or signed. What waits is asked about once a block."""
        is_new_block, self._looked_at = head.number != self._looked_at, head.number
        self._recall_all()
        busy = self._settle_all(head) if is_new_block else 0
        rows = self._rows(ReadingStatus.NEW)
        if is_new_block or busy:
            rows = sorted([*rows, *self._rows(ReadingStatus.WAITING)], key=_place)
        self._asked = {row.id for row in rows}
        busy += sum(self._decide(row, head) for row in rows)
        while self._earlier:
            number, row = self._earlier.popitem()
            self._asked.add(number)
            busy += self._decide(row, head)
        self._publish_all()
        return busy

    def _rows(self, *statuses: ReadingStatus) -> list[ReadingRow]:
        """The oldest first, as many as one run looks at; of more the next run takes those that follow, and behind the
        last it begins again: what waits without end keeps no other from its turn."""
        last = self._turns.get(statuses, BEFORE_ALL)
        with self.database.session() as session:
            rows = _some(session, statuses, _their_place > last, MOST_AT_ONCE)
            if len(rows) < MOST_AT_ONCE and last != BEFORE_ALL:
                rows += _some(session, statuses, _their_place <= last, MOST_AT_ONCE - len(rows))
        self._turns[statuses] = _place(rows[-1]) if rows else BEFORE_ALL
        return sorted(rows, key=_place)

    # Deciding

    def _decide(self, row: ReadingRow, head: Head) -> bool:
        with self.database.session() as session:
            stored = session.get_one(ReadingRow, row.id)
            decision, standing, key = self._judge(session, stored, head)
            if decision.verdict is Verdict.SIGN and standing is not None and key is not None and self.signer:
                decision = self._sign(session, self.signer, stored, key, standing, head) or decision
                self.checkpoint(Point.READING_SIGNING)
            if stored.status not in OPEN:
                stored.status = STATUS_OF.get(decision.verdict, ReadingStatus.WAITING)
            stored.reason = decision.reason
            session.flush()
        if decision.reason != row.reason:
            self._tell(stored, decision, head)
        if stored.status in OPEN:
            self.checkpoint(Point.READING_SIGNED)
        return stored.status in OPEN

    def _judge(
        self, session: Session, row: ReadingRow, head: Head
    ) -> tuple[Decision, ReadingStanding | None, FeedKey | None]:
        if self.exchange is None:
            return NO_EXCHANGE, None, None
        key = key_of(row)
        if key.is_condition and not row.subject:
            event = session.get_one(EventRow, row.event_id)
            references = select(EventReferenceRow).where(EventReferenceRow.event_id == event.id)
            match = self.judge.match(event_of(event, list(session.exec(references))), head)
            if match.subject is None:
                return Decision(match.verdict, match.reason), None, None
            row.subject = match.subject.hex()
            key = key_of(row)
        if _has_open(session, row, late=False) and (not key.is_condition or _has_open(session, row, late=True)):
            return BEHIND, None, None
        standing = self._standing(key, head)
        row.late = standing.is_late(row.observed_at)
        if _has_open(session, row, late=row.late):
            return BEHIND, None, None
        decision = reading_decision(_value(row, standing), row.observed_at, standing)
        if decision.verdict is Verdict.SIGN and (earlier := self._waiting_before(session, row, standing)):
            self._earlier[earlier.id] = earlier
            return BEHIND, None, None
        return decision, standing, key

    def _waiting_before(self, session: Session, row: ReadingRow, standing: ReadingStanding) -> ReadingRow | None:
        """The feed's oldest that is for its past, or for its next value, as this one is, and that no turn of this run
        looks at: the oldest goes first however many wait."""
        record = standing.record
        since = record.observed_at if record.round and not row.late else -1
        statement = select(ReadingRow).where(
            ReadingRow.policy_id == row.policy_id,
            ReadingRow.subject == row.subject,
            col(ReadingRow.status).in_((ReadingStatus.NEW, ReadingStatus.WAITING)),
            col(ReadingRow.observed_at) > since,
            _their_place < _place(row),
            col(ReadingRow.id).not_in(self._asked),
        )
        return session.exec(statement.order_by(*ORDER).limit(1)).first()

    def _sign(
        self, session: Session, signer: Signer, row: ReadingRow, key: FeedKey, standing: ReadingStanding, head: Head
    ) -> Decision | None:
        """Binds and signs; or says why not, and changes nothing."""
        assert self.protection is not None
        value = _value(row, standing)
        assert value is not None
        round_, version, at = standing.round, standing.rules.version, row.observed_at
        void_after = at + standing.rules.max_age_seconds
        place = (self.chain.chain_id, self.chain.feed_oracle_address)
        statement = reading_statement(
            *place,
            feed=key.feed,
            round=round_,
            version=version,
            value=value,
            at=at,
            void_after=void_after,
            late=row.late,
        )
        (objection,) = self.protection.allow([statement], signer.address, standing.now)
        self.checkpoint(Point.READING_BOUND)
        if objection is not None:
            return _not_now(objection)
        signature = signer.reading(*place, feed=key.feed, round=round_, version=version, value=value, at=at)
        row.round, row.version, row.signed_value, row.signature = round_, version, str(value), signature.hex()
        row.signer, row.signed_block, row.signed_at = signer.address, head.number, standing.now
        row.void_after = void_after
        row.status = ReadingStatus.SIGNED
        remember(session, self.protection)
        return None

    # The exchange

    def _publish_all(self) -> None:
        if self.exchange is None:
            return
        for row in self._rows(ReadingStatus.SIGNED):
            self.exchange.publish(self._signed(row))
            with self.database.session() as session:
                session.get_one(ReadingRow, row.id).status = ReadingStatus.PUBLISHED
            self.checkpoint(Point.READING_PUBLISHED)

    def _recall_all(self) -> None:
        """What was corrected leaves the exchange, if it still lies there. Again and again it changes nothing."""
        for row in self._rows(ReadingStatus.RECALLED) if self.exchange is not None else ():
            assert self.exchange is not None
            self.exchange.withdraw(self._signed(row).file_name)
            self.checkpoint(Point.READING_RECALLED)

    def _signed(self, row: ReadingRow) -> SignedReading:
        assert row.round is not None
        assert row.version is not None
        return SignedReading(
            self.chain.chain_id,
            self.chain.feed_oracle_address,
            key_of(row),
            row.round,
            row.version,
            int(row.signed_value),
            row.observed_at,
            row.signer,
            bytes.fromhex(row.signature),
            row.late,
        )

    # Settling

    def _settle_all(self, head: Head) -> int:
        return sum(self._settle(row, head) for row in self._rows(ReadingStatus.PUBLISHED, ReadingStatus.RECALLED))

    def _settle(self, row: ReadingRow, head: Head) -> bool:
        """A round that is over answers the reading; a changed policy voids it, and it is signed anew."""
        standing = self._standing(key_of(row), head)
        status, reason = self._answer(row, standing, head)
        if status is None:
            return False
        # The file goes first: should the process die here, the row still says that there is one to take away.
        if self.exchange is not None:
            self.exchange.withdraw(self._signed(row).file_name)
        with self.database.session() as session:
            stored = session.get_one(ReadingRow, row.id)
            if row.status == ReadingStatus.RECALLED:
                status, reason = _settle_recalled(session, stored, status)
            stored.status, stored.reason = status, reason
        self.metrics.readings.labels(status).inc()
        log.info("reading settled", label=row.label, round=row.round, status=status, reason=reason, block=head.number)
        return True

    def _answer(self, row: ReadingRow, standing: ReadingStanding, head: Head) -> tuple[ReadingStatus | None, str]:
        assert row.round is not None
        if row.late:
            return self._late_answer(row, row.round, standing, head)
        if standing.record.round >= row.round:
            counted = self.chain.counted_in(key_of(row), row.round, row.signed_block or 0, head.number)
            if counted is not None and standing.membership.organisation in counted:
                return ReadingStatus.COUNTED, ""
            return ReadingStatus.MISSED, f"round {row.round} is over without it"
        if standing.rules.version != row.version:
            return ReadingStatus.WAITING, "the feed's policy changed: to be signed anew"
        if expired(row.observed_at, standing):
            return ReadingStatus.MISSED, f"too few others measured in time: no report within {_age(standing)}"
        return None, ""

    def _late_answer(
        self, row: ReadingRow, round_: int, standing: ReadingStanding, head: Head
    ) -> tuple[ReadingStatus | None, str]:
        """The past may be reported in any round, so a round that is over has it signed anew for the next."""
        looked = max(self._looked_back.get(row.id or 0, 0), row.signed_block or 0)
        counted = self.chain.past_counted(key_of(row), round_, looked, head.number)
        self._looked_back[row.id or 0] = head.number
        if standing.membership.organisation in counted:
            return ReadingStatus.COUNTED, "for the past"
        if standing.rules.version != row.version:
            return ReadingStatus.WAITING, "the feed's policy changed: to be signed anew"
        if expired(row.observed_at, standing):
            return ReadingStatus.MISSED, f"too few others measured that time: no report within {_age(standing)}"
        if standing.period_since is not None and row.observed_at <= standing.period_since:
            return ReadingStatus.MISSED, "the feed remembers nothing of that time any more"
        if standing.record.round >= round_:
            return ReadingStatus.WAITING, "its round is over: to be signed anew for the next"
        return None, ""

    def _standing(self, key: FeedKey, head: Head) -> ReadingStanding:
        """Asked once a block for all readings of a feed."""
        if self._standings_at != head.number:
            self._standings_at = head.number
            self._standings.clear()
        if key not in self._standings:
            self._standings[key] = self.judge.reading_standing(key, head)
        return self._standings[key]

    def _tell(self, row: ReadingRow, decision: Decision, head: Head) -> None:
        line = {
            "label": row.label,
            "subject": row.subject,
            "value": row.value,
            "observed_at": row.observed_at,
            "round": row.round,
            "verdict": str(decision.verdict),
            "reason": decision.reason,
        }
        self.metrics.readings.labels(str(decision.verdict)).inc()
        if decision.verdict is Verdict.HOLD:
            log.error("reading", block=head.number, operator_action_required=True, **line)
        else:
            log.info("reading", block=head.number, dry_run=self.signer is None, **line)


def _settle_recalled(session: Session, row: ReadingRow, status: ReadingStatus) -> tuple[ReadingStatus, str]:
    """A relay was faster than the correction, or the reading is gone for good."""
    if status is not ReadingStatus.COUNTED:
        return ReadingStatus.WITHDRAWN, row.reason
    event = session.get_one(EventRow, row.event_id)
    event.status, event.reason = EventStatus.HELD, f"{row.reason}; {IN_A_VALUE}"
    log.error("corrected reading counted", event_hash=event.event_hash, round=row.round, operator_action_required=True)
    return status, row.reason


def _not_now(objection: Objection) -> Decision:
    """Two accounts of one moment are for the operator. Another moment's value has its turn when the round is over, or
    when what was signed for it can no longer count."""
    bound = objection.bound
    if bound is None or bound.moment == objection.asked.moment:
        return Decision(Verdict.HOLD, str(objection))
    return Decision(Verdict.WAIT, str(objection))


def _some(
    session: Session, statuses: Sequence[ReadingStatus], where: ColumnElement[bool], most: int
) -> list[ReadingRow]:
    wanted = select(ReadingRow).where(col(ReadingRow.status).in_(statuses), where)
    return list(session.exec(wanted.order_by(*ORDER).limit(most)).all())


def _place(row: ReadingRow) -> Place:
    return row.observed_at, row.id or 0


def key_of(row: ReadingRow) -> FeedKey:
    subject = bytes.fromhex(row.subject) if row.subject else bytes(32)
    return FeedKey(FeedKind(row.kind), bytes.fromhex(row.policy_id), subject)


def _value(row: ReadingRow, standing: ReadingStanding) -> int | None:
    """A condition is whole already; a price gets the feed's decimals."""
    is_condition = key_of(row).is_condition
    return scaled(Decimal(row.value), 0 if is_condition else standing.rules.decimals)


def _has_open(session: Session, row: ReadingRow, *, late: bool) -> bool:
    """Whether another reading of the feed is out, for its next value or for its past."""
    statement = select(ReadingRow.id).where(
        ReadingRow.policy_id == row.policy_id,
        ReadingRow.subject == row.subject,
        col(ReadingRow.status).in_(OPEN),
        col(ReadingRow.late) == late,
    )
    return session.exec(statement).first() is not None


def _age(standing: ReadingStanding) -> str:
    return f"{standing.rules.max_age_seconds} seconds"
