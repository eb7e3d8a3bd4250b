"""FeedOracle and ConditionGrades: prices, rates and conditions, and the grades of goods that come of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from chain_node.client.contract import Contract
from chain_node.client.reading import Report
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import FeedKind, FeedStatus

_NO_SUBJECT = bytes(32)


@dataclass(frozen=True)
class FeedRules:
    """How a feed is reported; see `IFeedOracle.Rules`. Roles are bits of `Role`; a version of 0 means no policy."""

    kind: FeedKind
    decimals: int
    threshold: int
    organisations: int
    eligible_roles: int
    required_roles: int
    version: int
    most_spread: int
    most_move: int
    stale_after_seconds: int
    max_age_seconds: int
    clock_skew_seconds: int
    heartbeat_seconds: int


@dataclass(frozen=True)
class FeedTerms:
    """What a feed's values mean, and their band; see `IFeedOracle.Terms`. Codes are empty where there is none."""

    least: int
    greatest: int
    base: str = ""
    quote: str = ""
    base_digits: int = 0
    quote_digits: int = 0
    haircut_bps: int = 0


@dataclass(frozen=True)
class FeedRecord:
    """The last value of a feed, usable or not. The extremes are of conditions only; `round` 0 before any report."""

    value: int
    least: int
    greatest: int
    observed_at: int
    round: int
    beneficiary: int


@dataclass(frozen=True)
class FeedValue:
    """What may be relied on now; `value` is 0 unless usable, `observed_at` in Unix seconds."""

    status: FeedStatus
    value: int
    observed_at: int


@dataclass(frozen=True)
class Excursion:
    """How far and how long a condition was out of its range; `since` 0 where it is not watched."""

    low: int
    high: int
    deepest: int
    longest_seconds: int
    outside_since: int
    last_outside_at: int
    since: int


@dataclass(frozen=True)
class GradeRule:
    """What a breach of a commodity's range costs; see `IConditionGrades.Rule`."""

    kind: FeedKind
    low: int
    high: int
    deeper_than: int
    long_seconds: int
    steps: int


@dataclass(frozen=True)
class GradedLot:
    """A lot that is graded; `rules_version` 0 where it is not."""

    commodity: bytes
    rules_version: int
    set_grade: int
    noted_grade: int
    last_inspection: int


class Feeds(Contract):
    """Prices, exchange rates and measured conditions."""

    interface_name = "FeedOracle"

    def set_policy(self, policy_id: bytes, rules: FeedRules, terms: FeedTerms) -> Call:
        return self.call("setPolicy", policy_id, astuple(rules), astuple(terms))

    def close_band(self, policy_id: bytes) -> Call:
        """Stops a feed at once, until its policy is set again."""
        return self.call("closeBand", policy_id)

    def set_keeper(self, keeper: str) -> Call:
        return self.call("setKeeper", keeper)

    def report(self, report: Report) -> Call:
        """Takes one report; anyone may relay it."""
        return self.call("report", report.packed())

    def report_all(self, reports: Sequence[Report]) -> Call:
        """Several reports, each judged on its own."""
        return self.call("reportAll", [report.packed() for report in reports])

    def reports_sent(self, transaction_hash: bytes) -> list[dict[str, Any]]:
        """The reports that a transaction handed to the oracle, in the contract's fields, each with its signed readings;
        none where it called another contract, or the oracle something else."""
        sent = self.node.request("eth_getTransactionByHash", "0x" + transaction_hash.hex())
        if not sent or str(sent.get("to", "")).lower() != self.address.lower():
            return []
        data = bytes.fromhex(str(sent["input"])[2:])
        for name in ("report", "reportAll"):
            kind = self.interface.functions[name]
            if data[:4] == kind.selector:
                (told,) = kind.inputs.decode(data[4:]).values()
                return [told] if name == "report" else list(told)
        return []

    def latest(self, feed: bytes, block: BlockTag = "latest") -> FeedValue:
        """What may be relied on of a price or a rate."""
        return FeedValue(*self.read("latest", feed, block=block))

    def condition(self, kind: FeedKind, subject: bytes, block: BlockTag = "latest") -> FeedValue:
        """What may be relied on of a consignment's condition."""
        return FeedValue(*self.read("condition", int(kind), subject, block=block))

    def convert(self, amount: int, base: str, quote: str, block: BlockTag = "latest") -> int:
        """Minor units of `quote` for minor units of `base`, less the haircut, rounded down. Raises `RateNotUsable`."""
        return self._number("convert", amount, base, quote, block=block)

    def record(self, feed: bytes, block: BlockTag = "latest") -> FeedRecord:
        return self._struct(FeedRecord, "record", feed, block=block)

    def excursion(self, kind: FeedKind, subject: bytes, block: BlockTag = "latest") -> Excursion:
        return self._struct(Excursion, "excursion", int(kind), subject, block=block)

    def policy(self, policy_id: bytes, block: BlockTag = "latest") -> tuple[FeedRules, FeedTerms]:
        rules, terms = self.read("policy", policy_id, block=block)
        return FeedRules(*rules.values()), FeedTerms(*terms.values())

    def due_at(self, policy_id: bytes, subject: bytes = _NO_SUBJECT, block: BlockTag = "latest") -> int:
        """Unix seconds from which the next report is due; 0 where there was none."""
        return self._number("dueAt", policy_id, subject, block=block)

    def reading_digest(
        self,
        policy_id: bytes,
        *,
        round: int,
        value: int,
        observed_at: int,
        subject: bytes = _NO_SUBJECT,
        block: BlockTag = "latest",
    ) -> bytes:
        return bytes(self.read("readingDigest", policy_id, subject, round, value, observed_at, block=block)[0])


class Grades(Contract):
    """The condition of goods as a grade, 0 (as it should be) to 5 (lends nothing)."""

    interface_name = "ConditionGrades"

    def set_rules(self, commodity: bytes, rules: Sequence[GradeRule]) -> Call:
        return self.call("setRules", commodity, [astuple(rule) for rule in rules])

    def list_enroller(self, enroller: str, listed: bool) -> Call:
        return self.call("listEnroller", enroller, listed)

    def list_inspector(self, organisation: int, listed: bool) -> Call:
        return self.call("listInspector", organisation, listed)

    def assess(self, subject: bytes) -> Call:
        """Notes the grade if it has become worse; anyone may."""
        return self.call("assess", subject)

    def regrade(self, subject: bytes, sequence: int, grade: int) -> Call:
        """Sets the grade by an INSPECTED fact. Listed inspectors only."""
        return self.call("regrade", subject, sequence, grade)

    def grade_of(self, subject: bytes, block: BlockTag = "latest") -> tuple[FeedStatus, int]:
        """Usable only where every condition that the rules ask for is; and the grade."""
        status, grade = self.read("gradeOf", subject, block=block)
        return FeedStatus(status), int(grade)

    def lot(self, subject: bytes, block: BlockTag = "latest") -> GradedLot:
        return self._struct(GradedLot, "lot", subject, block=block)

    def rules_of(self, version: int, block: BlockTag = "latest") -> tuple[bytes, list[GradeRule]]:
        """The commodity whose rules have that number, and the rules; 32 zero bytes and none where there are none."""
        commodity, rows = self.read("rulesOf", version, block=block)
        return bytes(commodity), [GradeRule(*row.values()) for row in rows]

    def rules_version_of(self, commodity: bytes, block: BlockTag = "latest") -> int:
        return self._number("rulesVersionOf", commodity, block=block)
