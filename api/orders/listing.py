"""By what the list of orders may be filtered and sorted."""

from sqlalchemy import or_
from sqlmodel import col, select

from api.lists import CURRENCY, DAY, HEX32, LEI, MOMENT, TEXT, UNITS, Listing, column, matched, words
from api.orders.models import Order, OrderState, OrderWords
from api.participants.listing import is_organisation

_NUMBER = (
    select(OrderWords.number)
    .where(col(OrderWords.terms_hash) == col(Order.terms_hash))
    .correlate(Order)
    .scalar_subquery()
)
_sells, _buys = is_organisation(Order.seller), is_organisation(Order.buyer)
ORDERS = Listing(
    column("state", words(OrderState), Order.state),
    column("number", TEXT, _NUMBER, "as its seller has written it", nullable=True),
    matched("seller_lei", LEI, _sells),
    matched("buyer_lei", LEI, _buys),
    matched("party_lei", LEI, lambda lei: or_(_sells(lei), _buys(lei)), "those with this seller or buyer"),
    column("currency", CURRENCY, Order.currency),
    column("value", UNITS, Order.value),
    column("deposit", UNITS, Order.deposit),
    column("deliver_by", DAY, Order.deliver_by),
    column("subject", HEX32, Order.subject, "those whose money this consignment's facts earn"),
    column("terms_hash", HEX32, Order.terms_hash),
    column("registered_at", MOMENT, Order.registered_at),
    column("accepted_at", MOMENT, Order.accepted_at),
    column("ended_at", MOMENT, Order.ended_at),
    column("transaction_hash", HEX32, Order.transaction_hash),
    key=column("id", HEX32, Order.id),
    usual="-registered_at",
)
