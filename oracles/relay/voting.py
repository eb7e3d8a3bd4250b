"""The node's side: offers what was decided, signs of a relay's lists what its own papers support, sees on chain what
became of it, and takes back into its own hands what a relay did not bring there.

A fact is vouched for once: under the node's own figures or in one list, whichever is signed first. So a relay can keep
a fact waiting for `patience_seconds`, and do nothing else to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from chain_node.client import Milestone, Observation, Refusal
from oracles.cargo.votes import HARMLESS
from oracles.chain import CountedVotes, Head, Key, NodeChain, SignedVote
from oracles.checkpoints import Checkpoint, Point
from oracles.evidence import evidence_root
from oracles.judging import Judge
from oracles.metrics import Metrics
from oracles.relay.mail import RelayMail
from oracles.relay.messages import MOST_ITEMS, OFFER_SECONDS, Answer, LeftOut, Offer, item_of, list_id
from oracles.relay.settings import BundlingSettings
from oracles.rules.decisions import Decision, Verdict
from oracles.rules.lists import Objection, key_of, objection, supported
from oracles.signing import Signer
from oracles.store.bundles import BundleRow, bundle_in, packed_list
from oracles.store.database import Database
from oracles.store.models import (
    EventRow,
    EventStatus,
    ObservationRow,
    ObservationStatus,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.voting import batch_of, observation_of, submission_of

log = structlog.get_logger("oracles")

MOST_OFFERED: Final = 512
"""Facts that wait for a relay's list at one time."""
UNSENT: Final = (SubmissionStatus.RELAYED, SubmissionStatus.SIGNED)
"""States of a vote on a list that this node has not sent by itself."""


