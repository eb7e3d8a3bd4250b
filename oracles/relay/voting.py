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

from chain_node.client import Milestone, Observation
from oracles.chain import Head, Key, NodeChain, SignedVote
from oracles.checkpoints import Checkpoint, Point
from oracles.evidence import evidence_root
from oracles.judging import Judge
from oracles.metrics import Metrics
from oracles.protection.guard import remember
from oracles.protection.statements import vote_statements
from oracles.protection.store import ProtectionStore
from oracles.relay.mail import RelayMail
from oracles.relay.messages import MOST_ITEMS, OFFER_SECONDS, Answer, LeftOut, Offer, item_of, list_id
from oracles.relay.settings import BundlingSettings
from oracles.relay.settling import FINAL_VERDICTS, ListSettling, is_open, key_in, own_lists, superseded
from oracles.rules.lists import Objection, key_of, objection, supported
from oracles.signing import Signer
from oracles.store.bundles import BundleRow, bundle_in, packed_list
from oracles.store.database import Database
from oracles.store.models import (
    ObservationRow,
    ObservationStatus,
    SubmissionRow,
    SubmissionStatus,
)
from oracles.tracing import fact_named, traces_of
from oracles.voting import batch_of, observation_of, submission_of

log = structlog.get_logger("oracles")

MOST_OFFERED: Final = 512
"""Facts that wait for a relay's list at one time."""


@dataclass
class ListVoting:
    """`clock` is steady seconds, `wall` the machine's, by which offers expire."""

    database: Database
    chain: NodeChain
    judge: Judge
    signer: Signer
    protection: ProtectionStore
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
    _head: Head = field(default_factory=lambda: Head(0, 0))
    """That of this turn."""

    def settle(self, head: Head) -> int:
        """Number of facts that the chain has answered."""
        parts = (self.database, self.chain, self.judge, self.confirmations, self.checkpoint, self.metrics)
        return ListSettling(*parts, lambda number: self._answered.pop(number, None)).run(head)

    def spared(self) -> list[int]:
        """Observations that are not to be signed as they are, for now."""
        return list(self._offered)

    @property
    def waits(self) -> bool:
        return bool(self._offered or self._answered)

    def run(self, head: Head) -> int:
        """Number of lists signed and of facts taken back or offered."""
        self._head = head
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
            for row in own_lists(session, (SubmissionStatus.RELAYED,)):
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
        offer = Offer(account=account, expires_at=expires_at, observations=items, signature=signature.hex())
        self.mail.send(offer, self.settings.patience_seconds)
        self.checkpoint(Point.LIST_OFFERED)

    # Lists

    def _vote(self, items: Sequence[Observation], head: Head) -> bool:
        """Signs what the papers support of a list, on disk before the relay has it; tells again what was signed."""
        packed = packed_list(items)
        with self.database.session() as session:
            signed = next(iter(own_lists(session, packed=packed)), None)
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
        mask = self._allowed(items, support.mask)
        if not mask:
            return None
        by_key = {key_of(observation_of(row)): row for row in rows}
        mine = [by_key[key_of(item)] for place, item in enumerate(items) if mask >> place & 1]
        vote = self._signed(items, mask, mine)
        submission = submission_of(vote, self.chain.chain_id, SubmissionStatus.RELAYED)
        session.add(submission)
        session.flush()
        assert submission.id is not None
        session.add(BundleRow(submission_id=submission.id, observations=packed, votes="[]", signed_block=head.number))
        for row in mine:
            row.status, row.submission_id, row.signed_at = ObservationStatus.SIGNED, submission.id, int(self.wall())
            self._offered.pop(row.id or 0, None)
        remember(session, self.protection)
        session.flush()
        self.checkpoint(Point.LIST_SIGNING)
        line = {
            "evidence": vote.evidence.hex(),
            "items": [fact_named(row.milestone, row.sequence, row.subject) for row in mine],
            "trace_ids": traces_of(row.evidence for row in mine),
        }
        log.info("list signed", submission=submission.id, of=len(items), **line)
        return submission

    def _allowed(self, items: Sequence[Observation], mask: int) -> int:
        """Bits of what may be signed, which binds this node from here on; what it has signed otherwise stays out."""
        places = [place for place in range(len(items)) if mask >> place & 1]
        if not places:
            return 0
        chain_id, oracle = self.chain.chain_id, self.chain.oracle_address
        statements = vote_statements(chain_id, oracle, [items[place] for place in places])
        answers = self.protection.allow(statements, self.signer.address, int(self.wall()))
        self.checkpoint(Point.LIST_BOUND)
        return sum(1 << place for place, objection in zip(places, answers, strict=True) if objection is None)

    def adopts(self, bound: Observation, own: Observation) -> bool:
        """Whether the papers support what this node is bound to, as by a list that it signed just before it died."""
        return self._objection(bound, own, self._head) is None

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
            ),
            self.settings.patience_seconds,
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
            for row in own_lists(session, (SubmissionStatus.RELAYED,)):
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
        decision = self.judge.again(key_in(row), row.occurred_at, row.quantity, head)
        if decision.verdict not in FINAL_VERDICTS:
            self.metrics.relay_fallbacks.labels(reason).inc()
            log.warning("sent without a relay", subject=row.subject, milestone=row.milestone, reason=reason)
        else:
            superseded(session, row, decision)
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
                    count = len([row for row in batch_of(session, submission) if is_open(row)])
                    self.metrics.relay_fallbacks.labels("not on chain").inc(count)
                    log.warning("list sent without a relay", submission=id, items=count)
                self.checkpoint(Point.LIST_TAKING_BACK)
            self._answered.pop(id, None)
            self.checkpoint(Point.LIST_TAKEN_BACK)
        return len(due)
