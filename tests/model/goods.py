"""Goods as collateral by the words of IInventoryCollateral: what they bear, margin calls and their cure, and sales."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from chain_node.client import GoodsGap, MarginTerms
from model.calendar360 import BPS
from model.lots import Stock
from model.valuation import Valuations, Value

MOST_LOTS = 8


@dataclass
class Call:
    """An open call for margin. `last_base` is what could be lent when the worth of the goods was last known."""

    deadline: int
    last_base: int
    round: int = 0
    sale_from: int = 0


@dataclass(frozen=True)
class Worth:
    value: int
    call_value: int
    market: int
    gap: GoodsGap


@dataclass
class Pledge:
    """What backs a financing, the lot that it was opened on first. `marks` is what a lot was worth on the market when
    that was last known, and how much of it."""

    financing: int
    pledgor: str
    currency: str
    rate_bps: int
    terms: MarginTerms
    lots: list[int]
    over: bool = False
    call: Call | None = None
    marks: dict[int, tuple[int, int]] = field(default_factory=dict)

    def bears(self, value: int) -> int:
        return math.floor(value * Fraction(self.rate_bps, BPS))

    @property
    def sale_end(self) -> int:
        return self.call.sale_from + self.terms.sale_seconds if self.call and self.call.sale_from else 0

    def price(self, lot: int, quantity: int, now: int) -> int:
        """The share falls in a straight line from start to floor, in whole bps rounded up, and so is the price; it is
        never nothing."""
        assert self.call
        elapsed = min(now - self.call.sale_from, self.terms.sale_seconds)
        fall = Fraction(elapsed * (self.terms.start_bps - self.terms.floor_bps), self.terms.sale_seconds)
        share = math.ceil(self.terms.start_bps - fall)
        of, market = self.marks[lot]
        return max(1, math.ceil(Fraction(market * quantity * share, of * BPS)))

    def least_bid(self, lot: int) -> int:
        return math.ceil(self.marks[lot][0] * Fraction(self.terms.least_bid_bps, BPS))


@dataclass
class Goods:
    """Lots, what they are worth, and what they back. `offers` are by their digest; `later` is what an event means once
    its transaction is over."""

    stock: Stock = field(default_factory=Stock)
    valuations: Valuations = field(default_factory=Valuations)
    rates: dict[int, int] = field(default_factory=dict)
    margin: dict[int, MarginTerms] = field(default_factory=dict)
    pledges: dict[int, Pledge] = field(default_factory=dict)
    offers: dict[bytes, Any] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.valuations.stock = self.stock

    def held(self, its: Pledge, lot: int) -> int:
        """What may still be sold or given back."""
        return self.stock.lots[lot].places[its.pledgor].pledged

    def any_held(self, its: Pledge, lot: int) -> int:
        return self.stock.lots[lot].places[its.pledgor].held

    def value_of(self, its: Pledge, lot: int, now: int, quantity: int | None = None) -> Value:
        """Of what is held, or of another quantity."""
        count = self.held(its, lot) if quantity is None else quantity
        return self.valuations.value_of(self.stock.lots[lot], count, its.currency, now)

    def worth(self, its: Pledge, now: int, instead: Mapping[int, int] | None = None) -> Worth:
        """`instead` has other quantities than those held, of lots that may not back it yet, too."""
        instead = instead or {}
        each = [self.value_of(its, lot, now, instead.get(lot)) for lot in dict.fromkeys([*its.lots, *instead])]
        gap = max((one.gap for one in each), default=GoodsGap.NONE)
        value = sum(one.value for one in each) if gap == GoodsGap.NONE else 0
        return Worth(value, sum(one.in_a_call for one in each), sum(one.market for one in each), gap)

    def worth_in_a_call(self, its: Pledge, now: int) -> Worth | None:
        """Goods without a price count at the last one that they had; none while nothing there has one."""
        worth = self.worth(its, now)
        if worth.gap <= GoodsGap.CONDITION:
            return worth
        silent = [lot for lot in its.lots if self.value_of(its, lot, now).gap > GoodsGap.CONDITION]
        if not any(self.held(its, lot) for lot in its.lots if lot not in silent):
            return None
        lots, currency = self.stock.lots, its.currency
        last = [self.valuations.last_ceiling_of(lots[lot], self.held(its, lot), currency, now) for lot in silent]
        return replace(worth, call_value=worth.call_value + sum(last))

    def base_of(self, number: int, now: int) -> int:
        its = self.pledges[number]
        return 0 if its.over else its.bears(self.worth(its, now).value)

    def cure_base(self, its: Pledge, now: int) -> int:
        """Down to which what is owed must come for a call to be over: silence does not end one."""
        assert its.call
        worth = self.worth(its, now)
        if worth.gap == GoodsGap.NONE:
            return its.bears(worth.value)
        last = its.call.last_base
        return min(last, its.bears(worth.call_value)) if worth.gap == GoodsGap.CONDITION else last

    def mark(self, its: Pledge, lot: int, now: int) -> None:
        """Goods whose price is not known keep the mark that they had."""
        one = self.value_of(its, lot, now)
        if one.gap <= GoodsGap.CONDITION:
            its.marks[lot] = one.quantity, one.market

    def settle(self) -> None:
        """At the end of a transaction."""
        self.stock.check()
        for each in self.later:
            each()
        self.later.clear()

    def watching(self, subject: bytes) -> int:
        """The financing that counts this consignment; 0 for none. No two may."""
        lots = self.stock.lots
        ours = [
            its.financing
            for its in self.pledges.values()
            if not its.over and any(lots[lot].subject == subject for lot in its.lots)
        ]
        assert len(ours) <= 1, f"{subject.hex()} counts twice"
        return ours[0] if ours else 0
