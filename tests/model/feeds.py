"""Feeds by the words of their interface: what a report makes of one, what of it may be relied on, and conversions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import FeedKind, FeedRules, FeedStatus, FeedTerms
from chain_node.vocabulary import FeedRefusal

BPS = 10_000
MOST_READINGS = 10
_WIDTH = 2**87


@dataclass(frozen=True)
class Observer:
    """Who signs, as the registry knows it; `is_active` is whether it may act now."""

    account: str
    organisation: int
    group: int
    roles: int
    is_active: bool


@dataclass(frozen=True)
class Given:
    """One reading of a report; `is_signed` is whether the observer has signed just that."""

    observer: Observer
    value: int
    observed_at: int
    is_signed: bool


@dataclass
class Verdict:
    """What a report comes to: whose readings were refused, in their order; and why the report was, or what it says."""

    refused: list[tuple[str, FeedRefusal]] = field(default_factory=list)
    reason: FeedRefusal = FeedRefusal.NONE
    value: int = 0
    observed_at: int = 0
    organisations: list[int] = field(default_factory=list)
    is_past: bool = False


@dataclass
class Feed:
    """A feed and its last value. `beneficiary` is the group whose readings never count; 0 of a price or a rate."""

    policy_id: bytes
    subject: bytes
    rules: FeedRules
    terms: FeedTerms
    beneficiary: int = 0
    value: int = 0
    least: int = 0
    greatest: int = 0
    observed_at: int = 0
    round: int = 0

    @property
    def is_condition(self) -> bool:
        return self.rules.kind not in (FeedKind.PRICE, FeedKind.FX)

    def judge(self, round: int, readings: Sequence[Given], now: int) -> Verdict:
        """What becomes of a report in a block of this moment; nothing is changed."""
        if round != self.round + 1:
            return Verdict(reason=FeedRefusal.ROUND_NOT_NEXT)
        if not 1 <= len(readings) <= MOST_READINGS:
            return Verdict(reason=FeedRefusal.READINGS_OUT_OF_RANGE)
        counted, verdict = list[Given](), Verdict()
        for reading in readings:
            reason = self._doubt(reading, counted, now, self._newer_than(readings[0]))
            if reason is FeedRefusal.NONE:
                counted.append(reading)
            else:
                verdict.refused.append((reading.observer.account, reason))
        verdict.organisations = [reading.observer.organisation for reading in counted]
        verdict.reason = self._objection(counted, now)
        if verdict.reason is FeedRefusal.NONE:
            verdict.value, verdict.observed_at = median(counted), min(reading.observed_at for reading in counted)
            verdict.is_past = verdict.observed_at <= self.observed_at
        return verdict

    def _newer_than(self, first: Given) -> int:
        """A report of a condition that begins with a reading of the past takes all that is newer than the watched
        period's begin: here no range is watched, and no period has begun."""
        return 0 if self.is_condition and first.observed_at <= self.observed_at else self.observed_at

    def take(self, verdict: Verdict) -> None:
        """Makes a verdict without objection the feed's next value."""
        if verdict.is_past:
            self.least, self.greatest = min(self.least, verdict.value), max(self.greatest, verdict.value)
            return
        first = self.round == 0
        self.value, self.observed_at, self.round = verdict.value, verdict.observed_at, self.round + 1
        if self.is_condition:
            self.least = self.value if first else min(self.least, self.value)
            self.greatest = self.value if first else max(self.greatest, self.value)

    def standing(self, now: int) -> tuple[FeedStatus, int, int]:
        """Status, value (0 unless usable) and moment."""
        if self.round == 0:
            return FeedStatus.MISSING, 0, 0
        if not self.terms.least <= self.value <= self.terms.greatest:
            return FeedStatus.MISSING, 0, self.observed_at
        if now > self.observed_at + self.rules.stale_after_seconds:
            return FeedStatus.STALE, 0, self.observed_at
        return FeedStatus.USABLE, self.value, self.observed_at

    def convert(self, amount: int, inverse: bool, *, in_full: bool = False) -> int:
        """At the present value: minor units of the quote for minor units of the base, or the other way. `in_full` is
        without the haircut."""
        rate = Fraction(self.value, 10**self.rules.decimals)
        rate *= Fraction(10**self.terms.quote_digits, 10**self.terms.base_digits)
        kept = 1 - Fraction(0 if in_full else self.terms.haircut_bps, BPS)
        return int(amount * (1 / rate if inverse else rate) * kept)

    def _doubt(self, reading: Given, counted: Sequence[Given], now: int, newer_than: int) -> FeedRefusal:
        its = reading.observer
        checks = (
            (FeedRefusal.VALUE_OUT_OF_RANGE, not -_WIDTH <= reading.value < _WIDTH),
            (FeedRefusal.IN_FUTURE, reading.observed_at > now + self.rules.clock_skew_seconds),
            (FeedRefusal.NOT_NEWER, reading.observed_at <= newer_than),
            (FeedRefusal.TOO_OLD, reading.observed_at < now - self.rules.max_age_seconds),
            (FeedRefusal.SIGNER_NOT_ADMITTED, not its.is_active),
            (FeedRefusal.ROLE_NOT_ELIGIBLE, its.roles & self.rules.eligible_roles == 0),
            (FeedRefusal.AFFILIATE_OF_BENEFICIARY, its.group == self.beneficiary),
            (FeedRefusal.ALREADY_COUNTED, its.organisation in {each.observer.organisation for each in counted}),
            (FeedRefusal.SEATS_TAKEN, len(counted) == self.rules.organisations),
            (FeedRefusal.SIGNATURE_INVALID, not reading.is_signed),
        )
        return next((reason for reason, applies in checks if applies), FeedRefusal.NONE)

    def _objection(self, counted: Sequence[Given], now: int) -> FeedRefusal:
        if len(counted) < self.rules.threshold:
            return FeedRefusal.QUORUM_NOT_REACHED
        roles = 0
        for reading in counted:
            roles |= reading.observer.roles
        if self.rules.required_roles & ~roles:
            return FeedRefusal.ROLE_MISSING
        value, values = median(counted), [reading.value for reading in counted]
        if not self.terms.least <= value <= self.terms.greatest:
            return FeedRefusal.VALUE_OUT_OF_BAND
        if not self._is_within(max(values) - min(values), self.rules.most_spread, value):
            return FeedRefusal.SPREAD_TOO_WIDE
        if min(reading.observed_at for reading in counted) <= self.observed_at:
            return FeedRefusal.NONE
        is_fresh = self.round and now <= self.observed_at + self.rules.stale_after_seconds
        if is_fresh and not self._is_within(abs(value - self.value), self.rules.most_move, self.value):
            return FeedRefusal.MOVE_TOO_GREAT
        return FeedRefusal.NONE

    def _is_within(self, distance: int, most: int, value: int) -> bool:
        """Of a price or a rate in bps of the value, of a condition in its own unit."""
        return distance <= (most if self.is_condition else Fraction(most * value, BPS))


def median(counted: Sequence[Given]) -> int:
    """The middle value; of an even number the lower of the middle two, which somebody has signed."""
    values = sorted(reading.value for reading in counted)
    while len(values) > 2:
        values = values[1:-1]
    return values[0]
