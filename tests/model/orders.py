"""Purchase orders: all that the buyer pays on an assigned one goes to its assignee first."""

from __future__ import annotations

from dataclasses import dataclass

from chain_node.client import OrderState
from model.invoices import NOBODY


@dataclass
class Order:
    """`waiting` is what was paid to the assignee and not allotted to the financing yet, minor units."""

    id: int
    seller: int
    buyer: int
    currency: str
    value: int
    quantity: int
    last_day: int
    state: OrderState = OrderState.REGISTERED
    paid: int = 0
    assignee: str = NOBODY
    waiting: int = 0

    @property
    def outstanding(self) -> int:
        return self.value - self.paid

    @property
    def objected(self) -> int:
        """A buyer cannot object to an order: it need not pay before it has the goods."""
        return 0

    @property
    def assigned(self) -> bool:
        return self.assignee != NOBODY

    @property
    def backs(self) -> bool:
        return self.state == OrderState.ACCEPTED

    def pay(self, amount: int) -> None:
        self.paid += amount
        if self.assigned:
            self.waiting += amount
        if not self.outstanding:
            self.state = OrderState.SETTLED

    def allot(self, units: int) -> tuple[int, int]:
        """To the one financing that it backs: the money that waits, and what is left of the units pledged to it."""
        cash, self.waiting = self.waiting, 0
        return cash, min(units, self.outstanding)
