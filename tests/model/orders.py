"""Purchase orders: what is held is the seller's as far as facts have earned it, and the funders' otherwise. All that
comes in on an assigned one goes to its assignee first."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import FactStatus, Milestone, OrderState, Payout
from model.invoices import NOBODY

MOST_DELIVERIES = 8
DISPUTE_DAYS = 30

Fact = Callable[[int, int], tuple[FactStatus, int]]
"""Status and quantity of a fact of the order's consignment, by milestone and sequence."""


@dataclass
class Order:
    """`waiting` is what was paid to the assignee and not allotted to the financing yet, minor units. `funded` is what
    each has put in and not had back a part of; `pot` is what goes back to them, of an order that has ended. `begun`:
    something was attested of its consignment before there was the order."""

    id: int
    seller: int
    buyer: int
    currency: str
    value: int
    quantity: int
    last_day: int
    subject: bytes = b""
    payouts: tuple[Payout, ...] = ()
    deposit: int = 0
    grace_days: int = 0
    under_bps: int = 0
    state: OrderState = OrderState.REGISTERED
    buyers_account: str = NOBODY
    paid: int = 0
    held: int = 0
    waived: int = 0
    refunded: int = 0
    pot: int = 0
    put_in: int = 0
    funded: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    assignee: str = NOBODY
    waiting: int = 0
    begun: bool = False

    @property
    def outstanding(self) -> int:
        return self.value - self.paid - self.waived

    @property
    def unfunded(self) -> int:
        """Still to come from the buyer; of a lapsed order what was waived can still be paid."""
        return self.waived if self.state == OrderState.LAPSED else self.outstanding - self.held

    @property
    def objected(self) -> int:
        """A buyer cannot object to an order: it need not pay before it has the goods."""
        return 0

    @property
    def assigned(self) -> bool:
        return self.assignee != NOBODY

    @property
    def backs(self) -> bool:
        return self.state == OrderState.ACCEPTED

    def earned(self, fact: Fact) -> int:
        """Each step earns its part in the proportion of what has come that far, or further."""
        come, total = Fraction(0), Fraction(0)
        shares = [0, *(step.share_bps for step in self.payouts)]
        for place in range(len(self.payouts) - 1, -1, -1):
            come = max(come, self._come(self.payouts[place], fact))
            total += come * (shares[place + 1] - shares[place])
        return math.floor(self.value * total / 10_000)

    def _come(self, step: Payout, fact: Fact) -> Fraction:
        if step.milestone == Milestone.ACCEPTED:
            return Fraction(1)
        if not step.measured:
            return Fraction(fact(step.milestone, 1)[0] == FactStatus.FINAL)
        quantity = 0
        for sequence in range(1, MOST_DELIVERIES + 1):
            status, part = fact(step.milestone, sequence)
            if status == FactStatus.DISPUTED:
                return Fraction(0)
            if status != FactStatus.FINAL:
                break
            quantity += part
        enough = self.quantity - self.quantity * self.under_bps // 10_000
        return Fraction(quantity and (self.quantity if quantity >= enough else quantity), self.quantity)

    def due(self, fact: Fact) -> int:
        return max(0, min(self.earned(fact) - self.paid, self.held))

    def in_dispute(self, fact: Fact) -> bool:
        """Whether a fact that its ladder asks for is, which puts a refund off."""
        for step in self.payouts:
            for sequence in range(1, (MOST_DELIVERIES if step.measured else 1) + 1):
                status, _ = fact(step.milestone, sequence)
                if status == FactStatus.DISPUTED:
                    return True
                if status != FactStatus.FINAL:
                    break
        return False

    def fund(self, beneficiary: str, amount: int) -> None:
        self.held += amount
        self.put_in += amount
        self.funded[beneficiary] += amount

    def pay(self, amount: int) -> None:
        """Straight from a payer."""
        self._paid(amount)
        if self.state == OrderState.LAPSED:
            self.waived -= amount

    def pay_out(self, amount: int) -> None:
        """Out of what is held."""
        self.held -= amount
        self._paid(amount)

    def _paid(self, amount: int) -> None:
        self.paid += amount
        if self.assigned:
            self.waiting += amount
        if self.state == OrderState.ACCEPTED and not self.outstanding:
            self.state = OrderState.SETTLED

    def lapse(self) -> None:
        self.pot, self.waived = self.held, self.outstanding
        self.held, self.state = 0, OrderState.LAPSED

    def refund_of(self, beneficiary: str) -> int:
        parts = sum(self.funded.values())
        return self.pot * self.funded[beneficiary] // parts if parts and self.state == OrderState.LAPSED else 0

    def give_back(self, beneficiary: str) -> int:
        amount = self.refund_of(beneficiary)
        self.pot -= amount
        del self.funded[beneficiary]
        if beneficiary == self.buyers_account:
            self.refunded += amount
        return amount

    def left_of(self, units: int) -> int:
        """Of what is pledged: an order that lapses is worth no more than is still to be paid, unasked."""
        return min(units, self.outstanding)

    def allot(self, units: int) -> tuple[int, int]:
        """To the one financing that it backs: the money that waits, and what is left of the units pledged to it."""
        cash, self.waiting = self.waiting, 0
        return cash, min(units, self.outstanding)


def attested(facts: Mapping[tuple[bytes, int, int], object], subject: bytes) -> set[int]:
    """Milestones that were said of a consignment's goods, whether or not somebody dissents."""
    known = (FactStatus.FINAL, FactStatus.DISPUTED)
    return {kind for (its, kind, _), fact in facts.items() if its == subject and fact.status in known}  # type: ignore[attr-defined]


def facts_of(facts: Mapping[tuple[bytes, int, int], object], subject: bytes) -> Fact:
    def fact(milestone: int, sequence: int) -> tuple[FactStatus, int]:
        its = facts[subject, milestone, sequence]
        return its.status, its.quantity  # type: ignore[attr-defined]

    return fact
