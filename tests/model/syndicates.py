"""Several pools that lend together: what each puts in, earns, loses and gets, in whole units that sum to the whole."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise

from chain_node.client import DayCount, FacilityTerms
from model.calendar360 import BPS, NUMERATORS, interest
from model.financings import Parts

Share = int | Fraction


def divide(amount: int, shares: Sequence[Share]) -> list[int]:
    """In proportion: the first few together get their exact part, rounded down, however many they are."""
    whole = sum(shares)
    if not whole:
        return [0] * len(shares)
    together = [0, *(math.floor(Fraction(amount) * share / whole) for share in accumulate(shares))]
    return [after - before for before, after in pairwise(together)]


def divide_within(amount: int, shares: Sequence[Share], limits: Sequence[int]) -> list[int]:
    """In proportion as far as each can bear it; the rest falls on the others, in their order."""
    parts = [min(part, limit) for part, limit in zip(divide(amount, shares), limits, strict=True)]
    for index, limit in enumerate(limits):
        parts[index] += min(amount - sum(parts), limit - parts[index])
    return parts


@dataclass(frozen=True)
class Member:
    """`pool` is the name of its pool; the shares are of every draw, loss and fee."""

    pool: str
    funding_bps: int
    loss_bps: int
    fee_bps: int


@dataclass
class Syndicate:
    """By member, in their order: `out` is lent at each rate on each clock, `earned` the exact interest on each clock
    that was not paid as of `counted_at`, `expected` the loss that is expected. `met` is what has happened at all."""

    members: list[Member] = field(default_factory=list)
    out: dict[tuple[DayCount, int], list[int]] = field(default_factory=dict)
    earned: defaultdict[DayCount, list[Fraction]] = field(init=False)
    lost: list[int] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)
    counted_at: int = 0
    met: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.earned = defaultdict(lambda: [Fraction(0) for _ in self.members])

    def join(self, member: Member) -> None:
        self.members.append(member)
        self.lost.append(0)
        self.expected.append(0)

    # What there is

    def earned_at(self, now: int) -> dict[DayCount, list[Fraction]]:
        told = {day_count: [*its] for day_count, its in self.earned.items()}
        for (day_count, bps), out in self.out.items():
            its = told.setdefault(day_count, [Fraction(0) for _ in self.members])
            for index, principal in enumerate(out):
                its[index] += interest(principal, bps, day_count, self.counted_at, now)
        return told

    def principal(self) -> list[int]:
        return [sum(out) for out in zip(*self.out.values(), strict=True)] or [0] * len(self.members)

    def place(self, pool: str) -> int | None:
        return next((place for place, member in enumerate(self.members) if member.pool == pool), None)

    # What happens

    def lend(self, amount: int, terms: FacilityTerms, now: int) -> list[int]:
        self._count(now)
        parts = divide(amount, [member.funding_bps for member in self.members])
        self._change(self._at(terms), parts, 1)
        self.met.add("draw")
        return parts

    def collect(self, paid: Parts, settled: Fraction, terms: FacilityTerms, now: int) -> list[tuple[Parts, Fraction]]:
        """To each member its part of a payment, and how much of what it has earned that settles."""
        self._count(now)
        fees, funding = ([getattr(its, name) for its in self.members] for name in ("fee_bps", "funding_bps"))
        its_interest, its_settled = self._pay_interest(paid["interest"], settled, terms.day_count)
        divided = {
            "lateFees": divide(paid["lateFees"], fees),
            "fees": divide(paid["fees"], fees),
            "interest": its_interest,
            "principal": divide(paid["principal"], self._at(terms)),
            "recovered": divide(paid["recovered"], self.lost),
            "reserve": divide(paid["reserve"], funding),
            "residual": [0] * len(self.members),
        }
        self._change(self._at(terms), divided["principal"], -1)
        self._change(self.lost, divided["recovered"], -1)
        self.met |= {name for name, amount in paid.items() if amount}
        parts = [{name: its[place] for name, its in divided.items()} for place in range(len(self.members))]
        return [*zip(parts, its_settled, strict=True)]

    def write_off(self, amount: int, given_up: Fraction, terms: FacilityTerms, now: int) -> list[int]:
        """Principal that each member loses, and the interest with it: by loss shares, within what it has."""
        self._count(now)
        shares = [member.loss_bps for member in self.members]
        losses = divide_within(amount, shares, self._at(terms))
        earned = self.earned[terms.day_count]
        numerators = divide_within(int(given_up * NUMERATORS), shares, [int(its * NUMERATORS) for its in earned])
        self._change(self._at(terms), losses, -1)
        self._change(self.lost, losses, 1)
        self.met.add("loss")
        for place, its in enumerate(numerators):
            earned[place] -= Fraction(its, NUMERATORS)
        return losses

    def expect(self, loss: int) -> None:
        """Expected losses lie where a loss of so much would, if it were taken now."""
        self.met |= {"expected loss"} if loss else set()
        out = self.principal()
        self.expected = divide_within(min(loss, sum(out)), [member.loss_bps for member in self.members], out)

    def _pay_interest(self, paid: int, settled: Fraction, day_count: DayCount) -> tuple[list[int], list[Fraction]]:
        """In proportion to what each has earned. Nobody settles more than it is paid for, but for what minor units that
        do not divide leave over: that settles what is left, in their order."""
        earned = self.earned[day_count]
        parts = divide(paid, earned if any(earned) else [member.funding_bps for member in self.members])
        each: list[Fraction] = []
        for part, its in zip(parts, earned, strict=True):
            each.append(min(Fraction(part), its, settled - sum(each)))
        for place, its in enumerate(earned):
            each[place] += min(settled - sum(each), its - each[place])
            earned[place] -= each[place]
        return parts, each

    def _count(self, now: int) -> None:
        for day_count, its in self.earned_at(now).items():
            self.earned[day_count] = its
        self.counted_at = now

    def _at(self, terms: FacilityTerms) -> list[int]:
        return self.out.setdefault((terms.day_count, terms.discount_rate_bps), [0] * len(self.members))

    @staticmethod
    def _change(book: list[int], parts: Sequence[int], sign: int) -> None:
        for place, part in enumerate(parts):
            book[place] += sign * part


def lendable(members: Sequence[Member], of_pool: Sequence[int]) -> int:
    """The greatest amount of which every member has its exact share."""
    return min(math.floor(Fraction(has * BPS, its.funding_bps)) for its, has in zip(members, of_pool, strict=True))
