"""Insurance by its words: who may claim what of whom, and where in a payment insurers stand. Sums are minor units."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import CoverKind, FactStatus, Owed, PolicyState, PolicyTerms
from model.calendar360 import DAY

MOST_POLICIES = 4
LONGEST_OFFER = 30 * DAY
MOST_DAYS = 365

Seen = Callable[[bytes, int, int], tuple[FactStatus, int, int]]
"""Status of a fact, the quantity that may be relied on, and the moment at which it happened."""


@dataclass
class FactClaims:
    """What claims on one fact have come to under one financing: the debt at the first of them, and all paid since."""

    debt: int = 0
    paid: int = 0

    def measure(self, owed: int) -> int:
        """Less by what lenders got elsewhere since the first claim, and no more by the interest that ran on."""
        return min(self.debt, owed + self.paid) if self.debt else owed

    def book(self, debt: int, paid: int) -> None:
        self.debt, self.paid = self.debt or debt, self.paid + paid


@dataclass
class Policy:
    """From the offer on. `currency` once it is bound."""

    number: int
    insurer: str
    terms: PolicyTerms
    state: PolicyState = PolicyState.OFFERED
    currency: str = ""
    bound_at: int = 0
    premium_paid: int = 0
    paid: int = 0
    recovered: int = 0

    def premium_due(self, now: int) -> int:
        """Owed from the binding to the last moment, and then no more."""
        runs = self.state in (PolicyState.BOUND, PolicyState.PAID) and now <= self.terms.pay_by
        return self.terms.premium - self.premium_paid if runs else 0

    def has_lapsed(self, now: int) -> bool:
        return now > self.terms.pay_by and self.premium_paid < self.terms.premium

    @property
    def fact(self) -> tuple[int, bytes, int, int] | None:
        """What is one loss of a financing, whoever insures it."""
        its = self.terms
        if its.kind == CoverKind.CREDIT:
            return None
        return its.financing, its.subject, its.milestone, its.sequence

    @property
    def unrecovered(self) -> int:
        return self.paid - self.recovered if self.state == PolicyState.PAID else 0

    @property
    def claimable_until(self) -> int:
        return self.terms.until + (self.terms.waiting_days + self.terms.claim_days) * DAY

    def loss(
        self, owed: Owed, defaulted_from: int | None, seen: Seen, before: FactClaims
    ) -> tuple[int, int, int] | None:
        """Moment of the loss, the debt that it is a part of, and its size; None where what is insured has not happened.

        `defaulted_from` is the end of the financing's grace, None where it is not in default; `before` is what was
        claimed on the same fact, of which each policy pays what the others have left.
        """
        happened = self._event(defaulted_from, seen)
        if happened is None:
            return None
        debt = before.measure(owed.principal + owed.written_off + owed.interest)
        return happened[0], debt, max(0, math.floor(debt * happened[1]) - before.paid)

    def _event(self, defaulted_from: int | None, seen: Seen) -> tuple[int, Fraction] | None:
        """Moment of the loss, and what part of the debt it is."""
        its = self.terms
        if its.kind == CoverKind.CREDIT:
            return None if defaulted_from is None else (defaulted_from, Fraction(1))
        status, quantity, happened_at = seen(its.subject, its.milestone, its.sequence)
        if its.kind == CoverKind.CARGO:
            part = Fraction(min(quantity, its.quantity), its.quantity) if its.quantity else Fraction(1)
            return (happened_at, part) if status == FactStatus.FINAL else None
        in_time = happened_at <= its.deadline + its.waiting_days * DAY
        if status == FactStatus.DISPUTED or (status == FactStatus.FINAL and in_time):
            return None
        return its.deadline, Fraction(1)

    def payment(self, loss: int) -> int:
        return max(0, min(self.terms.limit, loss - self.terms.deductible))


@dataclass
class Position:
    """What an insurer has put down in a currency: free, and locked for the limits of its bound policies."""

    free: int = 0
    locked: int = 0


@dataclass
class Insurance:
    """All policies. `bound` are a financing's by their order. What comes in events one after the other waits until the
    payment is read that they belong to: in `premiums` and `recoveries` (policy, amount, due before), `recoverable` by
    financing, and `claimed`, what an insurer has still to pay over."""

    policies: dict[int, Policy] = field(default_factory=dict)
    positions: defaultdict[tuple[str, str], Position] = field(default_factory=lambda: defaultdict(Position))
    bound: defaultdict[int, list[Policy]] = field(default_factory=lambda: defaultdict(list))
    premiums: list[tuple[Policy, int, int]] = field(default_factory=list)
    recoveries: list[tuple[Policy, int, int]] = field(default_factory=list)
    recoverable: dict[int, int] = field(default_factory=dict)
    facts: defaultdict[tuple[int, bytes, int, int], FactClaims] = field(default_factory=lambda: defaultdict(FactClaims))
    claimed: int = 0

    def premium_due(self, financing: int, now: int) -> int:
        return sum(its.premium_due(now) for its in self.bound.get(financing, ()))

    def subrogated(self, financing: int) -> int:
        return sum(its.unrecovered for its in self.bound.get(financing, ()))

    def due(self, financing: int, now: int) -> int:
        return self.premium_due(financing, now) + self.subrogated(financing)

    def claims_before(self, its: Policy) -> FactClaims:
        """On its fact, its own and others'."""
        return self.facts[its.fact] if its.fact is not None else FactClaims()

    def covers(self, financing: int) -> bool:
        return bool(self.bound.get(financing))

    def position(self, its: Policy) -> Position:
        return self.positions[its.insurer, its.currency]

    def served_first(self, financing: int, rest: int, now: int) -> int:
        """Premium out of a payment, oldest policy first; nothing else is served while some is due."""
        paid, self.premiums = self.premiums, []
        amount = sum(part for _, part, _ in paid)
        told = {its.number: (part, before) for its, part, before in paid}
        left = amount
        for its in self.bound.get(financing, ()):
            part, before = told.pop(its.number, (0, its.premium_due(now)))
            assert part == min(left, before), f"policy {its.number}: {part} of its premium, {before} was due"
            left -= part
        assert not told, f"premium of {sorted(told)} out of a payment of financing {financing}"
        assert not rest or not self.premium_due(financing, now), f"financing {financing}: premium is served first"
        return amount

    def served_last(self, financing: int, residual: int) -> int:
        """What insurers get back of what nobody else has a claim on; their own events say so next."""
        amount = min(residual, self.subrogated(financing))
        if amount:
            self.recoverable[financing] = self.recoverable.get(financing, 0) + amount
        return amount

    def settle(self) -> None:
        """After a transaction: premium that came with no payment was paid by itself, of one policy; what was to come
        back has come, to each within a minor unit of its share, and what was claimed has been paid over."""
        assert len(self.premiums) <= 1
        self.premiums.clear()
        told, self.recoveries = self.recoveries, []
        amounts: defaultdict[int, int] = defaultdict(int)
        for its, amount, _ in told:
            amounts[its.terms.financing] += amount
        assert dict(amounts) == self.recoverable, f"recoveries {dict(amounts)}, due {self.recoverable}"
        for its, amount, before in told:
            siblings = {one.number: one.unrecovered for one in self.bound[its.terms.financing]}
            owed = sum(siblings.values()) + amounts[its.terms.financing]
            share = Fraction(before * amounts[its.terms.financing], owed)
            assert abs(amount - share) < 1, f"policy {its.number}: got back {amount}, its share is {float(share)}"
        self.recoverable.clear()
        assert not self.claimed, f"{self.claimed} of a claim not paid over"
