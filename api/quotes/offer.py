"""A quote's figures: from what the contracts say at one block and what is expected, to what is shown and held to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from api.errors import Conflict, Malformed
from api.facilities.schemas import DAY_COUNTS, StepView
from api.interest import DAY, YEAR_DAYS, end_of_day, interest_up, seconds_counted
from api.quotes.annual_rate import CONVENTION, PaidOut, annual_rate_bps
from api.quotes.checks import Check, checks
from api.quotes.plan import Plan, PlannedDraw, Rung, plan
from api.quotes.schemas import ChargeInput, Wish
from api.quotes.standing import Standing, Step
from api.values import Amount, day, moment
from chain_node.client import Milestone

_LATEST = 253_402_300_799
"""9999-12-31T23:59:59Z."""


@dataclass(frozen=True)
class Offer:
    """What was asked for, how things stand, and what would come of it."""

    wish: Wish
    its: Standing
    checks: tuple[Check, ...]
    plan: Plan

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def annual_rate_bps(self) -> int | None:
        draws = [PaidOut(draw.rung.at, draw.amount) for draw in self.plan.draws]
        return annual_rate_bps(draws, self.plan.repaid_at, self.plan.owed)

    def amount(self, units: int) -> Amount:
        return Amount.of(units, self.its.currency)


def offer(wish: Wish, its: Standing) -> Offer:
    """The offer, passed or not; Malformed where what is expected cannot be."""
    due = its.item.due
    repaid_at = _repaid_at(wish, its)
    plan_ = plan(its.terms, its.room, _rungs(wish, its), due, repaid_at)
    return Offer(wish, its, (*checks(its), _brings_something(plan_)), plan_)


def refusal(found: Offer) -> Conflict:
    """Of an offer that did not pass: the first rule in words, and all of them as context."""
    failed = [check for check in found.checks if not check.passed]
    more = f" {len(failed) - 1} more rules are not met." if len(failed) > 1 else ""
    return Conflict(
        "financing-refused",
        f"{failed[0].detail}{more}",
        facility_id=str(found.its.facility.number),
        rule=failed[0].name,
        found=failed[0].found,
        needed=failed[0].needed,
        checks=[asdict(check) for check in found.checks],
    )


def _brings_something(plan_: Plan) -> Check:
    drawn = plan_.principal
    detail = f"{drawn} minor units would be paid out on the steps of the ladder that are reached or expected in time."
    return Check("something-is-paid-out", drawn > 0, str(drawn), "1", detail)


def _repaid_at(wish: Wish, its: Standing) -> int:
    end = end_of_day(its.item.due)
    if wish.expected_repayment_at is None:
        return end
    at = _seconds(wish.expected_repayment_at)
    if not its.now < at <= end:
        detail = (
            f"The repayment is expected at {moment(at)}; a quote reckons with one after {moment(its.now)} and by "
            f"{moment(end)}, when the day of maturity ends."
        )
        raise Malformed("repayment-out-of-range", detail, expected=at, now=its.now, most=end)
    return at


def _rungs(wish: Wish, its: Standing) -> list[Rung]:
    """The step that counts now, and those still to come."""
    named = {int(Milestone[each.milestone]): each for each in wish.expected}
    if strange := set(named) - {step.milestone for step in its.steps}:
        words = ", ".join(sorted(Milestone(number).name for number in strange))
        detail = f"Facility {its.facility.number} has no step for {words}."
        raise Malformed("milestone-not-on-ladder", detail, milestones=words)
    reached = [step for step in its.steps if step.reached]
    rungs = [Rung(step.milestone, its.now, its.base(step, its.attested)) for step in reached[-1:]]
    if not any(its.item.subject):
        return rungs
    for step in its.steps[len(reached) :]:
        expected = named.get(step.milestone)
        at = max(its.now, _seconds(expected.at)) if expected else its.now
        told = expected.quantity_thousandths if expected else None
        quantity = int(told) if told else its.item.quantity
        rungs.append(Rung(step.milestone, at, its.base(step, quantity)))
    return rungs


def _seconds(at: datetime) -> int:
    """A moment of some time zone may lie in a year that no calendar here has."""
    return min(int(at.timestamp()), _LATEST)


# As it is shown


def said(found: Offer, invoice_id: str | None) -> dict[str, Any]:
    """The view's fields that never change."""
    its, plan_, amount = found.its, found.plan, found.amount
    due = its.item.due
    at_once = sum(draw.amount for draw in plan_.draws if _is_reached(its, draw))
    return {
        "facility_id": str(its.facility.number),
        "receivable_id": its.item.id if its.item.kind == "receivable" else None,
        "order_id": its.item.id if its.item.kind == "order" else None,
        "invoice_id": invoice_id,
        "currency": its.currency,
        "pledged": amount(its.item.units),
        "day_count": DAY_COUNTS[its.terms.day_count],
        "maturity_date": day(due),
        "expected_repayment_at": moment(plan_.repaid_at),
        "checks": [asdict(check) for check in found.checks],
        "steps": _steps(found),
        "paid_at_once": amount(at_once),
        "net_payout": amount(plan_.principal),
        "charges": _charges(found),
        "total_cost": amount(plan_.cost),
        "owed_at_repayment": amount(plan_.owed),
        "annual_rate_bps": found.annual_rate_bps,
        "annual_rate_convention": CONVENTION,
        "cash_flows": [
            *({"at": moment(draw.rung.at), "amount": amount(draw.amount)} for draw in plan_.draws if draw.amount),
            {"at": moment(plan_.repaid_at), "amount": amount(-plan_.owed)},
        ],
        "late_fees": _late_fees(found),
        "holdback": amount(its.item.units - plan_.principal),
        "rest_at_repayment": amount(max(0, its.item.units - plan_.owed)),
        "assumptions": _assumptions(found),
    }