@dataclass
class ListVoting:
    """`clock` is steady seconds, `wall` the machine's, by which offers expire."""

    database: Database
    chain: NodeChain
    judge: Judge
    signer: Signer
    mail: RelayMail
    settings: BundlingSettings
    confirmations: int
    checkpoint: Checkpoint
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _offered: dict[int, float] = field(default_factory=dict)
    """Observations that wait for a list, and since when."""
    _own: set[int] = field(default_factory=set)
    """Observations that this node sends by itself."""
    _answered: dict[int, float] = field(default_factory=dict)
    """Submissions whose vote a relay has, and since when this process knows it."""
    _raised: set[int] = field(default_factory=set)
    _resumed: bool = False

    @property
    def spared(self) -> list[int]:
        """Observations that are not to be signed as they are, for now."""
        return list(self._offered)

    @property
    def waits(self) -> bool:
        return bool(self._offered or self._answered)

    def run(self, head: Head) -> int:
        """Number of lists signed and of facts taken back or offered."""
        if not self._resumed:
            self._resume(head)
        done = sum(self._vote(its, head) for its in self.mail.lists())
        self._raise_left_out(self.mail.left_out())
        self._not_taken(self.mail.unknown())
        done += self._offer() if not self.mail.away else 0
        return done + self._take_back_offers(head) + self._take_back_votes(head)

    def _resume(self, head: Head) -> None:
        """After a start: what a relay had may be on chain; else it is told once more."""
        self.settle(head)
        with self.database.session() as session:
            for row in self._relayed(session, (SubmissionStatus.RELAYED,)):
                assert row.id is not None
                self._answered[row.id] = self.clock()
                bundle = bundle_in(session, row)
                assert bundle is not None
                self._tell(row, bundle.items())
        self._resumed = True

    # Offers

    def _offer(self) -> int:
        """Tells a relay what was decided and is in nobody's hands yet."""
        with self.database.session() as session:
            decided = select(ObservationRow.id).where(ObservationRow.status == ObservationStatus.DECIDED)
            ids = session.exec(decided.order_by(col(ObservationRow.id)).limit(MOST_OFFERED * 2)).all()
            new = [id for id in ids if id is not None and id not in self._offered and id not in self._own]
            new = new[: max(0, MOST_OFFERED - len(self._offered))]
            rows = session.exec(select(ObservationRow).where(col(ObservationRow.id).in_(new))).all() if new else []
            observations = [observation_of(row) for row in rows]
        for start in range(0, len(observations), MOST_ITEMS):
            self._send_offer(observations[start : start + MOST_ITEMS])
        self._offered.update((id, self.clock()) for id in new)
        return len(new)

    def _send_offer(self, observations: Sequence[Observation]) -> None:
        expires_at = int(self.wall()) + OFFER_SECONDS
        signature = self.signer.offer(self.chain.chain_id, self.chain.oracle_address, observations, expires_at)
        items = [item_of(its) for its in observations]
        account = self.signer.address
        self.mail.send(Offer(account=account, expires_at=expires_at, observations=items, signature=signature.hex()))
        self.checkpoint(Point.LIST_OFFERED)

    # Lists

    def _vote(self, items: Sequence[Observation], head: Head) -> bool:
        """Signs what the papers support of a list, on disk before the relay has it; tells again what was signed."""
        packed = packed_list(items)
        with self.database.session() as session:
            signed = session.exec(_own_lists().where(BundleRow.observations == packed)).first()
            if signed is None:
                signed = self._sign(session, items, packed, head)
            elif signed.status != SubmissionStatus.RELAYED:
                return False
        if signed is None:
            return False
        self.checkpoint(Point.LIST_SIGNED)
        assert signed.id is not None
        self._answered.setdefault(signed.id, self.clock())
        self._tell(signed, items)
        return True

    def _sign(self, session: Session, items: Sequence[Observation], packed: str, head: Head) -> SubmissionRow | None:
        rows = self._decided(session, items)
        own = {key_of(observation_of(row)): observation_of(row) for row in rows}
        support = supported(items, own, lambda item, its: self._objection(item, its, head))
        self._raise(rows, support.objections.items())
        marked = [key_of(item) for place, item in enumerate(items) if support.mask >> place & 1]
        if not marked:
            return None
        by_key = {key_of(observation_of(row)): row for row in rows}
        mine = [by_key[key] for key in marked]
        vote = self._signed(items, support.mask, mine)
        submission = submission_of(vote, self.chain.chain_id, SubmissionStatus.RELAYED)
        session.add(submission)
        session.flush()
        assert submission.id is not None
        session.add(BundleRow(submission_id=submission.id, observations=packed, votes="[]", signed_block=head.number))
        for row in mine:
            row.status, row.submission_id = ObservationStatus.SIGNED, submission.id
            self._offered.pop(row.id or 0, None)
        session.flush()
        self.checkpoint(Point.LIST_SIGNING)
        names = [f"{Milestone(row.milestone).name}/{row.sequence} {row.subject}" for row in mine]
        log.info("list signed", submission=submission.id, evidence=vote.evidence.hex(), items=names, of=len(items))
        return submission

    def _signed(self, items: Sequence[Observation], mask: int, mine: Sequence[ObservationRow]) -> SignedVote:
        evidence = evidence_root([bytes.fromhex(row.evidence) for row in mine])
        return self.signer.vote_on(self.chain.chain_id, self.chain.oracle_address, items, mask, evidence)

    def _decided(self, session: Session, items: Sequence[Observation]) -> list[ObservationRow]:
        """What this node would vouch for of a list's consignments and has not signed yet."""
        subjects = sorted({item.subject.hex() for item in items})
        statement = select(ObservationRow).where(
            col(ObservationRow.subject).in_(subjects), ObservationRow.status == ObservationStatus.DECIDED
        )
        return [row for row in session.exec(statement) if row.id not in self._own]

    def _objection(self, item: Observation, own: Observation, head: Head) -> Objection | None:
        policy = self.judge.policy(int(item.milestone), head)
        return objection(item, own, policy, head.timestamp, self.settings.time_tolerance_seconds)

    def _tell(self, signed: SubmissionRow, items: Sequence[Observation]) -> None:
        self.mail.send(
            Answer(
                account=signed.signer,
                list=list_id(items),
                mask=signed.mask,
                evidence=signed.evidence,
                signature=signed.signature,
            )
        )
        self.checkpoint(Point.LIST_ANSWERED)

    # For the operator

    def _raise(self, rows: Sequence[ObservationRow], objections: Iterable[tuple[Key, Objection]]) -> None:
        by_key = {key_of(observation_of(row)): row for row in rows}
        for key, found in objections:
            if found.contradicts:
                self._raise_once(by_key[key], found.reason)

    def _raise_left_out(self, left_out: Sequence[LeftOut]) -> None:
        if not left_out:
            return
        with self.database.session() as session:
            for told in left_out:
                observation = told.observation.observation()
                for row in self._decided(session, [observation]):
                    if key_of(observation_of(row)) == key_of(observation):
                        self._raise_once(row, told.reason)

    def _raise_once(self, row: ObservationRow, reason: str) -> None:
        """A relay that says it again and again fills no log."""
        if row.id in self._raised:
            return
        self._raised.add(row.id or 0)
        milestone, subject = Milestone(row.milestone).name, row.subject
        log.error(
            "others report otherwise",
            milestone=milestone,
            subject=subject,
            sequence=row.sequence,
            reason=reason,
            operator_action_required=True,
        )

    # Falling back

    def _not_taken(self, list_ids: Sequence[str]) -> None:
        """Votes that a relay has no use for: nobody else will bring them on chain."""
        if not list_ids:
            return
        with self.database.session() as session:
            for row in self._relayed(session, (SubmissionStatus.RELAYED,)):
                bundle = bundle_in(session, row)
                if bundle is not None and list_id(bundle.items()) in list_ids:
                    self._answered[row.id or 0] = float("-inf")

    def _take_back_offers(self, head: Head) -> int:
        """What no list came for, or what no relay can be told of, goes out under the node's own figures."""
        patience = 0.0 if self.mail.away else self.settings.patience_seconds
        due = [id for id, since in self._offered.items() if self.clock() - since >= patience]
        if not due:
            return 0
        reason = "away" if self.mail.away else "no list"
        with self.database.session() as session:
            for id in due:
                row = session.get_one(ObservationRow, id)
                if row.status == ObservationStatus.DECIDED:
                    self._take_back(session, row, reason, head)
        for id in due:
            del self._offered[id]
            self._own.add(id)
        return len(due)

    def _take_back(self, session: Session, row: ObservationRow, reason: str, head: Head) -> None:
        """Unless the network has what it needs in the meantime."""
        decision = self.judge.again(_key(row), row.occurred_at, row.quantity, head)
        if decision.verdict is Verdict.SIGN:
            self.metrics.relay_fallbacks.labels(reason).inc()
            log.warning("sent without a relay", subject=row.subject, milestone=row.milestone, reason=reason)
        else:
            _superseded(session, row, decision)
            self.metrics.votes.labels(decision.mirrors.name).inc()

    def _take_back_votes(self, head: Head) -> int:
        """Votes that a relay did not bring on chain: the same list, with this node's vote alone."""
        due = [id for id, since in self._answered.items() if self.clock() - since >= self.settings.patience_seconds]
        if not due:
            return 0
        self.settle(head)
        for id in due:
            with self.database.session() as session:
                submission = session.get_one(SubmissionRow, id)
                if submission.status == SubmissionStatus.RELAYED:
                    submission.status = SubmissionStatus.SIGNED
                    count = len([row for row in batch_of(session, submission) if _is_open(row)])
                    self.metrics.relay_fallbacks.labels("not on chain").inc(count)
                    log.warning("list sent without a relay", submission=id, items=count)
                self.checkpoint(Point.LIST_TAKING_BACK)
            self._answered.pop(id, None)
            self.checkpoint(Point.LIST_TAKEN_BACK)
        return len(due)

    # What became of it

    def settle(self, head: Head) -> int:
        """Looks for the votes on lists that this node has not sent by itself; the number of facts settled. What lies
        less deep than `confirmations` may yet vanish, and is looked for again."""
        with self.database.session() as session:
            open_ = self._relayed(session, UNSENT)
            blocks = [row.signed_block for row in (bundle_in(session, its) for its in open_) if row is not None]
        if not open_:
            return 0
        deep = head.number - self.confirmations + 1
        found: dict[Key, list[CountedVotes]] = {}
        for votes in self.chain.votes(max(0, min(*blocks, head.number) if blocks else 0), deep):
            found.setdefault(votes.key, []).append(votes)
        organisation = self.judge.organisation(head)
        return sum(self._settle(row, found, organisation, head) for row in open_)

    def _settle(
        self, submission: SubmissionRow, found: dict[Key, list[CountedVotes]], organisation: int, head: Head
    ) -> int:
        lines = []
        with self.database.session() as session:
            stored = session.get_one(SubmissionRow, submission.id)
            rows = batch_of(session, stored)
            for row in rows:
                line = self._answer_of(session, row, found.get(_key(row), ()), organisation, head)
                lines += [line] if line else []
            if not any(map(_is_open, rows)):
                stored.status = SubmissionStatus.SETTLED
                stored.block = max((row.block or 0 for row in rows), default=head.number)
            session.flush()
            self.checkpoint(Point.LIST_SETTLING)
        if stored.status == SubmissionStatus.SETTLED:
            self._answered.pop(stored.id or 0, None)
        for line in lines:
            self._say(line)
        if lines:
            self.checkpoint(Point.LIST_SETTLED)
        return len(lines)

    def _answer_of(
        self, session: Session, row: ObservationRow, found: Sequence[CountedVotes], organisation: int, head: Head
    ) -> dict[str, object] | None:
        """Stores that the vote is counted, or that the fact needs it no more; nothing while neither is so."""
        if not _is_open(row):
            return None
        mine = next((votes for votes in found if organisation in votes.organisations), None)
        event = session.get_one(EventRow, row.event_id)
        if mine is not None:
            row.status, row.block, answer = ObservationStatus.COUNTED, mine.block, Refusal.NONE
        else:
            if not any(votes.final for votes in found):
                return None
            decision = self.judge.again(_key(row), row.occurred_at, row.quantity, head)
            if decision.verdict is Verdict.SIGN:
                return None
            _superseded(session, row, decision)
            answer = decision.mirrors
        return {
            "event_hash": event.event_hash,
            "subject": row.subject,
            "milestone": Milestone(row.milestone).name,
            "sequence": row.sequence,
            "answer": "counted" if answer is Refusal.NONE else answer.name,
            "fact": "final" if any(votes.final for votes in found) else "gathering",
            "block": row.block,
        }

    def _say(self, line: dict[str, object]) -> None:
        answer = str(line["answer"])
        self.metrics.votes.labels(answer).inc()
        if answer == "counted":
            log.info("vote counted", through="relay", **line)
        else:
            log.warning("vote not needed", through="relay", **line)

    @staticmethod
    def _relayed(session: Session, statuses: Sequence[SubmissionStatus]) -> list[SubmissionRow]:
        """This node's votes on lists in these states."""
        statement = _own_lists().where(col(SubmissionRow.status).in_(statuses))
        return list(session.exec(statement.order_by(col(SubmissionRow.id))))


def _own_lists() -> SelectOfScalar[SubmissionRow]:
    """What this node signed of lists. A bundle of its own relay has no signature."""
    joined = select(SubmissionRow).join(BundleRow, col(BundleRow.submission_id) == col(SubmissionRow.id))
    return joined.where(SubmissionRow.signature != "")


def _superseded(session: Session, row: ObservationRow, decision: Decision) -> None:
    """The network needs no vote of this node any more, or the operator must look at what it says instead."""
    row.status, row.reason = ObservationStatus.REFUSED, decision.mirrors.name
    event = session.get_one(EventRow, row.event_id)
    event.reason = f"the network needs no vote: {decision.reason}"
    if decision.verdict is Verdict.HOLD or decision.mirrors not in HARMLESS:
        event.status, event.reason = EventStatus.HELD, decision.reason
    session.flush()


def _is_open(row: ObservationRow) -> bool:
    return row.status == ObservationStatus.SIGNED


def _key(row: ObservationRow) -> Key:
    return Key(bytes.fromhex(row.subject), row.milestone, row.sequence)
