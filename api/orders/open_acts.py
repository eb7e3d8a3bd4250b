"""What may be done next on an order, by whom and when. The contract decides; this tells people where to look."""

from collections.abc import Callable, Iterator, Sequence

from api.orders.models import Offer, OfferState, Order, OrderState
from api.orders.sums import BUYER_DISPUTED, SELLER_DISPUTED, Sums
from api.orders.views import Actor, NextView
from api.values import moment


def next_acts(order: Order, sums: Sums, refundable_from: int, now: int, offers: Sequence[Offer]) -> list[NextView]:
    """Acts by the last part of their path. A later `at` says from when one is open."""
    acts: dict[OrderState, Callable[[], Iterator[NextView]]] = {
        OrderState.REGISTERED: _registered,
        OrderState.ACCEPTED: lambda: _accepted(order, sums, refundable_from, now, offers),
        OrderState.DISPUTED: lambda: _disputed(order, now),
        OrderState.LAPSED: lambda: _lapsed(sums),
        OrderState.CLOSED: lambda: _given_back(sums),
    }
    found = acts.get(OrderState(order.state))
    return list(found()) if found else []


def _registered() -> Iterator[NextView]:
    yield _act("acceptance", "buyer")
    yield _act("cancellation", "seller")


def _accepted(order: Order, sums: Sums, refundable_from: int, now: int, offers: Sequence[Offer]) -> Iterator[NextView]:
    if sums.unfunded:
        yield _act("deposits", "buyer")
        yield _act("payments", "buyer")
        if order.assignee is None or order.invoicing_permitted:
            yield _act("invoices", "seller")
    if sums.due:
        yield _act("settlement", "anyone")
    if sums.held:
        yield _act("refund", "anyone", at=refundable_from if refundable_from > now else None)
        yield _act("offers", "seller")
    if any(offer.state == OfferState.OPEN for offer in offers) and order.refund_assignee is None:
        yield _act("offers/{digest}/delivery", "buyer")
    used: dict[Actor, int] = {"seller": SELLER_DISPUTED, "buyer": BUYER_DISPUTED}
    sides = [side for side, flag in used.items() if not sums.flags & flag]
    if sides:
        yield _act("disputes", *sides)
    yield from _split(order)


def _disputed(order: Order, now: int) -> Iterator[NextView]:
    yield _act("disputes/decision", "arbiter")
    yield _act("disputes/end", "seller" if order.disputed_by == order.seller else "buyer")
    until = order.dispute_until or 0
    yield _act("disputes/end", "anyone", at=until if until > now else None)
    yield from _split(order)


def _lapsed(sums: Sums) -> Iterator[NextView]:
    if sums.waived:
        yield _act("payments", "buyer")
    yield from _given_back(sums)


def _given_back(sums: Sums) -> Iterator[NextView]:
    """Of an ended order nothing is held: what was put in and went neither out nor back is still here."""
    if sums.kept:
        yield _act("refund-claims", "anyone")


def _split(order: Order) -> Iterator[NextView]:
    if order.assignee is None and order.refund_assignee is None:
        yield _act("splits", "seller", "buyer")


def _act(act: str, *by: Actor, at: int | None = None) -> NextView:
    return NextView(act=act, by=list(by), at=None if at is None else moment(at))
