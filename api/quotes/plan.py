"""What a financing would draw, be charged and owe, step by step as the desk would book it: `Drawing` in Python, for
draws and a repayment at moments that are still to come. Pure; minor units, bps, Unix seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from api.interest import before_charges_down, charges_up, clock, end_of_day, interest_up, up, weight
from chain_node.client import DayCount

Bound = Literal["limit", "cap", "cash", "time"]


@dataclass(frozen=True)
class Terms:
    """What a facility charges. `late_fee_bps` and `committed_fee_bps` are per year, as the discount rate is."""

    discount_rate_bps: int
    fee_bps: int
    reserve_bps: int
    late_fee_bps: int
    committed_fee_bps: int
    grace_days: int
    day_count: DayCount


@dataclass(frozen=True)
class Room:
    """What bounds draws beside the base: limit and what of it is drawn, the caps, the lenders' cash, and the end of the
    facility. `commitment_due` is the committed fee due at `since`."""

    limit: int
    drawn: int
    caps: int
    cash: int
    expires_at: int
    since: int
    commitment_due: int = 0


@dataclass(frozen=True)
class Rung:
    """A step of the ladder that is expected to be reached at a moment, and the base that it then makes."""

    milestone: int
    at: int
    base: int


@dataclass(frozen=True)
class PlannedDraw:
    """What a step brings. `wanted` is what base and charges would allow, `bound` what kept the draw below it.
    `interest` is what had accrued on the draws before it, rounded up."""

    rung: Rung
    wanted: int
    amount: int
    fee: int
    reserve: int
    committed_fee: int
    interest: int
    bound: Bound | None


@dataclass(frozen=True)
class Period:
    """Principal that stayed the same for a while."""

    principal: int
    since: int
    until: int


@dataclass(frozen=True)
class Plan:
    """All draws, in their order, and what is owed at the repayment."""

    draws: tuple[PlannedDraw, ...]
    periods: tuple[Period, ...]
    repaid_at: int
    interest: int

    @property
    def principal(self) -> int:
        return sum(draw.amount for draw in self.draws)

    @property
    def fee(self) -> int:
        return sum(draw.fee for draw in self.draws)

    @property
    def reserve(self) -> int:
        return sum(draw.reserve for draw in self.draws)

    @property
    def committed_fee(self) -> int:
        return sum(draw.committed_fee for draw in self.draws)

    @property
    def cost(self) -> int:
        return self.interest + self.fee + self.reserve + self.committed_fee

    @property
    def owed(self) -> int:
        return self.principal + self.cost


@dataclass(frozen=True)
class _Debt:
    """A financing on its way; `numerator` is exact interest, `clock` the seconds up to which it is counted."""

    principal: int = 0
    fees: int = 0
    reserve: int = 0
    numerator: int = 0
    clock: int = 0

    def until(self, now: int, terms: Terms) -> "_Debt":
        ticks = clock(terms.day_count, now)
        added = weight(self.principal, terms.discount_rate_bps, terms.day_count) * (ticks - self.clock)
        return replace(self, numerator=self.numerator + added, clock=ticks)

    @property
    def total(self) -> int:
        return self.principal + self.fees + self.reserve + up(self.numerator)


def plan(terms: Terms, room: Room, rungs: Sequence[Rung], maturity_day: int, repaid_at: int) -> Plan:
    """Draws at each rung in the order of their moments, all repaid at once at `repaid_at`, which is no later than the
    end of the day of maturity: then no late fees are owed. Of the committed fee at most a minor unit too much is
    reckoned for the first draw, because what is due before is known in whole units only."""
    debt, draws = _Debt(clock=clock(terms.day_count, room.since)), []
    periods: list[Period] = []
    commitment = (room.since, room.commitment_due)
    for rung in sorted(rungs, key=lambda each: (each.at, each.milestone)):
        debt = debt.until(rung.at, terms) if rung.at < repaid_at else debt
        fee_due = commitment[1] + _committed(terms, room, commitment[0], rung.at)
        draw = _draw(terms, room, debt, rung, fee_due, min(end_of_day(maturity_day), repaid_at))
        draws.append(draw)
        if draw.amount == 0:
            continue
        _begin_period(periods, debt.principal + draw.amount, rung.at)
        commitment, room = (
            (rung.at, 0),
            replace(room, drawn=room.drawn + draw.amount, caps=room.caps - draw.amount, cash=room.cash - draw.amount),
        )
        debt = replace(
            debt,
            principal=debt.principal + draw.amount,
            fees=debt.fees + draw.fee + draw.committed_fee,
            reserve=debt.reserve + draw.reserve,
        )
    if periods:
        periods[-1] = replace(periods[-1], until=repaid_at)
    return Plan(tuple(draws), tuple(periods), repaid_at, up(debt.until(repaid_at, terms).numerator))


def _begin_period(periods: list[Period], principal: int, since: int) -> None:
    if periods:
        periods[-1] = replace(periods[-1], until=since)
    periods.append(Period(principal, since, since))


def _committed(terms: Terms, room: Room, since: int, until: int) -> int:
    """What the undrawn limit costs meanwhile, rounded up; nothing once the facility has ended."""
    end, undrawn = min(until, room.expires_at), max(0, room.limit - room.drawn)
    if end <= since or terms.committed_fee_bps == 0:
        return 0
    return interest_up(undrawn, terms.committed_fee_bps, terms.day_count, since, end)


def _draw(terms: Terms, room: Room, debt: _Debt, rung: Rung, fee_due: int, until: int) -> PlannedDraw:
    wanted = before_charges_down(rung.base - debt.total - fee_due, terms.fee_bps + terms.reserve_bps)
    amount, bound = _bounded(room, rung.at, wanted, until)
    charged = charges_up(amount, terms.fee_bps, terms.reserve_bps)
    return PlannedDraw(
        rung=rung,
        wanted=wanted,
        amount=amount,
        fee=charged.fee,
        reserve=charged.reserve,
        committed_fee=fee_due if amount else 0,
        interest=up(debt.numerator),
        bound=bound,
    )


def _bounded(room: Room, at: int, wanted: int, until: int) -> tuple[int, Bound | None]:
    if at >= min(room.expires_at, until):
        return 0, "time" if wanted else None
    bounds: list[tuple[int, Bound]] = [(room.limit - room.drawn, "limit"), (room.caps, "cap"), (room.cash, "cash")]
    least, bound = min(bounds, key=lambda each: each[0])
    return (wanted, None) if wanted <= least else (max(0, least), bound)
