"""The relay's own thread: offers become lists, votes become one transaction in the outbox.

Offers, lists and votes live in memory alone. A relay that dies forgets them, and the nodes, which have signed what they
have signed, send by themselves; what it had laid into the outbox it sends after its restart, and that counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlmodel import Session

from chain_node.client import FactStatus, Membership, Observation, Policy, Vote
from oracles.chain import Head, Key, NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.metrics import Metrics
from oracles.relay.desk import Desk, Reply, Request
from oracles.relay.messages import Answer, LeftOut, Offer, checksummed, item_of, list_id
from oracles.relay.rates import Rate
from oracles.relay.settings import RelaySettings
from oracles.rules.lists import Ballot, Told, key_of, needed, proposed, shared
from oracles.store.bundles import BundleRow, packed_list, packed_votes
from oracles.store.database import Database
from oracles.store.models import SubmissionRow, SubmissionStatus
from oracles.tracing import fact_named

log = structlog.get_logger("oracles")

LATELY_SECONDS: Final = 60.0
"""How long an organisation that has offered something is waited for with the next."""
KEPT_SECONDS: Final = 600.0
"""How long a list may be voted on, and a vote keeps its organisation from being asked again."""
MEMBER_SECONDS: Final = 30.0
MOST_GROUPS: Final = 100_000
"""Subjects whose group is remembered."""
FEWEST_TURNS: Final = 3
"""In which others' offers, and votes on a list, must have had the chance to come in: a relay whose turns take long must
not take for missing what lies in its own queue."""
MOST_OPEN: Final = 2_000
"""Facts that one organisation may have waiting here."""


@dataclass(frozen=True)
class _Offered:
    told: Told
    account: str
    at: float
    turn: int


@dataclass
class _List:
    """A proposal until it is forgotten. `invited` are accounts with their organisations and roles."""

    observations: tuple[Observation, ...]
    policies: tuple[Policy, ...]
    invited: dict[str, Membership]
    at: float
    turn: int
    votes: dict[str, Vote] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    closed: bool = False


def _mark_of(its: Key | Observation, organisation: int) -> bytes:
    numbers = (its.milestone, its.sequence, organisation)
    return its.subject + b"".join(number.to_bytes(4) for number in numbers)


@dataclass
class Gathering:
    """One relay. `account` sends the transactions; `clock` is steady seconds."""

    desk: Desk
    database: Database
    chain: NodeChain
    account: str
    rules: RelaySettings
    checkpoint: Checkpoint
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    _waiting: dict[Key, dict[int, _Offered]] = field(default_factory=dict)
    """By fact and organisation."""
    _lists: dict[str, _List] = field(default_factory=dict)
    _asked: dict[bytes, float] = field(default_factory=dict)
    """Who was asked, or has voted, on what, as `_mark_of` has it, and until when he is not asked again. There are some
    millions of them in a busy relay: of bytes and numbers none stops it, as whatever refers to other things does while
    garbage is collected."""
    _lately: dict[int, float] = field(default_factory=dict)
    _members: dict[str, tuple[float, Membership]] = field(default_factory=dict)
    _policies: dict[int, tuple[float, Policy]] = field(default_factory=dict)
    _groups: dict[bytes, int] = field(default_factory=dict)
    _voted_on: dict[Key, bool] = field(default_factory=dict)
    """Of facts that wait for more offers: whether there are votes on chain."""
    _rate: Rate = field(init=False)
    _turn: int = 0

    def __post_init__(self) -> None:
        self._rate = Rate(self.rules.items_per_second, self.rules.items_per_second * 10)

    @property
    def waits(self) -> bool:
        """Whether offers or votes are being waited for."""
        return bool(self._waiting) or any(not its.closed or its.late for its in self._lists.values())

    def run(self, head: Head) -> int:
        """Number of requests answered and transactions made."""
        self._turn += 1
        requests = self.desk.take()
        try:
            for request in requests:
                self._answer(request, head)
        finally:
            # Where the network went away in between, nobody waits in vain.
            for request in requests:
                if not request.reply.done():
                    request.reply.set_result(Reply(503, "the network is away"))
        self._propose(head)
        made = self._close(head)
        self._forget()
        return len(requests) + made

    # Requests

    def _answer(self, request: Request, head: Head) -> None:
        if not request.reply.set_running_or_notify_cancel():
            return
        reply = Reply(503, "the network is away")
        try:
            message = request.message
            reply = self._offer(message, head) if isinstance(message, Offer) else self._vote(message)
        finally:
            request.reply.set_result(reply)
        counter = self.metrics.relay_offers if isinstance(message, Offer) else self.metrics.relay_answers
        counter.labels(str(reply.status)).inc()

    def _offer(self, offer: Offer, head: Head) -> Reply:
        account, now = checksummed(offer.account), self.clock()
        member = self._member(account, head)
        if not member.organisation or member.frozen or member.suspended or member.expires_at <= head.timestamp:
            return Reply(403, "account: the registry does not admit it")
        if not self._rate.allows(str(member.organisation), len(offer.observations), now):
            return Reply(429, "this organisation offers too much")
        if sum(member.organisation in told for told in self._waiting.values()) > MOST_OPEN:
            return Reply(429, "too much of this organisation waits")
        self._lately[member.organisation] = now
        self._look_at_groups([item.observation().subject for item in offer.observations], head)
        for item in offer.observations:
            self._take(Told(member.organisation, item.observation()), account, member, head)
        return Reply(202)

    def _take(self, told: Told, account: str, member: Membership, head: Head) -> None:
        """Puts what could count to the rest; what could not is no business of a relay's, its node will see."""
        key, now = key_of(told.observation), self.clock()
        if self._asked.get(_mark_of(key, member.organisation), 0) > now:
            return
        policy = self._policy(key.milestone, head)
        if not policy.threshold or not member.roles & policy.eligible_roles:
            return
        group = self._group(key.subject, head)
        if not group or group == member.group:
            return
        offers = self._waiting.setdefault(key, {})
        before = offers.get(member.organisation)
        since = (before.at, before.turn) if before else (now, self._turn)
        offers[member.organisation] = _Offered(told, account, *since)

    def _vote(self, answer: Answer) -> Reply:
        account, found = checksummed(answer.account), self._lists.get(answer.list)
        if found is None:
            return Reply(404, "list: the relay does not know it")
        if account not in found.invited:
            return Reply(403, "account: it offered nothing of this list")
        if account not in found.votes:
            mask, evidence = int(answer.mask, 16), bytes.fromhex(answer.evidence)
            found.votes[account] = Vote(account, mask, evidence, bytes.fromhex(answer.signature))
            if found.closed:
                found.late.append(account)
            self._mark(found, account, self.clock() + KEPT_SECONDS)
        return Reply(202)

    def _mark(self, its: _List, account: str, until: float) -> None:
        organisation = its.invited[account].organisation
        for observation in its.observations:
            # Taken out first, so that what was marked last stands last.
            mark = _mark_of(observation, organisation)
            self._asked.pop(mark, None)
            self._asked[mark] = until

    # Lists

    def _propose(self, head: Head) -> None:
        """Lists of facts on which the same organisations have offered something, so that one mask fits all."""
        now, by_witnesses = self.clock(), dict[frozenset[str], list[list[_Offered]]]()
        lately = {organisation for organisation, at in self._lately.items() if now - at < LATELY_SECONDS}
        for key in self._ready(lately, now, head):
            self._voted_on.pop(key, None)
            for group in self._groups_of(key, self._waiting.pop(key)):
                by_witnesses.setdefault(frozenset(offered.account for offered in group), []).append(group)
        for groups in by_witnesses.values():
            for start in range(0, len(groups), self.rules.list_limit):
                self._publish(groups[start : start + self.rules.list_limit], now)

    def _ready(self, lately: set[int], now: float, head: Head) -> list[Key]:
        """Facts that wait for no more offers."""
        ready, fewer = list[Key](), list[Key]()
        for key, offers in self._waiting.items():
            age = now - min(offered.at for offered in offers.values())
            turns = self._turn - min(offered.turn for offered in offers.values())
            if age >= self.rules.quorum_seconds and turns >= FEWEST_TURNS:
                ready.append(key)
            elif self._enough_agree(key, offers):
                if age >= self.rules.gather_seconds or lately <= offers.keys():
                    ready.append(key)
            elif age >= self.rules.gather_seconds:
                fewer.append(key)
        return ready + self._with_votes(fewer, head)

    def _enough_agree(self, key: Key, offers: dict[int, _Offered]) -> bool:
        policy = self._policies[key.milestone][1]
        enough = max(2, policy.threshold)
        if len(offers) < enough:
            return False
        groups, _ = proposed([offered.told for offered in offers.values()], policy, self.rules.time_tolerance_seconds)
        return max(len(group) for group in groups) >= enough

    def _with_votes(self, keys: Sequence[Key], head: Head) -> list[Key]:
        """Those of the facts that have votes on chain, so that few more may be enough. Asked once a fact, and of all
        at once: a relay whose turn takes long has many that wait."""
        unknown = [key for key in keys if key not in self._voted_on]
        found = zip(unknown, self.chain.facts_of(unknown, head.number) if unknown else (), strict=True)
        self._voted_on |= {key: fact.status is not FactStatus.NONE for key, fact in found}
        return [key for key in keys if self._voted_on[key]]

    def _groups_of(self, key: Key, offers: dict[int, _Offered]) -> list[list[_Offered]]:
        policy = self._policies[key.milestone][1]
        groups, left_out = proposed(
            [offered.told for offered in offers.values()], policy, self.rules.time_tolerance_seconds
        )
        if left_out:
            self._report_left_out(key, offers, left_out)
        return [[offers[told.organisation] for told in group] for group in groups]

    def _report_left_out(self, key: Key, offers: dict[int, _Offered], left_out: list[Told]) -> None:
        """To both sides: neither knows which of them errs."""
        quantities = {organisation: offered.told.observation.quantity for organisation, offered in offers.items()}
        log.warning("offers differ", fact=str(key), quantities=quantities)
        self.metrics.relay_left_out.inc(len(left_out))
        for told in left_out:
            reason = f"witnesses differ by more than the tolerance: {sorted(quantities.values())} thousandths"
            its = LeftOut(observation=item_of(told.observation), reason=reason[:200])
            self.desk.leave_out([offered.account for offered in offers.values()], its)

    def _publish(self, groups: list[list[_Offered]], now: float) -> None:
        observations = tuple(shared([offered.told for offered in group]) for group in groups)
        policies = tuple(self._policies[int(item.milestone)][1] for item in observations)
        invited = {offered.account: self._members[offered.account][1] for offered in groups[0]}
        id = list_id(observations)
        its = self._lists.get(id)
        if its is None:
            its = self._lists[id] = _List(observations, policies, invited, now, self._turn)
        else:
            # The same figures were offered once more, as by a node that was started anew.
            its.invited |= invited
        for account in invited:
            self._mark(its, account, now + self.rules.answer_seconds * 2)
        self.desk.propose(id, observations, list(invited))
        self.metrics.relay_lists.inc()

    # Bundles

    def _close(self, head: Head) -> int:
        """Number of transactions made."""
        now = self.clock()
        due = [id for id, its in self._lists.items() if not its.closed and self._is_complete(its, now)]
        made = self._bundle({id: self._worth_sending(self._lists[id]) for id in due})
        for id in due:
            self._lists[id].closed = True
        late = {id: self._late(its, head) for id, its in self._lists.items() if its.late}
        made += self._bundle(late)
        # Only now: where the network went away in between, they are still late in the next turn.
        for id in late:
            self._lists[id].late.clear()
        return made

    def _is_complete(self, its: _List, now: float) -> bool:
        return its.votes.keys() >= its.invited.keys() or self._is_over(its, now)

    def _late(self, its: _List, head: Head) -> list[str]:
        return [account for account in its.late if self._still_counts(its, account, head)]

    def _is_over(self, its: _List, now: float) -> bool:
        return now - its.at >= self.rules.answer_seconds and self._turn - its.turn >= FEWEST_TURNS

    def _worth_sending(self, its: _List) -> list[str]:
        accounts = list(its.votes)
        ballots = [
            Ballot(number, its.votes[account].mask, its.invited[account].roles)
            for number, account in enumerate(accounts)
        ]
        return [accounts[number] for number in needed(ballots, its.policies)]

    def _still_counts(self, its: _List, account: str, head: Head) -> bool:
        """Whether some fact that a late vote is about takes more votes."""
        mask = its.votes[account].mask
        about = [
            pair for place, pair in enumerate(zip(its.observations, its.policies, strict=True)) if mask >> place & 1
        ]
        if any(policy.dispute_window_seconds for _, policy in about):
            return True
        facts = self.chain.facts_of([key_of(item) for item, _ in about], head.number)
        return any(fact.status is not FactStatus.FINAL or not fact.least_quantity for fact in facts)

    def _bundle(self, lists: Mapping[str, Sequence[str]]) -> int:
        """One transaction a list, with the votes of these accounts; on disk together before anybody knows of them."""
        found = [(id, accounts) for id, accounts in lists.items() if accounts]
        if not found:
            return 0
        with self.database.session() as session:
            submissions = [self._store(session, self._lists[id], accounts) for id, accounts in found]
            self.checkpoint(Point.BUNDLE_STORING)
        for submission, (id, accounts) in zip(submissions, found, strict=True):
            about = self._lists[id].observations
            items = len(about)
            self.metrics.relay_bundle_items.observe(items)
            facts = [fact_named(item.milestone, item.sequence, item.subject.hex()) for item in about]
            log.info("votes bundled", submission=submission, list=id, items=items, votes=len(accounts), facts=facts)
            self.checkpoint(Point.BUNDLE_STORED)
        return len(found)

    def _store(self, session: Session, its: _List, accounts: Sequence[str]) -> int:
        submission = SubmissionRow(
            status=SubmissionStatus.SIGNED,
            chain_id=self.chain.chain_id,
            signer=self.account,
            mask="0x0",
            evidence="",
            signature="",
        )
        session.add(submission)
        session.flush()
        assert submission.id is not None
        packed = (packed_list(its.observations), packed_votes([its.votes[account] for account in accounts]))
        session.add(BundleRow(submission_id=submission.id, observations=packed[0], votes=packed[1]))
        session.flush()
        return submission.id

    # Memory

    def _forget(self) -> None:
        now = self.clock()
        for id in [id for id, its in self._lists.items() if now - its.at >= KEPT_SECONDS]:
            del self._lists[id]
            self.desk.forget(id)
        # In the order of time, so that each turn looks at what is over and at one more.
        while self._asked:
            first = next(iter(self._asked))
            if self._asked[first] > now:
                break
            del self._asked[first]

    def _member(self, account: str, head: Head) -> Membership:
        now = self.clock()
        until, member = self._members.get(account, (0.0, None))
        if member is None or until <= now:
            member = self.chain.membership(account, "", head.number)
            if member.organisation:
                self._members[account] = (now + MEMBER_SECONDS, member)
        return member

    def _policy(self, milestone: int, head: Head) -> Policy:
        now = self.clock()
        until, policy = self._policies.get(milestone, (0.0, None))
        if policy is None or until <= now:
            policy = self.chain.policy(milestone, head.number)
            if policy.threshold:
                self._policies[milestone] = (now + MEMBER_SECONDS, policy)
        return policy

    def _look_at_groups(self, subjects: Iterable[bytes], head: Head) -> None:
        """Asks at once what `_group` would ask for one by one."""
        unknown = [its for its in dict.fromkeys(subjects) if its not in self._groups]
        if len(self._groups) + len(unknown) > MOST_GROUPS:
            self._groups.clear()
        groups = self.chain.beneficiary_groups(unknown, head.number) if len(unknown) > 1 else ()
        self._groups |= {subject: group for subject, group in zip(unknown, groups, strict=False) if group}

    def _group(self, subject: bytes, head: Head) -> int:
        """The group that gains; 0 of what nobody has opened, which is asked again."""
        group = self._groups.get(subject) or self.chain.beneficiary_group(subject, head.number)
        if group:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
            self._groups[subject] = group
        return group
