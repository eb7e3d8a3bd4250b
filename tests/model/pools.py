"""A pool's two tranches: what they are worth, what an epoch pays, who bears a loss."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import DayCount, Tranche
from model.calendar360 import BPS, DAY, interest
from model.ledger import Ledger

STREAM_SECONDS = 7 * DAY
VIRTUAL_SHARES, VIRTUAL_ASSETS = 1_000_000, 1
MOST_EPOCHS = 8


@dataclass(frozen=True)
class PoolTerms:
    """With which the pool was made: nothing of it is ever an event."""

    currency: str
    senior_rate_bps: int
    subordination_floor_bps: int
    epoch_seconds: int
    smallest_request: int
    created_at: int


@dataclass
class Epoch:
    number: int
    requested: int = 0
    processed: int = 0
    assets: int = 0


@dataclass
class Shares:
    """One tranche's shares. `asked` are the requests by controller and epoch."""

    supply: int = 0
    balances: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    epochs: list[Epoch] = field(default_factory=lambda: [Epoch(1)])
    asked: defaultdict[str, defaultdict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    claimed: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    claimed_shares: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def current(self) -> Epoch:
        return self.epochs[-1]

    @property
    def waiting(self) -> int:
        return sum(its.requested - its.processed for its in self.epochs)

    def price(self, assets: int) -> Fraction:
        """Minor units a share, with the virtual shares and the virtual unit."""
        return Fraction(assets + VIRTUAL_ASSETS, self.supply + VIRTUAL_SHARES)

    def claimable(self, controller: str) -> tuple[int, int]:
        """Shares paid and their assets, not yet claimed: of each epoch its part, rounded down."""
        shares = assets = 0
        for number, asked in self.asked.get(controller, {}).items():
            its = self.epochs[number - 1]
            shares += its.processed * asked // its.requested
            assets += its.assets * asked // its.requested
        return shares - self.claimed_shares.get(controller, 0), assets - self.claimed.get(controller, 0)

    def pay(self, most: int, exit_: int, smallest: int) -> tuple[int, list[tuple[int, int, int]]]:
        """Pays epochs, oldest first, at one price, within so much money; (epoch, shares, assets) of each paid.

        An epoch of fewer than `smallest` shares stays open, unless some of it is paid.
        """
        if not self.waiting:
            return 0, []
        price, paid = self.price(exit_), []
        # The most shares whose assets, rounded down, are within the money: all below the first that is too many.
        left = min(self.waiting, math.ceil((most + 1) / price) - 1) if most else 0
        for its in [each for each in self.epochs if each.requested > each.processed][:MOST_EPOCHS]:
            shares = min(its.requested - its.processed, left)
            if not left:
                break
            assets = math.floor(shares * price)
            its.processed, its.assets, left = its.processed + shares, its.assets + assets, left - shares
            paid.append((its.number, shares, assets))
        self.supply -= sum(shares for _, shares, _ in paid)
        its = self.current
        if its.requested and (its.requested >= smallest or its.processed):
            self.epochs.append(Epoch(self.current.number + 1))
        return sum(assets for _, _, assets in paid), paid


@dataclass
class Pool:
    """`earned` tells the exact interest of the pool's financings at a moment, `lent_of` what could be lent just before
    it last lent, `before_loss` what there was before the loss that is being taken, `arriving` the payments on their way
    with the exact interest that each settles. Cash, loans and what is kept for others are accounts of the ledger."""

    terms: PoolTerms
    ledger: Ledger
    earned: Callable[[int], Fraction]
    senior_principal: int = 0
    senior_interest: Fraction = Fraction(0)
    senior_at: int = 0
    senior_paid: int = 0
    impairment: int = 0
    lost: int = 0
    covered: int = 0
    stream_from: int = 0
    stream_to: int = 0
    closed_at: int = 0
    lent_of: int = 0
    before_loss: int = 0
    arriving: list[tuple[dict[str, int], Fraction]] = field(default_factory=list)
    stopped: set[int] = field(default_factory=set)
    shares: dict[Tranche, Shares] = field(default_factory=lambda: {tranche: Shares() for tranche in Tranche})

    # What there is

    def unvested(self, now: int) -> int:
        """What came in above book and does not count yet, rounded up: evenly until the stream's end."""
        whole = self.ledger.of("pool", "streaming")
        if now >= self.stream_to:
            return 0
        return math.ceil(Fraction(whole * (self.stream_to - now), self.stream_to - self.stream_from))

    def cash(self, now: int) -> int:
        return self.ledger.of("pool", "cash") + self.ledger.of("pool", "streaming") - self.unvested(now)

    def loans(self) -> int:
        return self.ledger.total("loan")

    def gross(self, now: int) -> int:
        return self.cash(now) + self.loans() + math.floor(self.earned(now))

    def entry(self, now: int) -> int:
        """What shares are bought at: also what still streams in, and what was lost, as if it came back."""
        return self.gross(now) + self.unvested(now) + self.lost

    def net(self, now: int) -> int:
        return max(0, self.gross(now) - self.impairment)

    def interest_of_senior(self, now: int) -> Fraction:
        rate = self.terms.senior_rate_bps
        return self.senior_interest + interest(self.senior_principal, rate, DayCount.ACTUAL360, self.senior_at, now)

    def claim(self, now: int) -> int:
        return self.senior_principal + math.floor(self.interest_of_senior(now))

    def part(self, tranche: Tranche, assets: int, now: int) -> int:
        """Of the assets, what the tranche owns: senior up to its claim, junior the rest."""
        senior = min(assets, self.claim(now))
        return senior if tranche == Tranche.SENIOR else assets - senior

    def junior_needed(self, senior: int) -> int:
        """The least that junior must own beside so much of senior, so that it has its share of both together."""
        floor = self.terms.subordination_floor_bps
        return math.ceil(Fraction(senior * floor, BPS - floor))

    def lendable(self, now: int) -> int:
        net = self.net(now)
        junior, senior = self.part(Tranche.JUNIOR, net, now), self.part(Tranche.SENIOR, net, now)
        return 0 if 0 in self.stopped or junior < self.junior_needed(senior) else self.cash(now)

    def fundable(self, tranche: Tranche, now: int) -> int | None:
        """What may still be deposited; None where only the counters bound it."""
        least = self.claim(now) + (self.lost if tranche == Tranche.JUNIOR else 0)
        if 1 in self.stopped or self.gross(now) < least:
            return 0
        if tranche == Tranche.JUNIOR:
            return None
        net = self.net(now)
        junior = max(0, net - self.claim(now))
        return max(0, math.floor(Fraction(junior * BPS, self.terms.subordination_floor_bps)) - net)

    # What happens

    def lend(self, amount: int, now: int) -> None:
        """What has streamed in becomes cash with a draw only where cash or floor need it: a rounding of its own."""
        self.lent_of = self.lendable(now)
        streamed = self.ledger.of("pool", "streaming") - self.unvested(now)
        net = max(0, self.net(now) - streamed)
        senior, junior = self.part(Tranche.SENIOR, net, now), self.part(Tranche.JUNIOR, net, now)
        if amount > self.ledger.of("pool", "cash") or junior < self.junior_needed(senior):
            self.vest(now)
        self.ledger.post(("in transit",), ("pool", "cash"), amount)

    def vest(self, now: int) -> None:
        left = self.unvested(now)
        self.ledger.post(("pool", "cash"), ("pool", "streaming"), self.ledger.of("pool", "streaming") - left)
        self.stream_from = now

    def stream(self, amount: int, now: int) -> None:
        """What was streaming keeps its pace: the end moves by the weighted mean only."""
        if not amount:
            return
        self.vest(now)
        old = self.ledger.of("pool", "streaming")
        left = max(0, self.stream_to - now)
        self.stream_to = now + math.floor(Fraction(old * left + amount * STREAM_SECONDS, old + amount))
        self.ledger.post(("pool", "streaming"), ("in transit",), amount)

    def deposit(self, tranche: Tranche, assets: int, now: int) -> int:
        """The shares that are bought, at the entry assets, rounded down."""
        its = self.shares[tranche]
        bought = math.floor(assets / its.price(self.part(tranche, self.entry(now), now)))
        its.supply += bought
        if tranche == Tranche.SENIOR:
            self._accrue_senior(now)
            self.senior_principal += assets
        self.ledger.post(("pool", "cash"), ("paid in", tranche.name), assets)
        return bought

    def senior_part(self, parts: dict[str, int], now: int) -> tuple[int, int]:
        """Of interest and principal that come in, what is senior's on record."""
        unpaid = max(0, math.floor(self.interest_of_senior(now)) - self.senior_paid)
        uncovered = max(0, self.senior_principal - self.ledger.of("pool", "cash"))
        return min(parts["interest"], unpaid), min(parts["principal"], uncovered)

    def share_recovery(self, recovered: int) -> tuple[int, int, int]:
        """In the reverse order of the losses: lenders, then the reserve, then income."""
        lenders = min(recovered, self.lost)
        reserve = min(recovered - lenders, self.covered)
        self.lost, self.covered = self.lost - lenders, self.covered - reserve
        return lenders, reserve, recovered - lenders - reserve

    def close(self, now: int) -> dict[Tranche, list[tuple[int, int, int]]]:
        """Senior first; then, where no senior of any worth waits, junior as far as the subordination floor allows."""
        self.vest(now)
        self._accrue_senior(now)
        net, cash = self.net(now), self.cash(now)
        exit_ = min(net, self.claim(now))
        senior, junior = self.shares[Tranche.SENIOR], self.shares[Tranche.JUNIOR]
        smallest = self.terms.smallest_request
        forsenior, told = senior.pay(min(cash, exit_), exit_, smallest)
        if forsenior:
            self._pay_down(forsenior, exit_, now)
        spare = max(0, net - exit_ - self.junior_needed(exit_ - forsenior))
        most = min(cash - forsenior, spare) if not senior.waiting or forsenior == exit_ else 0
        forjunior, told_junior = junior.pay(most, net - exit_, smallest)
        self.closed_at = now
        self.ledger.post(("pool", "set aside"), ("pool", "cash"), forsenior + forjunior)
        return {Tranche.SENIOR: told, Tranche.JUNIOR: told_junior}

    def _accrue_senior(self, now: int) -> None:
        self.senior_interest, self.senior_at = self.interest_of_senior(now), now

    def _pay_down(self, paid: int, exit_: int, now: int) -> None:
        """The claim falls by what the redeemed shares stood for: the same part of principal and of interest, each
        figure rounded down."""
        part = Fraction(paid, exit_)
        whole = math.floor(self.senior_interest)
        gone = math.floor((self.senior_principal + whole) * part)
        interest_gone = math.floor(whole * part)
        self.senior_principal -= gone - interest_gone
        self.senior_interest -= interest_gone
        self.senior_paid -= math.floor(self.senior_paid * part)


@dataclass
class FirstLoss:
    """The reserve: what was collected loses first, then the sponsors', in proportion to their claims. What the pool
    sends makes the sponsors whole first, in proportion to what each has lost (exact)."""

    collected: int = 0
    sponsored: int = 0
    claims: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    losses: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    lost: int = 0

    @property
    def held(self) -> int:
        return self.collected + self.sponsored

    def sponsor(self, account: str, amount: int) -> None:
        self.claims[account] += amount
        self.sponsored += amount

    def top_up(self, amount: int) -> None:
        back = min(amount, self.lost)
        self.collected += amount - back
        if back:
            self._move(self.losses, self.claims, Fraction(back, self.lost))
            self.sponsored, self.lost = self.sponsored + back, self.lost - back

    def cover(self, loss: int) -> int:
        covered = min(loss, self.held)
        first = min(covered, self.collected)
        self.collected -= first
        if covered > first:
            self._move(self.claims, self.losses, Fraction(covered - first, self.sponsored))
            self.sponsored, self.lost = self.sponsored - (covered - first), self.lost + covered - first
        return covered

    def _move(self, from_: defaultdict[str, Fraction], to: defaultdict[str, Fraction], part: Fraction) -> None:
        for account, its in list(from_.items()):
            from_[account], to[account] = its - its * part, to[account] + its * part
