"""What a supplier's financings came to over a stretch of blocks: what was owed before, drawn, charged, paid, and owed
after. What is owed is the desk's to say at either end; what was charged is what makes the one of the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from api.errors import GatewayError
from api.facilities import service as facilities
from api.figures import STATE_GONE, Figures, ask
from api.financings import repository
from api.financings.models import Financing
from chain_node.client import Chain, Owed

CHARGES: Final = ("interest", "fees", "late_fees", "reserve")
PAID: Final = ("principal", "interest", "fees", "late_fees", "reserve", "recovered")
_NOTHING: Final = Owed(late_fees=0, fees=0, interest=0, principal=0, written_off=0, reserve=0)


@dataclass(frozen=True)
class FinancingPeriod:
    """In minor units. `before`, `after` and `charged` are null where the node does not know a block so old any more."""

    financing: Financing
    before: Owed | None
    drawn: int
    charged: Mapping[str, int] | None
    paid: Mapping[str, int]
    written_off: int
    after: Owed | None


def over(
    session: Session, chain: Chain, accounts: Sequence[str], currency: str, after: int, until: int
) -> list[FinancingPeriod]:
    """Those of the supplier accounts in one currency that were open, or moved, in the blocks above `after` and up to
    `until`, by number."""
    mine = repository.by_numbers(session, repository.numbers_of(session, accounts))
    mine = sorted((each for each in mine if each.block_number <= until), key=lambda each: each.number)
    lines = facilities.by_numbers(session, {each.facility for each in mine})
    currencies = facilities.currencies(session, chain, lines.values())
    moved = _Moved.read(session, [each.number for each in mine], after, until)
    found = [each for each in mine if currencies[each.facility] == currency and moved.concerns(each, after)]
    earlier = [each.number for each in found if each.block_number <= after]
    before = _owed(chain, earlier, after)
    then = _owed(chain, [each.number for each in found], until)
    return [_of(each, moved, None if before is None else before.get(each.number, _NOTHING), then) for each in found]


@dataclass(frozen=True)
class _Moved:
    """By financing: sums within the blocks, and the principal that was lent or lost before and not paid back."""

    out_before: Mapping[int, int]
    drawn: Mapping[int, int]
    paid: Mapping[int, Mapping[str, int]]
    written_off: Mapping[int, int]

    @classmethod
    def read(cls, session: Session, numbers: Sequence[int], after: int, until: int) -> "_Moved":
        out, drawn, lost = (dict.fromkeys(numbers, 0) for _ in range(3))
        paid = {number: dict.fromkeys(PAID, 0) for number in numbers}
        for draw in repository.draws(session, numbers):
            if draw.block_number <= after:
                out[draw.financing] += draw.amount
            elif draw.block_number <= until:
                drawn[draw.financing] += draw.amount
        for its in repository.repayments(session, numbers):
            if its.block_number <= after:
                out[its.financing] -= its.principal + its.recovered
            elif its.block_number <= until:
                for part in PAID:
                    paid[its.financing][part] += getattr(its, part)
        for loss in repository.write_offs(session, numbers):
            if after < loss.block_number <= until:
                lost[loss.financing] += loss.amount
        return cls(out, drawn, paid, lost)

    def concerns(self, its: Financing, after: int) -> bool:
        number = its.number
        moved = self.drawn[number] or self.written_off[number] or any(self.paid[number].values())
        return bool(moved or self.out_before[number] or its.block_number > after)


def _of(its: Financing, moved: _Moved, before: Owed | None, owed: Mapping[int, Owed] | None) -> FinancingPeriod:
    paid, after = moved.paid[its.number], None if owed is None else owed[its.number]
    charged = None
    if before is not None and after is not None:
        charged = {part: getattr(after, part) - getattr(before, part) + paid[part] for part in CHARGES}
    return FinancingPeriod(
        financing=its,
        before=before,
        drawn=moved.drawn[its.number],
        charged=charged,
        paid=paid,
        written_off=moved.written_off[its.number],
        after=after,
    )


def _owed(chain: Chain, numbers: Sequence[int], block: int) -> dict[int, Owed] | None:
    """At the end of a block; None where the node has given up its state."""
    if not numbers:
        return {}
    try:
        told = Figures(chain, block).answers([ask(chain.desk, "owed", number) for number in numbers])
    except GatewayError as error:
        if error.error == STATE_GONE:
            return None
        raise
    return {number: Owed(*its.values()) for number, its in zip(numbers, told, strict=True)}
