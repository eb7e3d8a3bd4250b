"""NodeChain over chain_node's client: the only module that knows how the contracts answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain_node.client import (
    AddressBook,
    Call,
    Chain,
    Event,
    Fact,
    FeedRecord,
    FeedRefusal,
    FeedRules,
    FeedTerms,
    Membership,
    Observation,
    Policy,
    Receipt,
    Refusal,
    Report,
    Vote,
)
from chain_node.client.endpoints import SeveralNodes, Watch
from chain_node.errors import AnswerMalformed, ChainError, RequestRefused
from oracles.chain import Changes, CountedVotes, FeedKey, Head, Key, NodeChain, Outcome, ReportKey, SignedVote

ORACLE: Final = "MilestoneOracle"
FEEDS: Final = "FeedOracle"
REGISTRY: Final = "ParticipantRegistry"
NOTHING: Final = bytes(32)
MOST_BLOCKS: Final = 500
"""Beyond this many blocks it is cheaper to ask about every waiting event than to read what happened."""

ORGANISATION_BITS: Final = 24
ORGANISATION: Final = (1 << ORGANISATION_BITS) - 1
VALUE_EVENTS: Final = ("ValueReported", "PastValueReported")
POLICY_EVENTS: Final = ("PolicySet", "FeedPolicySet")
VOTE_EVENTS: Final = ("VotesCounted", "FactFinal")
FACT_EVENTS: Final = {"FactFinal": "final", "FactMeasured": "measured", "FactInDispute": "disputed"}


@dataclass(frozen=True)
class Network:
    """One connected network."""

    chain: Chain

    @property
    def name(self) -> str:
        return self.chain.addresses.network

    @property
    def chain_id(self) -> int:
        return self.chain.chain_id

    @property
    def oracle_address(self) -> str:
        return str(self.chain.addresses.address(ORACLE))

    @property
    def feed_oracle_address(self) -> str:
        return str(self.chain.addresses.address(FEEDS))

    @property
    def switches(self) -> int:
        node = self.chain.node
        return node.watch.switches if isinstance(node, SeveralNodes) else 0

    def head(self) -> Head:
        block = self.chain.block("latest")
        return Head(block.number, block.timestamp, block.hash)

    def block_hash(self, number: int) -> bytes | None:
        try:
            return self.chain.block(number).hash
        except AnswerMalformed:
            return None

    def blocks_behind(self) -> int | None:
        try:
            found = self.chain.node.request("eth_syncing")
        except RequestRefused:
            return None
        if not isinstance(found, dict):
            return 0
        return max(0, int(found["highestBlock"], 16) - int(found["currentBlock"], 16))

    def changes(self, from_block: int, to_block: int) -> Changes:
        if to_block - from_block >= MOST_BLOCKS:
            return Changes(rules=True)
        sources = (self.oracle_address, self.feed_oracle_address, str(self.chain.addresses.address(REGISTRY)))
        logs = [log for log in self.chain.logs(from_block, to_block) if log.address in sources]
        events = [event for event in map(self.chain.decode, logs) if event is not None]
        linked = frozenset(bytes(e.arguments["tradeReference"]) for e in events if e.name == "ReferenceLinked")
        return Changes(linked, any(e.contract == REGISTRY or e.name in POLICY_EVENTS for e in events))

    def subject_of(self, reference: bytes, block: int) -> bytes | None:
        subject = self.chain.milestones.subject_of(reference, block)
        return None if subject == NOTHING else subject

    def beneficiary_group(self, subject: bytes, block: int) -> int:
        return self.chain.milestones.subject(subject, block).beneficiary

    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]:
        found = self.chain.milestones.subjects_of(references, block)
        return [None if subject == NOTHING else subject for subject in found]

    def beneficiary_groups(self, subjects: Sequence[bytes], block: int) -> Sequence[int]:
        return [subject.beneficiary for subject in self.chain.milestones.subjects(subjects, block)]

    def facts_of(self, keys: Sequence[Key], block: int) -> Sequence[Fact]:
        return self.chain.milestones.facts([(key.subject, int(key.milestone), key.sequence) for key in keys], block)

    def tallies(self, keys: Sequence[Key], block: int) -> Sequence[tuple[Fact, Sequence[int]]]:
        asked = [(key.subject, int(key.milestone), key.sequence) for key in keys]
        milestones = self.chain.milestones
        return list(zip(milestones.facts(asked, block), milestones.voters_of_many(asked, block), strict=True))

    def membership(self, account: str | None, lei: str, block: int) -> Membership:
        registry = self.chain.registry
        if account is not None:
            return registry.membership_of(account, block)
        index = registry.organisation_of(lei, block)
        if not index:
            return Membership(organisation=0, group=0, roles=0, expires_at=0, suspended=False, frozen=False)
        found = registry.organisation(index, block)
        return Membership(index, found.group, found.roles, found.kyc_expires_at, found.suspended, frozen=False)

    def policy(self, milestone: int, block: int) -> Policy:
        return self.chain.milestones.policy(milestone, block)

    def fact(self, key: Key, block: int) -> Fact:
        return self.chain.milestones.fact(key.subject, key.milestone, key.sequence, block)

    def voters(self, key: Key, block: int) -> Sequence[int]:
        return self.chain.milestones.voters_of(key.subject, key.milestone, key.sequence, block)

    def feed_policy(self, policy_id: bytes, block: int) -> tuple[FeedRules, FeedTerms]:
        return self.chain.feeds.policy(policy_id, block)

    def feed_record(self, key: FeedKey, block: int) -> FeedRecord:
        return self.chain.feeds.record(key.feed, block)

    def feed_period(self, key: FeedKey, block: int) -> int:
        return self.chain.feeds.excursion(key.kind, key.subject, block).since

    def past_counted(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int]:
        its = ReportKey(key.policy_id, key.subject, round)
        found: set[int] = set()
        for first in range(from_block, to_block + 1, MOST_BLOCKS):
            for log in self.chain.logs(first, min(first + MOST_BLOCKS - 1, to_block)):
                event = self.chain.decode(log) if log.address == self.feed_oracle_address else None
                if event is not None and event.name == "PastValueReported" and _report_key(event) == its:
                    found |= organisations(int(event.arguments["organisations"]))
        return frozenset(found)

    def counted_in(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int] | None:
        if to_block - from_block >= MOST_BLOCKS:
            return None
        its = ReportKey(key.policy_id, key.subject, round)
        for log in self.chain.logs(from_block, to_block):
            event = self.chain.decode(log) if log.address == self.feed_oracle_address else None
            if event is not None and event.name == "ValueReported" and _report_key(event) == its:
                return organisations(int(event.arguments["organisations"]))
        return None

    def nonce(self, account: str) -> int:
        return self.chain.transaction_count(account, "latest")

    def votes(self, from_block: int, to_block: int) -> Sequence[CountedVotes]:
        found = []
        for start in range(from_block, to_block + 1, MOST_BLOCKS):
            for log in self.chain.logs(start, min(start + MOST_BLOCKS - 1, to_block)):
                event = self.chain.decode(log) if log.address == self.oracle_address else None
                if event is not None and event.name in VOTE_EVENTS:
                    counted = organisations(int(event.arguments["organisations"]))
                    found.append(CountedVotes(_key(event), event.block_number, counted, event.name == "FactFinal"))
        return found

    def attest(self, observations: Sequence[Observation], votes: Sequence[Vote]) -> Call:
        return self.chain.milestones.attest(observations, votes)

    def retract(self, vote: SignedVote, place: int, evidence: bytes) -> Call:
        return self.chain.milestones.retract(vote.observations, place, _packable(vote), evidence)

    def report(self, report: Report) -> Call:
        return self.chain.feeds.report(report)

    def would_hold(self, report: Report, account: str) -> bool:
        return any(self.chain.simulate(self.report(report), account))

    def gas(self, account: str, call: Call) -> int:
        return self.chain.estimate_gas(call, account)

    def gas_of(self, account: str, calls: Sequence[Call]) -> Sequence[int | ChainError]:
        return self.chain.estimates(calls, account)

    def send(self, raw: bytes) -> None:
        self.chain.send_raw(raw)

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        return self._outcome(self.chain.receipt(transaction_hash))

    def outcomes(self, transaction_hashes: Sequence[bytes]) -> Iterator[Outcome | None]:
        return map(self._outcome, self.chain.receipts(transaction_hashes))

    def _outcome(self, receipt: Receipt | None) -> Outcome | None:
        if receipt is None:
            return None
        if not receipt.succeeded:
            return self._undone(receipt.transaction_hash, receipt.block_number)
        events = [event for event in map(self.chain.decode, receipt.logs) if event is not None]
        ours = [event for event in events if event.contract == ORACLE]
        return Outcome(
            receipt.block_number,
            answers=_answers(ours),
            facts=_facts(ours),
            reports=_reports(events),
            retracted=frozenset(_key(event) for event in ours if event.name == "VoteRetracted"),
        )

    def close(self) -> None:
        self.chain.close()

    def _undone(self, transaction_hash: bytes, block: int) -> Outcome:
        reverted = self.chain.transaction_revert(transaction_hash)
        # Without data a contract ran out of gas; GasTooLow says the same in the oracle's words.
        starved = reverted is None or reverted.name in ("GasTooLow", "RevertUnknown", "")
        return Outcome(block, reverted="" if reverted is None else str(reverted), out_of_gas=starved)


def connector(
    rpc_url: str, deployments: Path, timeout_seconds: float, watch: Watch | None = None
) -> Callable[[], NodeChain]:
    """What opens the network; raises NodeUnavailable or WrongNetwork. Over several nodes `watch` outlives what is
    opened: it refuses one of another network at the first time, and later sets it apart."""

    def connect() -> NodeChain:
        book = AddressBook.load(deployments)
        if watch is None:
            return Network(Chain.connect(rpc_url, book, timeout_seconds))
        if watch.has_looked and watch.switches:
            watch.serving()
        else:
            watch.check()
        return Network(Chain(SeveralNodes(watch), book))

    return connect


def _packable(vote: SignedVote) -> Vote:
    return Vote(vote.signer, vote.mask, vote.evidence, vote.signature)


def _key(event: Event) -> Key:
    arguments = event.arguments
    return Key(bytes(arguments["subject"]), int(arguments["milestone"]), int(arguments["sequence"]))


def _answers(events: Sequence[Event]) -> dict[Key, Refusal]:
    """A node's transaction carries its own vote alone, so what was counted or refused in it is this node's."""
    refused = {_key(event): Refusal(event.arguments["reason"]) for event in events if event.name == "VoteRefused"}
    return refused | {_key(event): Refusal.NONE for event in events if event.name in VOTE_EVENTS}


def _facts(events: Sequence[Event]) -> dict[Key, str]:
    return {_key(event): FACT_EVENTS[event.name] for event in events if event.name in FACT_EVENTS}


def _reports(events: Sequence[Event]) -> dict[ReportKey, str]:
    told = [event for event in events if event.contract == FEEDS]
    refused = {
        _report_key(event): FeedRefusal(event.arguments["reason"]).name
        for event in told
        if event.name == "ReportRefused"
    }
    return refused | {_report_key(event): "" for event in told if event.name in VALUE_EVENTS}


def _report_key(event: Event) -> ReportKey:
    arguments = event.arguments
    return ReportKey(bytes(arguments["policyId"]), bytes(arguments["subject"]), int(arguments["round"]))


def organisations(word: int) -> frozenset[int]:
    """The numbers in an OrganisationSet: 24 bits each from the lowest up; no organisation has the number 0."""
    found = set()
    while word:
        found.add(word & ORGANISATION)
        word >>= ORGANISATION_BITS
    return frozenset(found)
