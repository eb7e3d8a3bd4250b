"""What each step of an order's payout ladder has earned and been paid, by the facts of its consignment. The sums are
the escrow's (decision 0011): what is told here is how they are shared among the steps (decision 0031)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.milestones.facts import Facts
from api.milestones.models import FactStatus
from api.orders.models import Order
from chain_node.client import Milestone

WHOLE_BPS = 10_000
DAY_SECONDS = 86_400
_MOST_DELIVERIES = 8
"""Partial deliveries that the escrow adds up."""


@dataclass(frozen=True)
class StepMoney:
    """Minor units of one step; `delivered` in thousandths, None where it is not measured."""

    worth: int
    earned: int
    paid: int
    to_come: int
    delivered: int | None


def steps_of(order: Order, facts: Facts, *, earned: int, paid: int, outstanding: int) -> list[StepMoney]:
    """Shares the escrow's sums among the steps: what is earned as the facts have it, with the rounding on the furthest
    step that has earned; what is paid to what is earned first, then to what is not; what is to come likewise."""
    worths = list(_worths(order))
    delivered = [_delivered(order, payout, facts) for payout in order.payouts]
    earnings = _shared(earned, _earnings(order, worths, facts))
    first = _filled(paid, earnings)
    beyond = _filled(paid - sum(first), [worth - taken for worth, taken in zip(worths, first, strict=True)])
    payments = [one + other for one, other in zip(first, beyond, strict=True)]
    coming = _filled(outstanding, [worth - taken for worth, taken in zip(worths, payments, strict=True)])
    return [StepMoney(*its) for its in zip(worths, earnings, payments, coming, delivered, strict=True)]


def refundable_from(order: Order, facts: Facts, dispute_days: int) -> int:
    """Unix seconds from which on what is not earned goes back; a fact of the ladder that may yet count, or that is in
    dispute, puts it off by the time of a dispute."""
    from_ = (order.deliver_by + order.grace_days + 1) * DAY_SECONDS
    is_open = any(_is_open(payout, facts) for payout in order.payouts)
    return from_ + (dispute_days * DAY_SECONDS if is_open else 0)


def _worths(order: Order) -> Iterator[int]:
    """Rounded so that they sum to the order's value."""
    before = 0
    for payout in order.payouts:
        upto = order.value * int(payout["share_bps"]) // WHOLE_BPS
        yield upto - before
        before = upto


def _earnings(order: Order, worths: Sequence[int], facts: Facts) -> list[int]:
    """By each step, rounded down; a step counts in the proportion of what has come the furthest."""
    if order.accepted_at is None:
        return [0] * len(worths)
    whole = order.quantity or 1
    come, earned = 0, []
    for worth, payout in reversed(list(zip(worths, order.payouts, strict=True))):
        come = max(come, _come(order, payout, facts, whole))
        earned.append(worth * come // whole)
    return earned[::-1]


def _come(order: Order, payout: dict[str, Any], facts: Facts, whole: int) -> int:
    if payout["milestone"] == Milestone.ACCEPTED:
        return whole
    if payout["measured"]:
        return _delivered(order, payout, facts) or 0
    return whole if facts.standing(payout["milestone"], 1)[0] == FactStatus.FINAL else 0


def _delivered(order: Order, payout: dict[str, Any], facts: Facts) -> int | None:
    """Thousandths, at most what was ordered; all of it where no more than the tolerance is missing."""
    if not payout["measured"]:
        return None
    quantity = 0
    for sequence in range(1, _MOST_DELIVERIES + 1):
        status, part = facts.standing(payout["milestone"], sequence)
        if status == FactStatus.DISPUTED:
            return 0
        if status != FactStatus.FINAL:
            break
        quantity += part
    forgiven = order.quantity * order.under_bps // WHOLE_BPS
    return order.quantity if quantity and quantity + forgiven >= order.quantity else quantity


def _is_open(payout: dict[str, Any], facts: Facts) -> bool:
    for sequence in range(1, (_MOST_DELIVERIES if payout["measured"] else 1) + 1):
        status = facts.status(payout["milestone"], sequence)
        if status == FactStatus.DISPUTED:
            return True
        if status != FactStatus.FINAL:
            return False
        if facts.standing(payout["milestone"], sequence)[0] != FactStatus.FINAL:
            return True
    return False


def _shared(total: int, parts: list[int]) -> list[int]:
    """The parts, with what rounding left of the total on the last that is not nothing."""
    furthest = max((place for place, part in enumerate(parts) if part), default=None)
    if furthest is None:
        return parts
    return [part + (total - sum(parts) if place == furthest else 0) for place, part in enumerate(parts)]


def _filled(total: int, rooms: list[int]) -> list[int]:
    """As much of the total as there is room for, from the first on."""
    filled = []
    for room in rooms:
        filled.append(min(max(total, 0), max(room, 0)))
        total -= filled[-1]
    return filled
