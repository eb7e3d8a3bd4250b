"""What may be lent against a financing's collateral, and what of it is left: the arithmetic of LadderedCollateral and
FinancingDesk on the rows that the indexer wrote. Pure functions; amounts in minor units, times in Unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.financings.accrual import BPS

_ACCEPTED = 1
_MOST_DELIVERIES = 8
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Item:
    """The collateral: units in custody less what was paid and not forwarded, and the whole item's quantity."""

    units: int
    quantity: int
    is_good: bool
    due_date: int

    def value(self, now: int) -> int:
        """What the units are good for; nothing once the item is no longer accepted, or is overdue."""
        overdue = now >= (self.due_date + 1) * _SECONDS_PER_DAY
        return self.units if self.is_good and not overdue else 0


@dataclass(frozen=True)
class Standing:
    """A fact as a step of a ladder sees it."""

    is_usable: bool
    is_disputed: bool
    quantity: int


Facts = Mapping[tuple[int, int], Standing]


def borrowing_base(item: Item, ladder: Sequence[Mapping[str, Any]], facts: Facts, now: int) -> int:
    """The furthest step that has been reached counts, rounded down; a fact in dispute stops all draws."""
    value = item.value(now)
    if value == 0:
        return 0
    for step in reversed(ladder):
        reached, disputed, attested = _reach(step, facts)
        if disputed:
            return 0
        if not reached:
            continue
        if step["measured"] and attested is not None:
            value = _proportion_down(value, attested, item.quantity)
        elif step["measured"] and item.quantity == 0:
            value = 0
        return value * int(step["advance_rate_bps"]) // BPS
    return 0


def room(base: int, taken: int, fee_bps: int, limit_left: int) -> int:
    """What base and limit leave to draw, so that with the draw's own fee all that is owed stays within the base."""
    if base <= taken:
        return 0
    return min((base - taken) * BPS // (BPS + fee_bps), limit_left)


def _reach(step: Mapping[str, Any], facts: Facts) -> tuple[bool, bool, int | None]:
    """Whether the step is reached, whether it is disputed, and the quantity attested (None: the whole, accepted)."""
    if step["milestone"] == _ACCEPTED:
        return True, False, None
    reached, attested = False, 0
    for sequence in range(1, (_MOST_DELIVERIES if step["measured"] else 1) + 1):
        fact = facts.get((int(step["milestone"]), sequence))
        if fact is None or not fact.is_usable:
            return reached, fact is not None and fact.is_disputed, attested
        reached, attested = True, attested + fact.quantity
    return reached, False, attested


def _proportion_down(amount: int, part: int, whole: int) -> int:
    return amount * min(part, whole) // whole if whole else 0
