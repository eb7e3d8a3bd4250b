"""An order's money, asked from the escrow at the newest block that the database has (decision 0011)."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from api.figures import Figures, ask
from api.orders.models import Order, OrderState
from chain_node.client import Chain

SELLER_DISPUTED, BUYER_DISPUTED, _BEGUN = 8, 16, 64
"""Flags of `IOrderEscrow.Order`: a side has had its dispute; a fact of its goods was there before the order."""
_VIEWS = ("order", "fundsOf", "earnedOf", "heldInAll")


@dataclass(frozen=True)
class Sums:
    """Minor units. `kept` is what of an ended order waits for those who put it in."""

    order: Order
    held: int
    paid: int
    earned: int
    funded: int
    invoiced: int
    waived: int
    refunded: int
    kept: int
    flags: int

    @property
    def has_begun(self) -> bool:
        """Whether its goods were on their way before it was registered: then nothing is lent on it."""
        return bool(self.flags & _BEGUN)

    @property
    def outstanding(self) -> int:
        """Still to be paid to the seller's side; nothing on an order that was withdrawn."""
        if self.order.state == OrderState.CANCELLED:
            return 0
        return self.order.value - self.paid - self.invoiced - self.waived

    @property
    def unfunded(self) -> int:
        """Still to come from the buyer."""
        return self.outstanding - self.held

    @property
    def due(self) -> int:
        """Earned and held."""
        return max(0, min(self.earned - self.paid, self.held))


def sums_of(session: Session, chain: Chain, orders: Collection[Order]) -> tuple[list[Sums], int]:
    """Of each order, and the days that a dispute runs; with one request to the node."""
    if not orders:
        return [], 0
    escrow, questions = chain.orders, [ask(chain.orders, "disputeDays")]
    for order in orders:
        questions += [ask(escrow, view, int(order.id, 16)) for view in _VIEWS]
    dispute_days, *rest = Figures.at(session, chain).answers(questions)
    answers = iter(rest)
    found = []
    for order in orders:
        its, funds, earned, in_all = (next(answers) for _ in _VIEWS)
        found.append(
            Sums(
                order=order,
                held=its["held"],
                paid=its["paid"],
                flags=its["flags"],
                earned=earned,
                funded=funds["funded"],
                invoiced=funds["invoiced"],
                waived=funds["waived"],
                refunded=funds["refunded"],
                kept=in_all - its["held"],
            )
        )
    return found, dispute_days
