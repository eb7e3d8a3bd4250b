"""The life of a purchase order, and the road its money takes."""

from __future__ import annotations

from typing import Any

from chain_node.client import OrderState, Payout
from model.books import Books
from model.invoices import NOBODY
from model.orders import Order, attested, facts_of
from model.reading import reads


@reads("OrderEscrow", "OrderRegistered")
def order_registered(books: Books, its: Any) -> None:
    assert its["id"] not in books.orders
    parties = (its["seller"], its["buyer"])
    books.orders[its["id"]] = Order(
        its["id"], *parties, its["currency"], its["value"], its["quantity"], its["deliverBy"]
    )


@reads("OrderEscrow", "OrderDetailed")
def order_detailed(books: Books, its: Any) -> None:
    order, terms = books.orders[its["id"]], its["terms"]
    books.same("value of an order's lines", order.value, sum(line["value"] for line in terms["lines"]))
    order.subject, order.deposit = its["subject"], terms["deposit"]
    order.grace_days, order.under_bps = terms["graceDays"], terms["underBps"]
    order.payouts = tuple(Payout(*step.values()) for step in terms["payouts"])
    before = attested(books.facts, order.subject)
    assert not before & {step.milestone for step in order.payouts}, "paid out for what is not its"
    order.begun = bool(before)


@reads("OrderEscrow", "OrderAccepted")
def order_accepted(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    books.same("order accepted from", OrderState.REGISTERED, order.state)
    books.same("order accepted by", books.organisations[its["by"]], order.buyer)
    order.state, order.buyers_account = OrderState.ACCEPTED, its["by"]


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
    assert order.backs or order.state == OrderState.LAPSED
    if order.assigned:
        books.same("payee of an assigned order", its["payee"], order.assignee)
        keeper = books.addresses[order.assignee]
        books.ledgers[order.currency].post((keeper, f"order {order.id}"), ("owed on pledges",), its["amount"])
    else:
        books.same("payee of an order", books.organisations[its["payee"]], order.seller)
    order.pay(its["amount"])
    books.same("outstanding on an order", its["outstanding"], order.outstanding)


@reads("OrderEscrow", "OrderFunded")
def order_funded(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    assert order.backs
    of_buyer = books.organisations[its["payer"]] == order.buyer
    beneficiary = order.buyers_account if of_buyer else its["payer"]
    books.same("in whose name an order is funded", its["beneficiary"], beneficiary)
    order.fund(beneficiary, its["amount"])
    books.same("held for an order", its["held"], order.held)
    books.ledgers[order.currency].post(_held(order), ("owed to payees",), its["amount"])


@reads("OrderEscrow", "OrderPaidOut")
def order_paid_out(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    assert order.backs
    books.same("paid out on an order", its["amount"], order.due(facts_of(books.facts, order.subject)))
    ledger = books.ledgers[order.currency]
    ledger.post(("owed to payees",), _held(order), its["amount"])
    if order.assigned:
        books.same("payee of a payout", its["payee"], order.assignee)
        keeper = books.addresses[order.assignee]
        ledger.post((keeper, f"order {order.id}"), ("owed on pledges",), its["amount"])
    else:
        books.same("payee of an order's payout", books.organisations[its["payee"]], order.seller)
    order.pay_out(its["amount"])
    books.same("left of what is held for an order", its["held"], order.held)


@reads("OrderEscrow", "OrderLapsed")
def order_lapsed(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    books.same("an order lapsed with what is due", order.due(facts_of(books.facts, order.subject)), 0)
    books.same("unearned of an order", its["unearned"], order.held)
    order.lapse()


@reads("OrderEscrow", "OrderRefunded")
def order_refunded(books: Books, its: Any) -> None:
    order = books.orders[its["id"]]
    books.same("who has a refund", its["payee"], its["beneficiary"])
    books.same("refund of an order", its["amount"], order.give_back(its["beneficiary"]))
    books.ledgers[order.currency].post(("owed to payees",), _held(order), its["amount"])


def _held(order: Order) -> tuple[str, str]:
    return "parked in escrow", f"order {order.id}"


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
