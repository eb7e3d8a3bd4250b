"""What goods are worth to a lender, and how bad their condition is, by the words of IGoodsValuation, IFeedOracle and
IConditionGrades: from everything that was ever reported of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import (
    FactStatus,
    FeedKind,
    FeedStatus,
    GoodsGap,
    GradeRule,
    HaircutStep,
    ValuationTerms,
    condition_feed,
)
from model.calendar360 import BPS, DAY
from model.feeds import Feed
from model.lots import Exit, Lot, Stock

WORST = 5
GOODS_DIGITS = 3


@dataclass(frozen=True)
class Value:
    """Of a quantity in custody; `market`, `ceiling` and `value` in minor units of the currency asked for."""

    quantity: int = 0
    market: int = 0
    ceiling: int = 0
    value: int = 0
    grade: int = 0
    gap: GoodsGap = GoodsGap.NONE

    @property
    def in_a_call(self) -> int:
        """What silence hides counts for the owner when margin is called."""
        return self.value if self.gap == GoodsGap.NONE else self.ceiling


@dataclass
class Valuations:
    """`history` has every value of a condition, with its moment; `watched` at which place of it a lot was enrolled;
    `stock` what became of the goods."""

    stock: Stock = field(default_factory=Stock)
    feeds: dict[bytes, Feed] = field(default_factory=dict)
    terms: dict[str, ValuationTerms] = field(default_factory=dict)
    rules: dict[int, list[GradeRule]] = field(default_factory=dict)
    rules_of: dict[str, int] = field(default_factory=dict)
    graded: dict[bytes, int] = field(default_factory=dict)
    history: defaultdict[tuple[FeedKind, bytes], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    watched: dict[tuple[FeedKind, bytes], int] = field(default_factory=dict)

    # What is known

    def condition(self, kind: FeedKind, subject: bytes, now: int) -> tuple[FeedStatus, int]:
        """Whether it may be relied on, and the moment of the last reading."""
        feed = self.feeds.get(condition_feed(kind, subject))
        if feed is None:
            return FeedStatus.MISSING, 0
        status, _, observed_at = feed.standing(now)
        return status, observed_at

    def grade(self, subject: bytes, now: int) -> tuple[FeedStatus, int]:
        """Of each kind the dearest rule that it meets counts; kinds add up, to the worst at most."""
        status, total = FeedStatus.USABLE, 0
        rules = self.rules[self.graded[subject]]
        for kind in {rule.kind: None for rule in rules}:
            status = min(status, self.condition(kind, subject, now)[0])
            ours = [rule for rule in rules if rule.kind == kind]
            deepest, longest = self.worst(kind, subject, ours[0].low, ours[0].high)
            met = [r.steps for r in ours if deepest > r.deeper_than and longest >= r.long_seconds]
            total += max(met, default=0)
        return status, min(total, WORST)

    def worst(self, kind: FeedKind, subject: bytes, low: int, high: int) -> tuple[int, int]:
        """How far it was ever out of its range; how long at a time, until a value within it, since it is watched."""
        values = self.history[kind, subject]
        beyond = [max(low - value, value - high, 0) for value, _ in values]
        longest, out_since = 0, None
        for place in range(max(0, self.watched[kind, subject] - 1), len(values)):
            moment = values[place][1]
            if out_since is not None:
                longest = max(longest, moment - out_since)
            out_since = None if not beyond[place] else moment if out_since is None else out_since
        return max(beyond, default=0), longest

    # What it is worth

    def value_of(self, lot: Lot, quantity: int, currency: str, now: int) -> Value:
        if not quantity:
            return Value()
        terms = self.terms.get(lot.commodity)
        if terms is None:
            return Value(quantity, gap=GoodsGap.TERMS)
        price = self.feeds[terms.price_feed]
        if price.terms.base != lot.unit:
            return Value(quantity, gap=GoodsGap.UNIT)
        status, value, observed_at = price.standing(now)
        if status != FeedStatus.USABLE:
            return Value(quantity, gap=GoodsGap.PRICE)
        if not self._has_rate(price.terms.quote, currency, now):
            return Value(quantity, gap=GoodsGap.RATE)
        gross = _gross(quantity, value, price)

        known, seen, grade, oldest = self._condition_of(lot, terms, now)
        oldest = min(oldest, observed_at)
        lasting = self._lasting(lot, terms, grade, now)
        fresh = _reached(terms.staleness, max(0, now - oldest))

        def less(bps: int) -> int:
            return self.convert(math.floor(gross * Fraction(BPS - min(bps, BPS), BPS)), price, currency)

        return Value(
            quantity,
            market=self.convert(gross, price, currency),
            ceiling=less(lasting) if seen else 0,
            value=less(lasting + fresh) if known else 0,
            grade=grade,
            gap=GoodsGap.NONE if known else GoodsGap.CONDITION,
        )

    def last_ceiling_of(self, lot: Lot, quantity: int, currency: str, now: int) -> int:
        """The most that goods would be worth at the last price and rate, however old; 0 where one was never known."""
        terms = self.terms.get(lot.commodity)
        if not quantity or terms is None:
            return 0
        price = self.feeds[terms.price_feed]
        _, seen, grade, _ = self._condition_of(lot, terms, now)
        if price.terms.base != lot.unit or not price.round or not seen:
            return 0
        kept = BPS - self._lasting(lot, terms, grade, now)
        most = math.floor(_gross(quantity, price.value, price) * Fraction(kept, BPS))
        if price.terms.quote == currency:
            return most
        rate = self._rate(price.terms.quote, currency)
        inverse = rate.terms.base != price.terms.quote
        return rate.convert(most, inverse, in_full=True) if rate.round else 0

    def convert(self, amount: int, price: Feed, currency: str) -> int:
        """Out of the currency of the price."""
        if price.terms.quote == currency:
            return amount
        rate = self._rate(price.terms.quote, currency)
        return rate.convert(amount, inverse=rate.terms.base != price.terms.quote)

    def _rate(self, from_: str, to: str) -> Feed:
        rates = (feed for feed in self.feeds.values() if feed.rules.kind == FeedKind.FX)
        return next(feed for feed in rates if {feed.terms.base, feed.terms.quote} == {from_, to})

    def _has_rate(self, from_: str, to: str, now: int) -> bool:
        return from_ == to or self._rate(from_, to).standing(now)[0] == FeedStatus.USABLE

    def _condition_of(self, lot: Lot, terms: ValuationTerms, now: int) -> tuple[bool, bool, int, int]:
        """Whether it is known now, and has ever been; its grade; and the moment of the oldest that is known."""
        kinds = [kind for kind in FeedKind if terms.conditions >> kind & 1]
        known, seen, grade = not kinds and lot.commodity not in self.rules_of, not kinds, 0
        if lot.subject in self.graded:
            status, grade = self.grade(lot.subject, now)
            known, seen = status == FeedStatus.USABLE, True
        elif kinds or lot.commodity in self.rules_of:
            seen = False
        told = [self.condition(kind, lot.subject, now) for kind in kinds]
        known = known and all(status == FeedStatus.USABLE for status, _ in told)
        seen = seen and all(moment for _, moment in told)
        exits, loss = self.stock.gravest_exit(lot), self.stock.loss_of(lot)
        known = known and exits != Exit.ORDERED and loss in (FactStatus.NONE, FactStatus.FINAL)
        grade = WORST if exits == Exit.UNEXPLAINED or loss == FactStatus.FINAL else grade
        return known, seen, grade, min((moment for _, moment in told), default=now)

    @staticmethod
    def _lasting(lot: Lot, terms: ValuationTerms, grade: int, now: int) -> int:
        """What is taken off whatever the age of what is known. Haircuts add up."""
        if lot.expiry and now // DAY > lot.expiry - terms.days_before_expiry:
            return BPS
        age = _reached(terms.ages, (now - lot.entered_at) // DAY)
        return min(BPS, terms.haircut_bps + terms.grade_haircuts_bps[grade] + age)


def _reached(steps: Sequence[HaircutStep], age: int) -> int:
    """A step takes the place of those before it."""
    return max((step.haircut_bps for step in steps if step.from_ <= age), default=0)


def _gross(quantity: int, value: int, price: Feed) -> int:
    """At this value of the price, in minor units of its currency."""
    major = Fraction(quantity, 10**GOODS_DIGITS) * Fraction(value, 10**price.rules.decimals)
    return int(major * 10**price.terms.quote_digits)
