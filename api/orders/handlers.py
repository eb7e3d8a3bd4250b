"""The events of OrderEscrow and OrderMatch as rows."""

from typing import Any

from sqlmodel import Session

from api.indexer import handles
from api.orders import repository
from api.orders.models import MatchedInvoice, Movement, Offer, OfferState, Order, OrderState, Step
from api.participants import service as participants
from api.values import hex32
from chain_node.client import Block, Event


@handles("OrderEscrow", "OrderRegistered")
def on_registered(session: Session, event: Event, block: Block) -> None:
    """What its terms are in full is said next, in the same transaction."""
    told = event.arguments
    session.add(
        Order(
            id=hex32(told["id"]),
            seller=told["seller"],
            buyer=told["buyer"],
            currency=told["currency"],
            subject="",
            terms_hash="",
            value=told["value"],
            quantity=told["quantity"],
            deliver_by=told["deliverBy"],
            grace_days=0,
            deposit=0,
            over_bps=0,
            under_bps=0,
            lines=[],
            payouts=[],
            registered_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("OrderEscrow", "OrderDetailed")
def on_detailed(session: Session, event: Event, block: Block) -> None:
    order, terms = _order(session, event), event.arguments["terms"]
    order.subject, order.terms_hash = hex32(event.arguments["subject"]), hex32(event.arguments["termsHash"])
    order.grace_days, order.deposit = terms["graceDays"], terms["deposit"]
    order.over_bps, order.under_bps = terms["overBps"], terms["underBps"]
    order.lines = [
        {
            "item": hex32(line["item"]),
            "unit": line["unit"],
            "quantity": str(line["quantity"]),
            "value": str(line["value"]),
        }
        for line in terms["lines"]
    ]
    order.payouts = [
        {"milestone": payout["milestone"], "share_bps": payout["shareBps"], "measured": payout["measured"]}
        for payout in terms["payouts"]
    ]


@handles("OrderEscrow", "OrderAccepted")
def on_accepted(session: Session, event: Event, block: Block) -> None:
    order = _order(session, event)
    order.state, order.accepted_at = OrderState.ACCEPTED.value, block.timestamp
    order.buyer_account = event.arguments["by"]


@handles("OrderEscrow", "OrderCancelled")
def on_cancelled(session: Session, event: Event, block: Block) -> None:
    _end(_order(session, event), OrderState.CANCELLED, block)


@handles("OrderEscrow", "OrderSettled")
def on_settled(session: Session, event: Event, block: Block) -> None:
    _end(_order(session, event), OrderState.SETTLED, block)


@handles("OrderEscrow", "OrderLapsed")
def on_lapsed(session: Session, event: Event, block: Block) -> None:
    _end(_order(session, event), OrderState.LAPSED, block)


# Assignment


@handles("OrderEscrow", "ProceedsAssigned")
def on_proceeds_assigned(session: Session, event: Event, block: Block) -> None:
    _order(session, event).assignee = event.arguments["assignee"]


@handles("OrderEscrow", "ProceedsReleased")
def on_proceeds_released(session: Session, event: Event, block: Block) -> None:
    order = _order(session, event)
    order.assignee, order.invoicing_permitted = None, False


@handles("OrderEscrow", "InvoicingPermitted")
def on_invoicing_permitted(session: Session, event: Event, block: Block) -> None:
    _order(session, event).invoicing_permitted = True


@handles("OrderEscrow", "RefundsAssigned")
def on_refunds_assigned(session: Session, event: Event, block: Block) -> None:
    _order(session, event).refund_assignee = event.arguments["assignee"]


@handles("OrderEscrow", "RefundsReleased")
def on_refunds_released(session: Session, event: Event, block: Block) -> None:
    _order(session, event).refund_assignee = None


# Money


@handles("OrderEscrow", "OrderFunded")
def on_funded(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, event, block, "deposit", account=told["payer"], beneficiary=told["beneficiary"])


@handles("OrderEscrow", "OrderPaid")
def on_paid(session: Session, event: Event, block: Block) -> None:
    _move(session, event, block, "payment", account=event.arguments["payer"])


@handles("OrderEscrow", "OrderPaidOut")
def on_paid_out(session: Session, event: Event, block: Block) -> None:
    _move(session, event, block, "payout", account=event.arguments["payee"])


@handles("OrderEscrow", "OrderInvoiced")
def on_invoiced(session: Session, event: Event, block: Block) -> None:
    _move(session, event, block, "invoiced")


@handles("OrderEscrow", "OrderRefunded")
def on_refunded(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, event, block, "refund", account=told["payee"], beneficiary=told["beneficiary"])


# Disputes and splits


@handles("OrderEscrow", "OrderDisputed")
def on_disputed(session: Session, event: Event, block: Block) -> None:
    order, told = _order(session, event), event.arguments
    order.state = OrderState.DISPUTED.value
    order.disputed_by, order.dispute_until = told["by"], told["until"]
    _step(session, event, block, "dispute opened", by=told["by"], evidence=hex32(told["evidence"]))


@handles("OrderEscrow", "OrderDisputeEnded")
def on_dispute_ended(session: Session, event: Event, block: Block) -> None:
    order = _order(session, event)
    order.state, order.disputed_by, order.dispute_until = OrderState.ACCEPTED.value, None, None
    by = participants.number_of_account(session, event.arguments["by"])
    _step(session, event, block, "dispute ended", by=by)


@handles("OrderEscrow", "SplitAgreed")
def on_split_agreed(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _step(session, event, block, "split agreed", by=told["by"], to_seller=told["toSeller"])


@handles("OrderEscrow", "OrderClosed")
def on_closed(session: Session, event: Event, block: Block) -> None:
    """By the arbiter, who gives reasons, or by both sides, who give none."""
    order, told = _order(session, event), event.arguments
    _end(order, OrderState.CLOSED, block)
    order.disputed_by, order.dispute_until = None, None
    decided = any(told["evidence"])
    evidence = hex32(told["evidence"]) if decided else None
    kind = "dispute decided" if decided else "split"
    _step(session, event, block, kind, to_seller=told["toSeller"], evidence=evidence)


# Goods and invoices


@handles("OrderEscrow", "DeliveryOffered")
def on_offered(session: Session, event: Event, block: Block) -> None:
    told, its = event.arguments, event.arguments["delivery"]
    session.merge(
        Offer(
            digest=hex32(told["digest"]),
            order_id=hex32(told["id"]),
            owner=its["owner"],
            lot=hex32(told["lot"]),
            quantity=its["quantity"],
            price=its["price"],
            state=(OfferState.OPEN if told["open"] else OfferState.WITHDRAWN).value,
            offered_at=block.timestamp,
            block_number=event.block_number,
        )
    )


@handles("OrderEscrow", "GoodsDelivered")
def on_delivered(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    key = (hex32(told["id"]), hex32(told["lot"]), told["owner"], told["quantity"], told["price"])
    offer = repository.offer_of(session, *key)
    offer.state = OfferState.TAKEN.value


@handles("OrderMatch", "InvoiceMatched")
def on_matched(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        MatchedInvoice(
            receivable_id=hex32(told["receivable"]),
            order_id=hex32(told["order"]),
            face_value=told["faceValue"],
            quantity=told["quantity"],
            block_number=event.block_number,
            matched_at=block.timestamp,
        )
    )


def _order(session: Session, event: Event) -> Order:
    return session.get_one(Order, hex32(event.arguments["id"]))


def _end(order: Order, state: OrderState, block: Block) -> None:
    order.state, order.ended_at = state.value, block.timestamp


def _move(session: Session, event: Event, block: Block, kind: str, **whose: Any) -> None:
    session.add(
        Movement(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            order_id=hex32(event.arguments["id"]),
            kind=kind,
            amount=event.arguments["amount"],
            block_number=event.block_number,
            moved_at=block.timestamp,
            **whose,
        )
    )


def _step(session: Session, event: Event, block: Block, kind: str, **said: Any) -> None:
    session.add(
        Step(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            order_id=hex32(event.arguments["id"]),
            kind=kind,
            block_number=event.block_number,
            made_at=block.timestamp,
            **said,
        )
    )
