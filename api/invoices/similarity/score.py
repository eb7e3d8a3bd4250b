"""How alike two invoices are, by what they agree in: a sum of points that a credit officer can check by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FLAGGED_FROM: Final = 75
MOST_POINTS: Final = 100
DIFFERENT_REFERENCE: Final = -25


class Aspect(StrEnum):
    """What two invoices can agree in. Of several agreements in one aspect the heaviest counts."""

    NUMBER = "number"
    AMOUNT = "amount"
    ISSUED = "issued"
    DUE = "due"
    ORDER = "order"
    DESPATCH = "despatch"
    GOODS = "goods"


@dataclass(frozen=True)
class Agreement:
    """One thing that two invoices agree in. The reason reads the same from either side, and repeats no value."""

    aspect: Aspect
    points: int
    reason: str


SAME_DIGITS: Final = Agreement(Aspect.NUMBER, 45, "numbers with the same digits behind other signs")
EXCHANGED_DIGITS: Final = Agreement(Aspect.NUMBER, 20, "numbers that differ by two exchanged digits")
SAME_AMOUNT: Final = Agreement(Aspect.AMOUNT, 25, "equal amounts")
EXCHANGED_AMOUNT: Final = Agreement(Aspect.AMOUNT, 20, "amounts that differ by two exchanged digits")
HALF_AMOUNT: Final = Agreement(Aspect.AMOUNT, 20, "one amount half of the other")
OTHER_CURRENCY: Final = Agreement(Aspect.AMOUNT, 20, "amounts in different currencies")
SAME_ISSUE_DATE: Final = Agreement(Aspect.ISSUED, 20, "issued on the same day")
CLOSE_ISSUE_DATE: Final = Agreement(Aspect.ISSUED, 10, "issued within three days of each other")
SAME_DUE_DATE: Final = Agreement(Aspect.DUE, 10, "due on the same day")
SAME_ORDER: Final = Agreement(Aspect.ORDER, 20, "the same order")
SAME_DESPATCH: Final = Agreement(Aspect.DESPATCH, 50, "the same despatch advice")
SAME_GOODS: Final = Agreement(Aspect.GOODS, 5, "the same goods")
_CLOSE_AMOUNT_POINTS: Final = 20
_OTHER_SUPPLIER: Final = "from different suppliers"


def close_amounts(percent: str) -> Agreement:
    """Amounts that differ by no more than so many per cent."""
    return Agreement(Aspect.AMOUNT, _CLOSE_AMOUNT_POINTS, f"amounts within {percent} % of each other")


@dataclass(frozen=True)
class Marks:
    """What is kept of an invoice to compare it by, once a candidate is found: two keyed names, and whether it names an
    order and a despatch advice at all."""

    supplier: bytes
    currency: bytes
    names_order: bool
    names_despatch: bool


@dataclass(frozen=True)
class Similarity:
    """A near-duplicate: points of 100, and why."""

    score: int
    reasons: tuple[str, ...]


def judge(agreements: Iterable[Agreement], mine: Marks, theirs: Marks) -> Similarity | None:
    """The near-duplicate that the agreements make of two invoices; None where it takes more.

    Without a relation of the amounts nothing is one: two claims of different sums are two claims. References that both
    invoices name and that differ speak for two deliveries.
    """
    found = _heaviest(agreements)
    if mine.currency != theirs.currency:
        found[Aspect.AMOUNT] = OTHER_CURRENCY
    points = sum(agreement.points for agreement in found.values()) + _differences(found, mine, theirs)
    if Aspect.AMOUNT not in found or points < FLAGGED_FROM:
        return None
    reasons = [found[aspect].reason for aspect in Aspect if aspect in found]
    if mine.supplier != theirs.supplier:
        reasons.append(_OTHER_SUPPLIER)
    return Similarity(min(points, MOST_POINTS), tuple(reasons))


def _heaviest(agreements: Iterable[Agreement]) -> dict[Aspect, Agreement]:
    found: dict[Aspect, Agreement] = {}
    for agreement in agreements:
        known = found.get(agreement.aspect)
        # Of equal points the text decides, so that the order in which they were found does not.
        if known is None or (agreement.points, agreement.reason) > (known.points, known.reason):
            found[agreement.aspect] = agreement
    return found


def _differences(found: dict[Aspect, Agreement], mine: Marks, theirs: Marks) -> int:
    both = {
        Aspect.ORDER: mine.names_order and theirs.names_order,
        Aspect.DESPATCH: mine.names_despatch and theirs.names_despatch,
    }
    return sum(DIFFERENT_REFERENCE for aspect, named in both.items() if named and aspect not in found)
