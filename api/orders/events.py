"""What becomes known of orders: to seller and buyer."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hash32, hashed, money, on, tells, whole
from api.events.telling import Telling
from api.orders.models import Order
from chain_node.client import Event


def _rows(telling: Telling, ids: Collection[str]) -> list[Order]:
    return list(telling.session.exec(select(Order).where(col(Order.id).in_(ids))))


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows = _rows(telling, ids)
    leis = telling.leis_of_numbers({number for row in rows for number in (row.seller, row.buyer)})
    return {row.id: [leis[number] for number in (row.seller, row.buyer) if number in leis] for row in rows}


def _currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    return {row.id: row.currency for row in _rows(telling, ids)}


def _is_open(event: Event) -> bool:
    return bool(event.arguments["open"])


def _is_closed(event: Event) -> bool:
    return not event.arguments["open"]


ORDER = Kind("order", "orders:read", hashed("id"), _parties, _currencies)
_ESCROW = "OrderEscrow"
_AMOUNT, _EVIDENCE, _OUTSTANDING = money("amount"), hash32("evidence"), money("outstanding")

tells(
    ORDER,
    _ESCROW,
    "OrderRegistered",
    "registered",
    value=money("value"),
    quantity_thousandths=whole("quantity"),
    deliver_by=on("deliverBy"),
)
tells(ORDER, _ESCROW, "OrderAccepted", "accepted")
tells(ORDER, _ESCROW, "OrderCancelled", "cancelled")
tells(ORDER, _ESCROW, "OrderFunded", "deposited", amount=_AMOUNT, held=money("held"))
tells(ORDER, _ESCROW, "OrderPaid", "paid", amount=_AMOUNT, outstanding=_OUTSTANDING)
tells(ORDER, _ESCROW, "OrderPaidOut", "paid_out", amount=_AMOUNT, held=money("held"))
tells(ORDER, _ESCROW, "OrderInvoiced", "invoiced", amount=_AMOUNT, outstanding=_OUTSTANDING)
tells(ORDER, _ESCROW, "OrderSettled", "settled")
tells(ORDER, _ESCROW, "OrderLapsed", "lapsed", unearned=money("unearned"))
tells(ORDER, _ESCROW, "OrderRefunded", "refunded", amount=_AMOUNT)
tells(ORDER, _ESCROW, "OrderDisputed", "disputed", evidence=_EVIDENCE, until=at("until"))
tells(ORDER, _ESCROW, "OrderDisputeEnded", "dispute_ended")
tells(ORDER, _ESCROW, "SplitAgreed", "split_agreed", to_seller=money("toSeller"))
tells(
    ORDER,
    _ESCROW,
    "OrderClosed",
    "closed",
    to_seller=money("toSeller"),
    to_funders=money("toFunders"),
    evidence=_EVIDENCE,
)
for _what, _when in (("goods_offered", _is_open), ("goods_offer_withdrawn", _is_closed)):
    tells(
        ORDER,
        _ESCROW,
        "DeliveryOffered",
        _what,
        when=_when,
        offer_id=hash32("digest"),
        receipt_id=hash32("lot"),
        quantity_thousandths=whole("delivery.quantity"),
        price=money("delivery.price"),
    )
tells(
    ORDER,
    _ESCROW,
    "GoodsDelivered",
    "goods_delivered",
    receipt_id=hash32("lot"),
    quantity_thousandths=whole("quantity"),
    price=money("price"),
)
for _event, _what in (
    ("ProceedsAssigned", "proceeds_assigned"),
    ("ProceedsReleased", "proceeds_released"),
    ("InvoicingPermitted", "invoicing_permitted"),
    ("RefundsAssigned", "refunds_assigned"),
    ("RefundsReleased", "refunds_released"),
):
    tells(ORDER, _ESCROW, _event, _what)
tells(
    ORDER,
    "OrderMatch",
    "InvoiceMatched",
    "invoice_matched",
    identify=hashed("order"),
    receivable_id=hash32("receivable"),
    face_value=money("faceValue"),
)
