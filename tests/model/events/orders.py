"""The life of a purchase order, and the road its money takes."""

from __future__ import annotations

from typing import Any

from chain_node.client import OrderState
from model.books import Books
from model.invoices import NOBODY
from model.orders import Order
from model.reading import reads


@reads("OrderEscrow", "OrderRegistered")
def order_registered(books: Books, its: Any) -> None:
    assert its["id"] not in books.orders
    parties = (its["seller"], its["buyer"])
    books.orders[its["id"]] = Order(
        its["id"], *parties, its["currency"], its["value"], its["quantity"], its["deliverBy"]
    )


@reads("OrderEscrow", "OrderAccepted")
def order_accepted(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    books.same("order accepted from", OrderState.REGISTERED, order.state)
    books.same("order accepted by", books.organisations[its["by"]], order.buyer)
    order.state = OrderState.ACCEPTED


@reads("OrderEscrow", "OrderCancelled")
def order_cancelled(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    books.same("order cancelled from", OrderState.REGISTERED, order.state)
    order.state = OrderState.CANCELLED


@reads("OrderEscrow", "ProceedsAssigned")
def proceeds_assigned(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    assert not order.assigned, "an order's money goes one way only"
    order.assignee = its["assignee"]


@reads("OrderEscrow", "ProceedsReleased")
def proceeds_released(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    assert not order.waiting, "money that came in for the assignee is not lost on the way back"
    order.assignee = NOBODY


@reads("OrderEscrow", "OrderPaid")
def order_paid(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    assert order.backs
    if order.assigned:
        books.same("payee of an assigned order", its["payee"], order.assignee)
        keeper = books.addresses[order.assignee]
        books.ledgers[order.currency].post((keeper, f"order {order.id}"), ("owed on pledges",), its["amount"])
    else:
        books.same("payee of an order", books.organisations[its["payee"]], order.seller)
    order.pay(its["amount"])
    books.same("outstanding on an order", its["outstanding"], order.outstanding)


@reads("OrderEscrow", "OrderSettled")
def order_settled(books: Books, its: Any) -> None:
    books.same("order settled", books.orders[its["id"]].state, OrderState.SETTLED)


@reads("OrderEscrow", "PayoutParked")
def payout_parked(books: Books, its: Any) -> None:
    currency = books.addresses[its["cash"]].partition(":")[2]
    books.ledgers[currency].post(("parked in escrow", its["payee"]), ("owed to payees",), its["amount"])


@reads("OrderEscrow", "ParkedClaimed")
def parked_claimed(books: Books, its: Any) -> None:
    currency = books.addresses[its["cash"]].partition(":")[2]
    books.ledgers[currency].post(("owed to payees",), ("parked in escrow", its["payee"]), its["amount"])
