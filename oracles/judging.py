"""Would this node sign this event now? Reads the network at one block and applies the rules; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain_node.client import Fact, FeedRules, FeedTerms, Membership, Milestone, Policy
from chain_node.references import NetworkKey
from oracles.canonical import CanonicalEvent, Kind, Measured
from oracles.chain import FeedKey, Head, Key, NodeChain
from oracles.matching import Match, Matcher
from oracles.rules.book import Rulebook
from oracles.rules.decisions import (
    FIRST_DELIVERY,
    Decision,
    Standing,
    Verdict,
    chain_seconds,
    network_decision,
    own_decision,
    paper_view,
)
from oracles.rules.readings import ReadingStanding, reading_decision, scaled


@dataclass(frozen=True)
class Judgement:
    """`key` is None where the event has no milestone or no consignment is known for it."""

    decision: Decision
    kind: Kind | None
    milestone: Milestone | None = None
    key: Key | None = None
    match: str = ""
    rule: str = ""


class Judge:
    """One node's view of one network. What rarely changes is kept until `forget`."""

    def __init__(self, chain: NodeChain, key: NetworkKey, account: str | None, lei: str, rules: Rulebook) -> None:
        self._chain, self._account, self._lei, self._rules = chain, account, lei, rules
        self._matcher = Matcher(chain, key)
        self._beneficiaries: dict[bytes, int] = {}
        self._policies: dict[int, Policy] = {}
        self._feed_policies: dict[bytes, tuple[FeedRules, FeedTerms]] = {}
        self._membership: Membership | None = None
        self._tallies: dict[tuple[Key, int], tuple[Fact, Sequence[int]]] = {}
        """What was asked ahead, by fact and block."""

    def look_ahead(self, events: Sequence[CanonicalEvent], head: Head) -> None:
        """Asks the network at once for what `judge` would ask for one by one of each of these events."""
        views = [(event, paper_view(event, self._rules)) for event in events]
        asked = [
            (event, view.milestone)
            for event, view in views
            if view.decision.verdict is Verdict.SIGN and view.milestone is not None
        ]
        self._tallies = {}
        if len(asked) < 2:
            return
        self._matcher.look_ahead([its for event, _ in asked for its in event.references], head.number)
        matches = [(self.match(event, head).subject, milestone) for event, milestone in asked]
        keys = list(dict.fromkeys(Key(subject, its, FIRST_DELIVERY) for subject, its in matches if subject is not None))
        unknown = list(dict.fromkeys(key.subject for key in keys if key.subject not in self._beneficiaries))
        groups = self._chain.beneficiary_groups(unknown, head.number)
        self._beneficiaries |= dict(zip(unknown, groups, strict=True))
        tallies = self._chain.tallies(keys, head.number)
        self._tallies = {(key, head.number): its for key, its in zip(keys, tallies, strict=True)}

    def forget(self) -> None:
        """Policies or participants changed on chain."""
        self._policies.clear()
        self._feed_policies.clear()
        self._membership = None

    def judge(self, event: CanonicalEvent, head: Head) -> Judgement:
        """First what the paper says, then what the network would count, last what the node's own rules ask for."""
        view = paper_view(event, self._rules)
        kind, milestone = view.kind, view.milestone
        if view.decision.verdict is not Verdict.SIGN or milestone is None:
            return Judgement(view.decision, kind, milestone, rule=view.rule)
        match = self._matcher.match(event.references, head.number)
        if match.subject is None:
            return Judgement(Decision(match.verdict, match.reason), kind, milestone, match=match.reason, rule=view.rule)
        key = Key(match.subject, milestone, FIRST_DELIVERY)
        decision = network_decision(milestone, chain_seconds(event.occurred_at), event.quantity, self._read(key, head))
        if decision.verdict is Verdict.SIGN:
            decision = own_decision(view, event, head.timestamp)
        return Judgement(decision, kind, milestone, key, match.reason, view.rule)

    def again(self, key: Key, occurred_at: int, quantity: int, head: Head) -> Decision:
        """What the network would say now of figures that this node has decided on."""
        return network_decision(Milestone(key.milestone), occurred_at, quantity, self._read(key, head))

    def policy(self, milestone: int, head: Head) -> Policy:
        return self._policy(milestone, head.number)

    def organisation(self, head: Head) -> int:
        return self._member(head).organisation

    def match(self, event: CanonicalEvent, head: Head) -> Match:
        """The consignment that the event's references lead to."""
        return self._matcher.match(event.references, head.number)

    def known_of(self, subject: bytes) -> list[bytes]:
        """The references, in their form on chain, that led to the consignment so far."""
        return self._matcher.known_of(subject)

    def judge_measured(self, its: Measured, event: CanonicalEvent | None, head: Head) -> Decision:
        """Would this node sign the value now? `event` is the one that it was measured with; a price has none."""
        key = FeedKey(its.kind, its.policy_id)
        if event is not None:
            match = self.match(event, head)
            if match.subject is None:
                return Decision(match.verdict, match.reason)
            key = FeedKey(its.kind, its.policy_id, match.subject)
        standing = self.reading_standing(key, head)
        value = scaled(its.value, 0 if key.is_condition else standing.rules.decimals)
        return reading_decision(value, chain_seconds(its.observed_at), standing)

    def reading_standing(self, key: FeedKey, head: Head) -> ReadingStanding:
        """What the feed's contract would look at."""
        rules, terms = self._feed_policy(key.policy_id, head.number)
        return ReadingStanding(
            now=head.timestamp,
            membership=self._member(head),
            beneficiary_group=self._beneficiary(key.subject, head.number) if key.is_condition else 0,
            rules=rules,
            terms=terms,
            record=self._chain.feed_record(key, head.number),
            period_since=self._chain.feed_period(key, head.number) if key.is_condition else None,
        )

    def feed_rules(self, key: FeedKey, head: Head) -> FeedRules:
        return self._feed_policy(key.policy_id, head.number)[0]

    def _feed_policy(self, policy_id: bytes, block: int) -> tuple[FeedRules, FeedTerms]:
        if policy_id not in self._feed_policies:
            self._feed_policies[policy_id] = self._chain.feed_policy(policy_id, block)
        return self._feed_policies[policy_id]

    def _read(self, key: Key, head: Head) -> Standing:
        block = head.number
        # Used once: whoever asks again wants to know how it stands then.
        ahead = self._tallies.pop((key, block), None)
        fact, voters = ahead or (self._chain.fact(key, block), self._chain.voters(key, block))
        return Standing(
            block=block,
            now=head.timestamp,
            membership=self._member(head),
            beneficiary_group=self._beneficiary(key.subject, block),
            policy=self._policy(key.milestone, block),
            fact=fact,
            voters=voters,
        )

    def _member(self, head: Head) -> Membership:
        if self._membership is None:
            self._membership = self._chain.membership(self._account, self._lei, head.number)
        return self._membership

    def _policy(self, milestone: int, block: int) -> Policy:
        if milestone not in self._policies:
            self._policies[milestone] = self._chain.policy(milestone, block)
        return self._policies[milestone]

    def _beneficiary(self, subject: bytes, block: int) -> int:
        if subject not in self._beneficiaries:
            self._beneficiaries[subject] = self._chain.beneficiary_group(subject, block)
        return self._beneficiaries[subject]
