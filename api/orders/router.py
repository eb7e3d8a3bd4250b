"""/v1/orders: what two sides have agreed to, the money in escrow, and how facts earn it."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.network_key import NetworkKeyDep
from api.orders import registering, service
from api.orders.acts import Desk
from api.orders.listing import ORDERS
from api.orders.schemas import (
    DecisionRequest,
    DisputeRequest,
    MatchRequest,
    MoneyRequest,
    OfferRequest,
    OrderAcceptanceRequest,
    OrderRequest,
    RefundClaimRequest,
    SplitRequest,
)
from api.orders.views import OrderView, OrderWritten
from api.problems import READ_PROBLEMS
from api.values import Hex32, Page

router = gateway_router("/v1/orders", "orders")
Reader = Annotated[Principal, Depends(requires("orders:read"))]
Writer = Annotated[Acting, Depends(writes("orders:write"))]
Arbiter = Annotated[Acting, Depends(writes("orders:write", "operator"))]


async def _desk(order_id: str, acting: Writer) -> Desk:
    return Desk(acting, order_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.write("", OrderWritten, "Register an order, as its seller")
def register(body: OrderRequest, seller: Writer, key: NetworkKeyDep) -> Response:
    order_id, ids = registering.register(seller, key, body)
    return seller.written(lambda session: service.written(session, seller.chain, order_id, ids))


@router.lists("", Page[OrderView], ORDERS, "List the orders that one sells or buys")
def orders(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(ORDERS.asked)]
) -> Page[OrderView]:
    return service.page(session, principal, chain, asked)


@router.get("/{order_id}", responses=READ_PROBLEMS, summary="See an order, what its milestones paid and who is next")
def order(order_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> OrderView:
    return service.view(session, service.find(session, principal, order_id), chain)


@router.write("/{order_id}/acceptance", OrderWritten, "Accept an order as its buyer, with the deposit")
def accept(desk: AtDesk, body: OrderAcceptanceRequest) -> Response:
    return desk.answer(desk.accept(body))


@router.write("/{order_id}/cancellation", OrderWritten, "Withdraw an order that nobody has accepted, as its seller")
def cancel(desk: AtDesk) -> Response:
    return desk.answer(desk.cancel())


@router.write("/{order_id}/deposits", OrderWritten, "Put money into escrow, where facts earn it")
def deposit(desk: AtDesk, body: MoneyRequest) -> Response:
    return desk.answer(desk.deposit(body))


@router.write("/{order_id}/payments", OrderWritten, "Pay on an order at once, past the escrow")
def pay(desk: AtDesk, body: MoneyRequest) -> Response:
    return desk.answer(desk.pay(body))


@router.write("/{order_id}/settlement", OrderWritten, "Pay out what facts have earned and is held")
def settle(desk: AtDesk) -> Response:
    return desk.answer(desk.settle())


@router.write("/{order_id}/refund", OrderWritten, "End an order that was not delivered in time")
def refund(desk: AtDesk) -> Response:
    return desk.answer(desk.refund())


@router.write("/{order_id}/refund-claims", OrderWritten, "Give a funder's part of an ended order back to it")
def claim_refund(desk: AtDesk, body: RefundClaimRequest) -> Response:
    return desk.answer(desk.claim_refund(body))


@router.write("/{order_id}/disputes", OrderWritten, "Object to an order, as one of its sides")
def dispute(desk: AtDesk, body: DisputeRequest) -> Response:
    return desk.answer(desk.dispute(body))


@router.write("/{order_id}/disputes/end", OrderWritten, "End the dispute on an order without a split")
def end_dispute(desk: AtDesk) -> Response:
    return desk.answer(desk.end_dispute())


@router.write("/{order_id}/disputes/decision", OrderWritten, "Decide the dispute on an order (arbiter)")
def decide(desk: AtDesk, body: DecisionRequest, arbiter: Arbiter) -> Response:
    return desk.answer(desk.decide(body))


@router.write("/{order_id}/splits", OrderWritten, "Agree to end an order by a split of what is held")
def split(desk: AtDesk, body: SplitRequest) -> Response:
    return desk.answer(desk.split(body))


@router.write("/{order_id}/invoices", OrderWritten, "Match an accepted invoice with its order, as the seller")
def match(desk: AtDesk, body: MatchRequest) -> Response:
    return desk.answer(desk.match(body))


@router.write("/{order_id}/offers", OrderWritten, "Offer goods in a warehouse against payment, as the seller")
def offer(desk: AtDesk, body: OfferRequest) -> Response:
    return desk.answer(desk.offer(body))


@router.write("/{order_id}/offers/{digest}/delivery", OrderWritten, "Take offered goods against payment, as the buyer")
def take_delivery(desk: AtDesk, digest: Hex32) -> Response:
    return desk.answer(desk.take_delivery(digest))
