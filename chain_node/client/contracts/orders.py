"""OrderEscrow: purchase orders and the road their money takes. Units as for receivables."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import OrderState


@dataclass(frozen=True)
class Order:
    value: int
    paid: int
    quantity: int
    deliver_by: int
    seller: int
    buyer: int
    currency: int
    state: OrderState
    assigned: bool


class Orders(Contract):
    interface_name = "OrderEscrow"

    def list_currency(self, cash: str) -> Call:
        return self.call("listCurrency", cash)

    def list_assignee(self, assignee: str, listed: bool) -> Call:
        return self.call("listAssignee", assignee, listed)

    def register_order(self, *, id: int, buyer: str, currency: str, value: int, quantity: int, deliver_by: int) -> Call:
        """Registers an order as its seller."""
        return self.call("registerOrder", (id, buyer, currency, value, quantity, deliver_by))

    def accept_order(self, *, id: int, value: int, quantity: int, deliver_by: int) -> Call:
        """Accepts as the buyer, repeating the terms."""
        return self.call("acceptOrder", id, value, quantity, deliver_by)

    def cancel_order(self, id: int) -> Call:
        return self.call("cancelOrder", id)

    def assign_proceeds(self, id: int, seller: str) -> Call:
        return self.call("assignProceeds", id, seller)

    def release_proceeds(self, id: int) -> Call:
        return self.call("releaseProceeds", id)

    def pay_order(self, id: int, amount: int) -> Call:
        return self.call("payOrder", id, amount)

    def order(self, id: int, block: BlockTag = "latest") -> Order:
        return self._struct(Order, "order", id, block=block)

    def assignee_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("assigneeOf", id, block=block)[0]
        return address

    def outstanding(self, id: int, block: BlockTag = "latest") -> int:
        return int(self.read("outstanding", id, block=block)[0])

    def cash_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cashOf", id, block=block)[0]
        return address