def _is_reached(its: Standing, draw: PlannedDraw) -> bool:
    return any(step.reached and step.milestone == draw.rung.milestone for step in its.steps)


def _steps(found: Offer) -> list[dict[str, Any]]:
    """A step that an attested one has overtaken brings nothing of its own, nor does one that nobody follows."""
    draws = {draw.rung.milestone: draw for draw in found.plan.draws}
    return [_step(found, step, draws.get(step.milestone)) for step in found.its.steps]


def _step(found: Offer, step: Step, draw: PlannedDraw | None) -> dict[str, Any]:
    amount = found.amount
    named = StepView.of({"milestone": step.milestone, "advance_rate_bps": step.advance_rate_bps, "measured": False})
    return {
        "milestone": named.milestone,
        "advance_rate_bps": step.advance_rate_bps,
        "measured": step.measured,
        "reached": step.reached,
        "expected_at": moment(draw.rung.at if draw else found.its.now),
        "base": amount(draw.rung.base if draw else 0),
        "draw": amount(draw.amount if draw else 0),
        "fee": amount(draw.fee if draw else 0),
        "reserve": amount(draw.reserve if draw else 0),
        "committed_fee": amount(draw.committed_fee if draw else 0),
        "bounded_by": draw.bound if draw else None,
    }


def _charges(found: Offer) -> list[dict[str, Any]]:
    terms, plan_ = found.its.terms, found.plan
    drawn = [draw for draw in plan_.draws if draw.amount]
    interest = "principal x rate / 10000 x seconds / (year x 86400), all periods together rounded up"
    parts = {
        "fee": "each draw x rate / 10000, rounded up",
        "reserve": "each draw x (fee rate + rate) / 10000, rounded up, less the fee",
    }
    of_draws = [
        _charge(
            found,
            name,
            getattr(plan_, name),
            formula,
            [ChargeInput(on=found.amount(draw.amount), rate_bps=getattr(terms, f"{name}_bps")) for draw in drawn],
        )
        for name, formula in parts.items()
    ]
    return [
        _charge(found, "interest", plan_.interest, interest, _periods(found)),
        *of_draws,
        _charge(found, "committed fee", plan_.committed_fee, _COMMITTED, _commitments(found, drawn)),
    ]


_COMMITTED = (
    "undrawn limit x rate / 10000 x seconds / (year x 86400), rounded up: what is due, charged with the draw; for the "
    "first draw from the last charge on, of which what was due at the quote is known in whole minor units"
)


def _charge(found: Offer, name: str, units: int, formula: str, inputs: Sequence[ChargeInput]) -> dict[str, Any]:
    return {"name": name, "amount": found.amount(units), "formula": formula, "inputs": list(inputs)}


def _periods(found: Offer) -> list[ChargeInput]:
    terms = found.its.terms
    return [
        _timed(found, period.principal, terms.discount_rate_bps, period.since, period.until)
        for period in found.plan.periods
    ]


def _commitments(found: Offer, drawn: Sequence[PlannedDraw]) -> list[ChargeInput]:
    terms, room = found.its.terms, found.its.room
    since, undrawn, lines = room.since, room.limit - room.drawn, []
    for draw in drawn if terms.committed_fee_bps else ():
        lines.append(_timed(found, max(0, undrawn), terms.committed_fee_bps, since, draw.rung.at))
        since, undrawn = draw.rung.at, undrawn - draw.amount
    return lines


