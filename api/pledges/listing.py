"""By what the lists of pledged goods and of offers may be filtered and sorted. What goods are worth and bear, and
whether an offer still stands, is the chain's to say."""

from typing import Any

from sqlmodel import col, select

from api.financings.models import Financing, FinancingState
from api.lists import CURRENCY, HEX32, LEI, MOMENT, NUMBER, UNITS, Listing, bound, column, matched, words
from api.participants.listing import is_account_of
from api.pledges.models import GoodsOffer, PledgeStep


def _is_or_was_of(lot_id: str) -> Any:
    steps = select(PledgeStep.financing)
    named = steps.where((col(PledgeStep.lot_id) == lot_id) | (col(PledgeStep.other_lot) == lot_id))
    return col(Financing.number).in_(named) | (col(Financing.item_id) == lot_id)


def _sold_by(lei: str) -> Any:
    its = select(Financing.number).where(is_account_of(Financing.supplier)(lei))
    return col(GoodsOffer.financing).in_(its)


PLEDGES = Listing(
    column("state", words(FinancingState), Financing.state),
    column("facility_id", NUMBER, Financing.facility),
    matched("supplier_lei", LEI, is_account_of(Financing.supplier)),
    bound("currency", CURRENCY),
    matched("receipt_id", HEX32, _is_or_was_of, "those that this lot backs, or has backed"),
    key=column("id", NUMBER, Financing.number),
)
OFFERS = Listing(
    column("pledge_id", NUMBER, GoodsOffer.financing),
    matched("seller_lei", LEI, _sold_by),
    column("receipt_id", HEX32, GoodsOffer.lot_id),
    column("quantity_thousandths", UNITS, GoodsOffer.quantity),
    column("price", UNITS, GoodsOffer.price, "of this price for all of it, in minor units"),
    matched("buyer_lei", LEI, is_account_of(GoodsOffer.buyer), "those to this one alone"),
    column("until", MOMENT, GoodsOffer.until),
    column("offered_at", MOMENT, GoodsOffer.offered_at),
    column("transaction_hash", HEX32, GoodsOffer.transaction_hash),
    column("block_number", NUMBER, GoodsOffer.block_number),
    key=column("id", HEX32, GoodsOffer.digest),
    usual="-block_number",
)
