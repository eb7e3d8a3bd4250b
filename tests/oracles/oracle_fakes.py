"""A network in memory and papers to drop, for tests of the oracle daemon that open no socket."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from oracle_withdrawals import Withdrawal, objection

from chain_node.client import (
    Call,
    Fact,
    FactStatus,
    FeedKind,
    FeedRecord,
    FeedRules,
    FeedTerms,
    Membership,
    Milestone,
    Observation,
    Policy,
    Refusal,
    Report,
    Role,
    Vote,
    condition_feed,
    condition_policy,
)
from chain_node.errors import (
    AlreadyKnown,
    ChainError,
    ContractReverted,
    NodeUnavailable,
    NonceTooLow,
    RequestRefused,
)
from chain_node.references import NetworkKey, reference
from oracles.chain import Changes, CountedVotes, FeedKey, Head, Key, Outcome, ReportKey, SignedVote
from oracles.rules.readings import Offer, ReadingStanding, chosen, current

LEI = "999900SOUNDERSURVY30"
NETWORK_KEY = NetworkKey(bytes(range(32)))
NODE_ACCOUNT = Account.from_key("0x" + "11" * 32)
SUBJECT = b"\x01" * 32
OTHER_SUBJECT = b"\x02" * 32
ORDER = "PO-2026-0815"
NOON = datetime(2026, 5, 28, 12, 0, tzinfo=UTC)
OPEN = Fact(0, 0, 0, 0, 0, 0, FactStatus.NONE)
NOBODY = Membership(organisation=0, group=0, roles=0, expires_at=0, suspended=False, frozen=False)
WAREHOUSE = Membership(
    organisation=7, group=7, roles=int(Role.WAREHOUSE), expires_at=2**39, suspended=False, frozen=False
)
POLICY = Policy(
    threshold=2,
    eligible_roles=int(Role.WAREHOUSE | Role.INSPECTOR),
    required_roles=int(Role.WAREHOUSE),
    tolerance_bps=200,
    max_age_seconds=90 * 86_400,
    clock_skew_seconds=300,
    dispute_window_seconds=0,
)
TEMPERATURE_RULES = FeedRules(
    kind=FeedKind.TEMPERATURE,
    decimals=3,
    threshold=3,
    organisations=4,
    eligible_roles=int(Role.WAREHOUSE | Role.INSPECTOR | Role.CARRIER | Role.SENSOR),
    required_roles=int(Role.SENSOR),
    version=1,
    most_spread=3_000,
    most_move=40_000,
    stale_after_seconds=86_400,
    max_age_seconds=7_200,
    clock_skew_seconds=60,
    heartbeat_seconds=14_400,
)
NO_FEED = replace(TEMPERATURE_RULES, version=0)
NO_VALUE = FeedRecord(0, 0, 0, 0, 0, 0)
FEEDS_ADDRESS = "0x0000000000000000000000000000000000000077"
ORACLE_ADDRESS = "0x00000000000000000000000000000000000000AA"


def keyed(kind: str, value: str) -> bytes:
    return reference(NETWORK_KEY, kind, value)


@dataclass
class FakeChain:
    """Votes are counted when `mine` is called. `away` makes every question fail; `refuse` answers votes with that."""

    name: str = "fake"
    chain_id: int = 412346
    oracle_address: str = ORACLE_ADDRESS
    now: datetime = NOON
    member: Membership = WAREHOUSE
    away: bool = False
    switches: int = 0
    refuse: Refusal = Refusal.NONE
    revert_next: Outcome | None = None
    needed_gas: int = 100_000
    policies: dict[int, Policy] = field(default_factory=lambda: dict.fromkeys(map(int, Milestone), POLICY))
    links: dict[bytes, bytes] = field(default_factory=lambda: {keyed("order", ORDER): SUBJECT})
    beneficiaries: dict[bytes, int] = field(default_factory=lambda: {SUBJECT: 3, OTHER_SUBJECT: 4})
    facts: dict[Key, Fact] = field(default_factory=dict)
    voted: dict[Key, list[int]] = field(default_factory=dict)
    counted: list[tuple[Key, int, bytes]] = field(default_factory=list)
    block: int = 10
    pool: dict[int, bytes] = field(default_factory=dict)
    count: int = 0
    sent: list[bytes] = field(default_factory=list)
    settled: dict[bytes, Outcome] = field(default_factory=dict)
    linked_at: dict[bytes, int] = field(default_factory=dict)
    rules_changed_at: int = -1
    closed: int = 0
    calls: dict[bytes, tuple[Sequence[Observation], Sequence[Vote]]] = field(default_factory=dict)
    counted_votes: list[CountedVotes] = field(default_factory=list)
    behind: int | None = 0
    forked_at: int = 2**40
    """Blocks from here on are others than they were."""
    withdrawals: dict[bytes, Withdrawal] = field(default_factory=dict)
    withdrawn: dict[Key, list[int]] = field(default_factory=dict)
    retracted: list[tuple[Key, bytes]] = field(default_factory=list)
    feed_oracle_address: str = FEEDS_ADDRESS
    feed_rules: dict[bytes, FeedRules] = field(
        default_factory=lambda: {condition_policy(FeedKind.TEMPERATURE): TEMPERATURE_RULES}
    )
    feed_terms: FeedTerms = field(default_factory=lambda: FeedTerms(-80_000, 80_000))
    records: dict[bytes, FeedRecord] = field(default_factory=dict)
    others: dict[str, Membership] = field(default_factory=dict)
    reports: dict[bytes, Report] = field(default_factory=dict)
    counted_readings: dict[ReportKey, frozenset[int]] = field(default_factory=dict)
    past_readings: list[tuple[int, ReportKey, frozenset[int]]] = field(default_factory=list)
    past_values: list[tuple[ReportKey, int, int]] = field(default_factory=list)
    periods: dict[bytes, int] = field(default_factory=dict)

    # What tests do to it

    def link(self, kind: str, value: str, subject: bytes = SUBJECT) -> None:
        self.block += 1
        self.links[keyed(kind, value)] = subject
        self.linked_at[keyed(kind, value)] = self.block

    def admit(self, member: Membership) -> None:
        self.block += 1
        self.member = member
        self.rules_changed_at = self.block

    def mine(self) -> None:
        """One block with everything from the pool that is next in the lane."""
        self.block += 1
        while self.count in self.pool:
            raw = self.pool.pop(self.count)
            self.count += 1
            self.settled[transaction_hash(raw)] = self._execute(raw)

    def lose(self, raw: bytes) -> None:
        """The newest transaction's block is no longer of the chain: it waits for another one."""
        observations, _ = self.calls[bytes(fields_of(raw)["data"])]
        for key in map(key_of, observations):
            self.voted[key].remove(self.member.organisation)
            self.counted = [counted for counted in self.counted if counted[0] != key]
        self.count -= 1
        self.pool[self.count] = raw
        del self.settled[transaction_hash(raw)]

    def take_back(self) -> None:
        """All blocks are others now: every transaction is gone, and waits nowhere."""
        self.forked_at, self.block, self.count = 0, self.block + 1, 0
        for gone in (self.pool, self.settled, self.voted, self.counted, self.counted_votes, self.retracted):
            gone.clear()
        self.withdrawn.clear()

    def _execute(self, raw: bytes) -> Outcome:
        if self.revert_next is not None:
            outcome, self.revert_next = self.revert_next, None
            return replace(outcome, block=self.block)
        data = bytes(fields_of(raw)["data"])
        if data in self.reports:
            return Outcome(self.block, reports=self._report(self.reports[data]))
        if data in self.withdrawals:
            return self._withdraw(self.withdrawals[data])
        observations, votes = self.calls[data]
        answers = {}
        for place, item in enumerate(observations):
            for vote in votes:
                if vote.mask >> place & 1:
                    answers[key_of(item)] = self._answer(item, vote)
        return Outcome(self.block, answers=answers)

    def _answer(self, item: Observation, vote: Vote) -> Refusal:
        key, organisation = key_of(item), self.membership(vote.signer, "", 0).organisation
        if self.refuse is not Refusal.NONE:
            return self.refuse
        if organisation in self.withdrawn.get(key, []):
            return Refusal.VOTE_WITHDRAWN
        if organisation in self.voted.setdefault(key, []):
            return Refusal.ALREADY_VOTED
        self.voted[key].append(organisation)
        self.counted.append((key, item.quantity, vote.evidence))
        self.counted_votes.append(CountedVotes(key, self.block, frozenset({organisation}), final=False))
        return Refusal.NONE

    def _withdraw(self, its: Withdrawal) -> Outcome:
        error = self._objection(its, NODE_ACCOUNT.address)
        if error is not None:
            return Outcome(self.block, reverted=str(error))
        key = key_of(its.item)
        self.retracted.append((key, its.evidence))
        fact = self.facts.get(key, OPEN)
        if fact.status is FactStatus.FINAL:
            self.facts[key] = replace(fact, status=FactStatus.DISPUTED)
            return Outcome(self.block, retracted=frozenset({key}), facts={key: "disputed"})
        self.voted[key].remove(self.member.organisation)
        self.withdrawn.setdefault(key, []).append(self.member.organisation)
        return Outcome(self.block, retracted=frozenset({key}), facts={})

    def _objection(self, its: Withdrawal, account: str) -> ContractReverted | None:
        key, caller = key_of(its.item), self.membership(account, "", 0)
        signer, fact = self.membership(its.vote.signer, "", 0), self.facts.get(key, OPEN)
        return objection(its, account, caller, signer, fact, self.voted.get(key, []))

    def _report(self, report: Report) -> dict[ReportKey, str]:
        key = ReportKey(report.policy_id, report.subject, report.round)
        taken = self._taken(report)
        if not taken:
            return {key: "ROUND_NOT_NEXT"}
        if self._is_past(report):
            value = taken[(len(taken) - 1) // 2].value
            self.past_values.append((key, value, min(offer.observed_at for offer in taken)))
            joined = frozenset(offer.membership.organisation for offer in taken)
            self.past_readings.append((self.block, key, joined))
            return {key: ""}
        feed = self._feed(report)
        values = [offer.value for offer in taken]
        oldest = min(offer.observed_at for offer in taken)
        self.records[feed] = FeedRecord(values[(len(values) - 1) // 2], 0, 0, oldest, report.round, 0)
        self.counted_readings[key] = frozenset(offer.membership.organisation for offer in taken)
        return {key: ""}

    def _taken(self, report: Report) -> list[Offer]:
        """What of a report counts; nothing where it is late, the quorum is missing or the spread too wide."""
        rules, record = self.feed_rules[report.policy_id], self.records.get(self._feed(report), NO_VALUE)
        if report.round != record.round + 1:
            return []
        group = self.beneficiaries.get(report.subject, 0)
        standing = ReadingStanding(int(self.now.timestamp()), NOBODY, group, rules, self.feed_terms, record)
        if rules.kind > FeedKind.FX:
            standing = replace(standing, period_since=self.periods.get(self._feed(report), 0))
        offers = [
            Offer(number, self.membership(its.signer, "", 0), its.value, its.observed_at)
            for number, its in enumerate(report.readings)
        ]
        # A report that begins with a late reading is of the past; in another one late readings do not count.
        taken = chosen(offers if self._is_past(report) else current(offers, standing), standing)
        return taken if taken and taken[-1].value - taken[0].value <= rules.most_spread else []

    def _is_past(self, report: Report) -> bool:
        record = self.records.get(self._feed(report), NO_VALUE)
        return bool(record.round) and report.readings[0].observed_at <= record.observed_at

    def _feed(self, report: Report) -> bytes:
        kind = self.feed_rules[report.policy_id].kind
        return condition_feed(kind, report.subject) if kind > FeedKind.FX else report.policy_id

    # What the daemon asks

    def _ask(self) -> None:
        if self.away:
            raise NodeUnavailable("http://127.0.0.1:1", "refused")

    def head(self) -> Head:
        self._ask()
        return Head(self.block, int(self.now.timestamp()), self._hash(self.block))

    def block_hash(self, number: int) -> bytes | None:
        self._ask()
        return self._hash(number) if number <= self.block else None

    def _hash(self, number: int) -> bytes:
        return bytes([number >= self.forked_at]) + number.to_bytes(31)

    def blocks_behind(self) -> int | None:
        self._ask()
        return self.behind

    def changes(self, from_block: int, to_block: int) -> Changes:
        self._ask()
        inside = range(from_block, to_block + 1)
        linked = frozenset(reference for reference, block in self.linked_at.items() if block in inside)
        return Changes(linked, self.rules_changed_at in inside)

    def subject_of(self, reference: bytes, block: int) -> bytes | None:
        self._ask()
        return self.links.get(reference)

    def beneficiary_group(self, subject: bytes, block: int) -> int:
        return self.beneficiaries[subject]

    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]:
        return [self.subject_of(its, block) for its in references]

    def beneficiary_groups(self, subjects: Sequence[bytes], block: int) -> Sequence[int]:
        return [self.beneficiary_group(its, block) for its in subjects]

    def facts_of(self, keys: Sequence[Key], block: int) -> Sequence[Fact]:
        return [self.fact(key, block) for key in keys]

    def tallies(self, keys: Sequence[Key], block: int) -> Sequence[tuple[Fact, Sequence[int]]]:
        return [(self.fact(key, block), self.voters(key, block)) for key in keys]

    def membership(self, account: str | None, lei: str, block: int) -> Membership:
        return self.others.get(account or "", self.member)

    def policy(self, milestone: int, block: int) -> Policy:
        return self.policies[int(milestone)]

    def fact(self, key: Key, block: int) -> Fact:
        return self.facts.get(key, OPEN)

    def voters(self, key: Key, block: int) -> Sequence[int]:
        return self.voted.get(key, [])

    def feed_policy(self, policy_id: bytes, block: int) -> tuple[FeedRules, FeedTerms]:
        return self.feed_rules.get(policy_id, NO_FEED), self.feed_terms

    def feed_record(self, key: FeedKey, block: int) -> FeedRecord:
        return self.records.get(key.feed, NO_VALUE)

    def feed_period(self, key: FeedKey, block: int) -> int:
        return self.periods.get(key.feed, 0)

    def past_counted(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int]:
        its = ReportKey(key.policy_id, key.subject, round)
        found = [
            joined for block, told, joined in self.past_readings if told == its and from_block <= block <= to_block
        ]
        return frozenset().union(*found)

    def counted_in(self, key: FeedKey, round: int, from_block: int, to_block: int) -> frozenset[int] | None:
        return self.counted_readings.get(ReportKey(key.policy_id, key.subject, round))

    def report(self, report: Report) -> Call:
        data = keccak(repr(report.packed()).encode())
        self.reports[data] = report
        return Call(FEEDS_ADDRESS, data, "FeedOracle.report")  # type: ignore[arg-type]

    def would_hold(self, report: Report, account: str) -> bool:
        self._ask()
        return bool(self._taken(report))

    def nonce(self, account: str) -> int:
        self._ask()
        return self.count

    def votes(self, from_block: int, to_block: int) -> Sequence[CountedVotes]:
        self._ask()
        return [its for its in self.counted_votes if from_block <= its.block <= to_block]

    def attest(self, observations: Sequence[Observation], votes: Sequence[Vote]) -> Call:
        data = keccak(b"".join(vote.signature for vote in votes))
        self.calls[data] = (observations, votes)
        return Call(ORACLE_ADDRESS, data, "MilestoneOracle.attest")  # type: ignore[arg-type]

    def retract(self, vote: SignedVote, place: int, evidence: bytes) -> Call:
        data = keccak(vote.signature + bytes([place]) + evidence)
        self.withdrawals[data] = Withdrawal(vote, place, evidence)
        return Call(ORACLE_ADDRESS, data, "MilestoneOracle.retract")  # type: ignore[arg-type]

    def gas(self, account: str, call: Call) -> int:
        self._ask()
        its = self.withdrawals.get(bytes(call.data))
        error = self._objection(its, account) if its is not None else None
        if error is not None:
            raise error
        return self.needed_gas

    def gas_of(self, account: str, calls: Sequence[Call]) -> Sequence[int | ChainError]:
        return [self._gas_or_error(account, call) for call in calls]

    def _gas_or_error(self, account: str, call: Call) -> int | ChainError:
        try:
            return self.gas(account, call)
        except (ContractReverted, RequestRefused) as error:
            return error

    def send(self, raw: bytes) -> None:
        self._ask()
        nonce = int(fields_of(raw)["nonce"])
        if nonce < self.count:
            raise NonceTooLow(f"nonce too low: next is {self.count}")
        if self.pool.get(nonce) == raw:
            raise AlreadyKnown("already known")
        self.sent.append(raw)
        self.pool[nonce] = raw

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        self._ask()
        return self.settled.get(transaction_hash)

    def outcomes(self, transaction_hashes: Sequence[bytes]) -> Iterator[Outcome | None]:
        return map(self.outcome, transaction_hashes)

    def close(self) -> None:
        self.closed += 1


def key_of(item: Observation) -> Key:
    return Key(item.subject, item.milestone, item.sequence)


def fields_of(raw: bytes) -> dict[str, Any]:
    return dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())


def transaction_hash(raw: bytes) -> bytes:
    return keccak(raw)


_numbers = itertools.count(1)


def epcis_event(
    step: str = "receiving",
    *,
    at: datetime = NOON - timedelta(hours=1),
    quantity: float | None = 950,
    order: str | None = ORDER,
    **more: Any,
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": step,
        "epcList": [],
    }
    if quantity is not None:
        event["quantityList"] = [{"epcClass": "https://id.gs1.org/01/04012345101010", "quantity": quantity}]
    if order is not None:
        event["bizTransactionList"] = [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000023:{order}"}]
    return event | more


def epcis(*events: dict[str, Any]) -> bytes:
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-28T08:05:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(document).encode()


def declared_error(event: dict[str, Any], reason: str = "did_not_occur") -> dict[str, Any]:
    return event | {"errorDeclaration": {"declarationTime": NOON.isoformat(), "reason": reason}}


def dcsa_departure(classifier: str = "ACT", *, at: datetime = NOON - timedelta(hours=2), order: str = ORDER) -> bytes:
    event = {
        "eventID": f"5f0c1d52-7a4e-4c7b-9d0a-{next(_numbers):012d}",
        "eventCreatedDateTime": (at + timedelta(minutes=5)).isoformat(),
        "eventType": "TRANSPORT",
        "eventClassifierCode": classifier,
        "eventDateTime": at.isoformat(),
        "transportEventTypeCode": "DEPA",
        "transportCall": {"transportCallID": "CALL-1", "modeOfTransport": "VESSEL"},
        "references": [{"referenceType": "PO", "referenceValue": order}],
    }
    return json.dumps([event]).encode()


RECEIPT_ADVICE = """<?xml version="1.0" encoding="UTF-8"?>
<ReceiptAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:ReceiptAdvice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:fdc:peppol.eu:logistics:trns:receipt_advice:1</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>2026-05-28</cbc:IssueDate>
  <cbc:IssueTime>11:00:00Z</cbc:IssueTime>
  <cbc:DocumentStatusCode>{status}</cbc:DocumentStatusCode>
  <cbc:ReceiptAdviceTypeCode>{type_code}</cbc:ReceiptAdviceTypeCode>
  <cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference>
  {lines}
</ReceiptAdvice>"""
RECEIPT_LINE = """<cac:ReceiptLine>
    <cbc:ID>{number}</cbc:ID>
    <cbc:ReceivedQuantity unitCode="C62">{received}</cbc:ReceivedQuantity>
    <cbc:RejectedQuantity unitCode="C62">{rejected}</cbc:RejectedQuantity>
    <cac:Item><cbc:Name>Goods</cbc:Name></cac:Item>
  </cac:ReceiptLine>"""


def receipt_advice(
    *lines: tuple[int, int], number: str = "RA-1", status: str = "9", type_code: str = "S", order: str = ORDER
) -> bytes:
    """Lines are (received, rejected) pieces."""
    body = "\n".join(
        RECEIPT_LINE.format(number=place, received=received, rejected=rejected)
        for place, (received, rejected) in enumerate(lines or ((950, 0),), 1)
    )
    return RECEIPT_ADVICE.format(number=number, status=status, type_code=type_code, order=order, lines=body).encode()


def temperature(celsius: float, at: datetime = NOON - timedelta(minutes=10), **more: Any) -> dict[str, Any]:
    """An event of a sensor: what it measured of the consignment of the order."""
    report = {"type": "Temperature", "value": celsius, "uom": "CEL"}
    elements = [{"sensorMetadata": {"time": at.isoformat()}, "sensorReport": [report]}]
    return epcis_event("sensor_reporting", at=at, quantity=None, sensorElementList=elements, **more)


def price_list(value: str, at: datetime = NOON - timedelta(minutes=10), name: str = "cocoa") -> bytes:
    prices = [{"name": name, "unit": "TNE", "currency": "EUR", "value": value}]
    return json.dumps({"type": "PriceList", "observedAt": at.isoformat(), "prices": prices}).encode()