def _timed(found: Offer, units: int, rate_bps: int, since: int, until: int) -> ChargeInput:
    day_count = found.its.terms.day_count
    return ChargeInput(
        on=found.amount(units),
        rate_bps=rate_bps,
        since=moment(since),
        until=moment(until),
        seconds=seconds_counted(day_count, since, until),
        year_days=YEAR_DAYS[day_count],
    )


def _late_fees(found: Offer) -> dict[str, Any]:
    terms, due = found.its.terms, found.its.item.due
    start = end_of_day(due)
    per_day = interest_up(found.plan.principal, terms.late_fee_bps, terms.day_count, start, start + DAY)
    return {
        "rate_bps": terms.late_fee_bps,
        "accrue_from": moment(start),
        "overdue_from": moment(end_of_day(due + terms.grace_days)),
        "grace_days": terms.grace_days,
        "per_day": found.amount(per_day),
    }


def _assumptions(found: Offer) -> list[str]:
    its = found.its
    named = {int(Milestone[each.milestone]) for each in found.wish.expected}
    unnamed = [step for step in its.steps if not step.reached and step.milestone not in named]
    pays = "The debtor" if its.item.kind == "receivable" else "The buyer"
    lines = [
        f"{pays} pays in full at the expected repayment, in one payment, and nothing is repaid before.",
        "Nothing else is drawn on the facility, and limit, caps and the lenders' cash stay as they are: a quote keeps "
        "no money back.",
    ]
    if its.item.kind == "order":
        lines.append("What the escrow earns by facts before that repays earlier, which makes interest less.")
    if unnamed and any(its.item.subject):
        lines.append(
            "Steps without an expected moment count as reached at once, which makes interest the most it can be."
        )
    return lines


# What acceptance holds it to


def bound(found: Offer) -> dict[str, Any]:
    """The terms that may not move against the supplier until it accepts."""
    its = found.its
    return {
        "discount_rate_bps": its.terms.discount_rate_bps,
        "fee_bps": its.terms.fee_bps,
        "reserve_bps": its.terms.reserve_bps,
        "late_fee_bps": its.terms.late_fee_bps,
        "committed_fee_bps": its.terms.committed_fee_bps,
        "grace_days": its.terms.grace_days,
        "expires_at": its.room.expires_at,
        "ladder": [[step.milestone, step.advance_rate_bps, step.measured] for step in its.steps],
        "value": its.value,
        "net_payout": found.plan.principal,
    }


_DEARER = ("discount_rate_bps", "fee_bps", "reserve_bps", "late_fee_bps", "committed_fee_bps")
_SCARCER = ("grace_days", "value")


def moved(quoted: Mapping[str, Any], found: Offer) -> tuple[str, Any, Any] | None:
    """The first term that has moved to the supplier's disadvantage, as it was and as it is; None where none has. That
    time has gone by is no such move."""
    now = bound(found)
    for name in _DEARER:
        if now[name] > quoted[name]:
            return name, quoted[name], now[name]
    for name in _SCARCER:
        if now[name] < quoted[name]:
            return name, quoted[name], now[name]
    return _ladder_moved(quoted["ladder"], now["ladder"]) or _ends_sooner(quoted, found) or _room_moved(quoted, found)


def _ladder_moved(quoted: list[list[Any]], now: list[list[Any]]) -> tuple[str, Any, Any] | None:
    standing = {milestone: (rate, measured) for milestone, rate, measured in now}
    for milestone, rate, measured in quoted:
        rate_now, measured_now = standing.get(milestone, (0, False))
        name = StepView.of({"milestone": milestone, "advance_rate_bps": rate, "measured": measured}).milestone
        if rate_now < rate:
            return f"advance_rate_bps of {name}", rate, rate_now
        if measured_now and not measured:
            return f"measured at {name}", measured, measured_now
    return None


def _ends_sooner(quoted: Mapping[str, Any], found: Offer) -> tuple[str, Any, Any] | None:
    now = found.its.room.expires_at
    return ("expires_at", quoted["expires_at"], now) if now < quoted["expires_at"] else None


def _room_moved(quoted: Mapping[str, Any], found: Offer) -> tuple[str, Any, Any] | None:
    """What limit, caps and cash leave has to do for all that was quoted."""
    room = found.its.room
    left = {"limit left": room.limit - room.drawn, "caps left": room.caps, "lendable cash": room.cash}
    short = (name for name, units in left.items() if units < quoted["net_payout"])
    name = next(short, None)
    return (name, quoted["net_payout"], left[name]) if name else None
