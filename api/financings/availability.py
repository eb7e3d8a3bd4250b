"""What a financing owes, supports and may still draw, at the newest block that the database has."""

from dataclasses import dataclass

from sqlmodel import Session

from api.facilities import service as facilities
from api.financings.accrual import accrue, interest_up
from api.financings.base import Item, Standing, borrowing_base, room
from api.financings.models import Financing, FinancingState
from api.milestones import service as milestones
from api.milestones.models import FactStatus
from api.pools import service as pools
from api.receivables import service as receivables
from api.receivables.models import ReceivableState
from chain_node.client import AddressBook, Owed


@dataclass(frozen=True)
class Availability:
    """What the collateral supports, and what a poke would draw."""

    base: int
    available: int


def owed(financing: Financing, now: int) -> Owed:
    """What would have to be paid at `now` (Unix seconds) to be free."""
    numerator = accrue(
        financing.accrued_numerator, financing.principal, financing.discount_rate_bps, now - financing.accrued_at
    )
    return Owed(financing.fees_due, interest_up(numerator), financing.principal)


def availability(session: Session, financing: Financing, addresses: AddressBook, now: int) -> Availability | None:
    """None for collateral other than receivables, whose state the gateway does not follow yet."""
    if financing.collateral != addresses.address("ReceivableCollateral"):
        return None
    base = _base(session, financing, now) if financing.state != FinancingState.RELEASED else 0
    facility = facilities.by_number(session, financing.facility)
    may_draw = financing.state == FinancingState.OPEN and financing.impairment == 0 and now < facility.expires_at
    if not may_draw:
        return Availability(base, 0)
    taken = owed(financing, now).total + financing.repaid_ahead
    left = room(base, taken, facility.fee_bps, facility.limit - facility.drawn)
    return Availability(base, min(left, pools.free_cash(session, facilities.currency_of(financing.pool, addresses))))


def _base(session: Session, financing: Financing, now: int) -> int:
    pledged = receivables.pledged(session, financing.item_id, financing.collateral)
    if pledged is None:
        return 0
    item = Item(
        units=pledged.units,
        quantity=pledged.quantity,
        is_good=pledged.state == ReceivableState.ACCEPTED,
        due_date=pledged.due_date,
    )
    facts = {
        key: Standing(fact.usable, fact.status == FactStatus.DISPUTED, fact.quantity)
        for key, fact in milestones.standing(session, financing.subject, now).items()
    }
    return borrowing_base(item, financing.ladder, facts, now)
