"""Currencies exchanged at funded quotes, by the words of their interface: what a rate locks, what an amount gets. Sides
are the dealer's: it sells one currency and buys the other. Amounts are minor units."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import FeedStatus
from model.feeds import BPS, Feed
from model.invoices import NOBODY

LONGEST_QUOTE = 730 * 86_400


@dataclass
class Quote:
    """`left` is of the currency that its dealer sells; `gets_base` tells whether that is the feed's base currency."""

    id: int
    dealer: str
    taker: str
    organisation: int
    sold: str
    bought: str
    rate: int
    left: int
    expires_at: int
    gets_base: bool

    def is_live(self, now: int) -> bool:
        return self.left > 0 and now < self.expires_at


@dataclass
class Position:
    free: int = 0
    locked: int = 0


@dataclass
class Joined:
    """A financing whose collateral is in another currency than its pool: `quote` is the one reserved, 0 for none."""

    from_: str
    to: str
    quote: int = 0


@dataclass
class Exchange:
    """All quotes and positions. `feed` is the rate's; `markets` are the currencies sold and bought by number, `places`
    the quotes to everybody by organisation. `expected` are the exchanges that an operation has worked out before it is
    sent (quote, paid, received), `proceeds` what a financing's money was sold for until it is forwarded."""

    feed: Feed | None = None
    band_bps: int = 0
    markets: dict[int, tuple[str, str]] = field(default_factory=dict)
    quotes: dict[int, Quote] = field(default_factory=dict)
    places: defaultdict[tuple[str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    positions: defaultdict[tuple[str, str], Position] = field(default_factory=lambda: defaultdict(Position))
    accepted: set[tuple[int, str]] = field(default_factory=set)
    joined: dict[int, Joined] = field(default_factory=dict)
    proceeds: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    expected: list[tuple[int, int, int]] | None = None

    # Rates

    @property
    def rates(self) -> Feed:
        assert self.feed is not None
        return self.feed

    def is_usable(self, now: int) -> bool:
        return self.rates.standing(now)[0] is FeedStatus.USABLE

    def sells_base(self, sold: str) -> bool:
        return sold == self.rates.terms.base

    def per_unit(self, rate: int, gets_base: bool) -> Fraction:
        """Minor units of what is got for one of what is paid."""
        terms = self.rates.terms
        quote_for_base = Fraction(rate, 10**self.rates.rules.decimals)
        quote_for_base *= Fraction(10**terms.quote_digits, 10**terms.base_digits)
        return 1 / quote_for_base if gets_base else quote_for_base

    def floor(self, gets_base: bool) -> Fraction:
        """The feed's last rate less its haircut."""
        return self.per_unit(self.rates.value, gets_base) * (1 - Fraction(self.rates.terms.haircut_bps, BPS))

    def is_fair(self, its: Quote, now: int) -> bool:
        return self.is_usable(now) and self.per_unit(its.rate, its.gets_base) >= self.floor(its.gets_base)

    def is_in_band(self, rate: int) -> bool:
        return abs(rate - self.rates.value) * BPS <= self.rates.value * self.band_bps

    # Exchanges

    def amount_at(self, its: Quote, amount: int) -> int:
        return math.floor(amount * self.per_unit(its.rate, its.gets_base))

    def taken(self, its: Quote, most: int) -> tuple[int, int]:
        """What is paid and received where at most so much is to be paid: to the quote's end, or a part of it."""
        to_its_end = math.ceil(its.left / self.per_unit(its.rate, its.gets_base))
        if most >= to_its_end:
            return to_its_end, its.left
        received = self.amount_at(its, most)
        return (most, received) if received else (0, 0)

    def best(self, sold: str, bought: str, most: int, resting: set[str], now: int) -> list[tuple[int, int, int]]:
        """The exchanges at the fair quotes that are offered to everybody, the best of them first."""
        fit = [self.quotes[id] for id in self.places[sold, bought].values()]
        fit = [its for its in fit if its.is_live(now) and self.is_fair(its, now) and its.dealer not in resting]
        fit.sort(key=lambda its: self.per_unit(its.rate, its.gets_base), reverse=True)
        done = []
        for its in fit:
            paid, received = self.taken(its, most) if most else (0, 0)
            if paid:
                done.append((its.id, paid, received))
                most -= paid
        return done

    def book(self, id: int, paid: int, received: int) -> None:
        its = self.quotes[id]
        its.left -= received
        sold = self.positions[its.dealer, its.sold]
        sold.locked -= received
        assert sold.locked >= 0
        self.positions[its.dealer, its.bought].free += paid

    def end(self, id: int) -> int:
        its = self.quotes[id]
        left, its.left = its.left, 0
        position = self.positions[its.dealer, its.sold]
        position.free, position.locked = position.free + left, position.locked - left
        return left

    def place(self, its: Quote, now: int) -> None:
        """Of quotes to everybody an organisation has one in a market: the one before has been ended already, or it is
        over and another has its place."""
        if its.taker == NOBODY:
            there = self.places[its.sold, its.bought].get(its.organisation)
            assert there is None or not self.quotes[there].is_live(now)
            self.places[its.sold, its.bought][its.organisation] = its.id

    # Collateral in another currency

    def lending_value(self, financing: int, amount: int, now: int) -> int:
        """Nothing on a stale rate; a reserved quote bounds it while it lives."""
        its = self.joined[financing]
        if not self.is_usable(now):
            return 0
        value = math.floor(amount * self.floor(self.sells_base(its.to)))
        quote = self.quotes.get(its.quote)
        return min(value, self.amount_at(quote, amount)) if quote is not None and quote.is_live(now) else value

    def last_value(self, financing: int, amount: int) -> int:
        return math.floor(amount * self.floor(self.sells_base(self.joined[financing].to)))
