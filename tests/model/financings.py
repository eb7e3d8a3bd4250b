"""Facilities and financings: what is owed at any moment, and who gets what of a payment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import FacilityTerms, FinancingState, Owed, Step
from model.calendar360 import BPS, DAY, end_of, interest

PARTS = ("lateFees", "fees", "interest", "principal", "recovered", "reserve", "residual")
Parts = dict[str, int]


def bps_up(amount: int, bps: int) -> int:
    return math.ceil(Fraction(amount * bps, BPS))


def bps_down(amount: int, bps: int) -> int:
    return math.floor(Fraction(amount * bps, BPS))


@dataclass
class Facility:
    """`committed` is the committed fee counted until `counted_at` and not charged or paid, exact. `ladders` are by the
    kind of collateral."""

    number: int
    terms: FacilityTerms
    limit: int
    expires_at: int
    counted_at: int
    drawn: int = 0
    recourse_to: int = 0
    committed: Fraction = Fraction(0)
    ladders: dict[str, list[Step]] = field(default_factory=dict)

    def commitment(self, now: int) -> Fraction:
        until = min(now, self.expires_at)
        undrawn = self.limit - self.drawn
        if until <= self.counted_at or undrawn <= 0:
            return self.committed
        terms = self.terms
        return self.committed + interest(undrawn, terms.committed_fee_bps, terms.day_count, self.counted_at, until)

    def count_commitment(self, now: int) -> None:
        """Before anything changes on which the fee depends."""
        self.committed, self.counted_at = self.commitment(now), now

    def charges(self, amount: int) -> tuple[int, int]:
        """A draw's fee, and its contribution to the reserve: each rounded up where the two together are."""
        fee = bps_up(amount, self.terms.fee_bps)
        return fee, bps_up(amount, self.terms.fee_bps + self.terms.reserve_bps) - fee


@dataclass
class Financing:
    """`interest` and `late` are exact, as of `accrued_at` (None before the first draw)."""

    number: int
    facility: Facility
    collateral: str
    item: int
    subject: bytes
    ladder: list[Step]
    state: FinancingState = FinancingState.OPEN
    maturity: int = 0
    principal: int = 0
    fees: int = 0
    reserve: int = 0
    written_off: int = 0
    impairment: int = 0
    ahead: int = 0
    interest: Fraction = Fraction(0)
    late: Fraction = Fraction(0)
    late_due: bool = False
    accrued_at: int | None = None
    units: int = 0
    cash: int = 0
    shared: bool = False

    @property
    def overdue_from(self) -> int:
        return end_of(self.maturity) + self.facility.terms.grace_days * DAY

    @property
    def is_enforced(self) -> bool:
        """In default, or written off to any part: all is due."""
        return self.state == FinancingState.DEFAULTED or self.written_off != 0

    def accrue(self, now: int) -> None:
        if self.accrued_at is None:
            return
        terms = self.facility.terms
        self.interest += interest(self.principal, terms.discount_rate_bps, terms.day_count, self.accrued_at, now)
        due = end_of(self.maturity)
        if now > due:
            since = max(due, self.accrued_at)
            self.late += interest(self.principal, terms.late_fee_bps, terms.day_count, since, now)
            self.late_due = self.late_due or (self.late > 0 and now >= self.overdue_from)
        self.accrued_at = now

    def owed(self) -> Owed:
        """As of the last accrual."""
        return Owed(
            late_fees=math.ceil(self.late) if self.late_due else 0,
            fees=self.fees,
            interest=math.ceil(self.interest),
            principal=self.principal,
            written_off=self.written_off,
            reserve=self.reserve,
        )

    def owed_at(self, now: int) -> Owed:
        kept = (self.interest, self.late, self.late_due, self.accrued_at)
        self.accrue(now)
        told = self.owed()
        self.interest, self.late, self.late_due, self.accrued_at = kept
        return told

    def interest_at(self, now: int) -> Fraction:
        kept = (self.interest, self.late, self.late_due, self.accrued_at)
        self.accrue(now)
        told = self.interest
        self.interest, self.late, self.late_due, self.accrued_at = kept
        return told

    def split(self, amount: int) -> Parts:
        """Who gets what of a payment: claims are served in their order, the rest is the seller's."""
        owed, parts = self.owed(), {}
        claims = (owed.late_fees, owed.fees, owed.interest, owed.principal, owed.written_off, owed.reserve)
        for name, claim in zip(PARTS, claims, strict=False):
            parts[name] = min(amount, claim)
            amount -= parts[name]
        return {**parts, "residual": amount}

    def draw(self, amount: int, fee: int, reserve: int, now: int) -> None:
        self.accrue(now)
        self.accrued_at = now
        self.principal += amount
        self.fees += fee
        self.reserve += reserve

    def pay(self, parts: Mapping[str, int]) -> None:
        """A payment of the rounded-up interest settles the exact one."""
        total = self.owed().total
        self.late = max(Fraction(0), self.late - parts["lateFees"])
        self.fees -= parts["fees"]
        self.interest = max(Fraction(0), self.interest - parts["interest"])
        self.principal -= parts["principal"]
        self.written_off -= parts["recovered"]
        self.reserve -= parts["reserve"]
        paid = sum(parts.values()) - parts["residual"]
        if paid and paid == total:
            self.state, self.late = FinancingState.REPAID, Fraction(0)
