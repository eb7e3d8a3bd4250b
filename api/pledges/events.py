"""What becomes known of pledged goods: to their owner; of an offer also to the one buyer whom it names."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hash32, hashed, money, number, tells, whole
from api.events.telling import Telling
from api.financings import events as financings
from api.pledges.models import GoodsOffer


def _offers(telling: Telling, ids: Collection[str]) -> list[GoodsOffer]:
    return list(telling.session.exec(select(GoodsOffer).where(col(GoodsOffer.digest).in_(ids))))


def _concerned(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    offers = _offers(telling, ids)
    sellers = financings.parties(telling, {str(offer.financing) for offer in offers})
    buyers = telling.leis_of_accounts({offer.buyer for offer in offers if offer.buyer})
    return {
        offer.digest: {
            *sellers.get(str(offer.financing), ()),
            *([buyers[offer.buyer]] if offer.buyer in buyers else []),
        }
        for offer in offers
    }


def _currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    offers = _offers(telling, ids)
    lent = financings.currencies(telling, {str(offer.financing) for offer in offers})
    return {offer.digest: lent[str(offer.financing)] for offer in offers}


PLEDGE = Kind("pledge", "pledges:read", number("financing"), financings.parties, financings.currencies)
OFFER = Kind("goods_offer", "pledges:read", hashed("digest"), _concerned, _currencies)
_STOCK = "InventoryCollateral"
_RECEIPT, _QUANTITY = hash32("lot"), whole("quantity")

for _event, _what in (("CollateralTaken", "taken"), ("CollateralReleased", "given_back")):
    tells(PLEDGE, _STOCK, _event, _what, receipt_id=hash32("itemId"), quantity_thousandths=whole("units"))
tells(PLEDGE, _STOCK, "CollateralRetired", "gave_way", receipt_id=hash32("itemId"))
tells(PLEDGE, _STOCK, "GoodsAdded", "added", receipt_id=_RECEIPT, quantity_thousandths=_QUANTITY)
tells(
    PLEDGE,
    _STOCK,
    "GoodsSubstituted",
    "exchanged",
    receipt_id=hash32("released"),
    quantity_thousandths=whole("quantityReleased"),
    taken_receipt_id=hash32("taken"),
    taken_thousandths=whole("quantityTaken"),
)
tells(PLEDGE, _STOCK, "LotDropped", "dropped", receipt_id=_RECEIPT)
tells(
    PLEDGE,
    _STOCK,
    "GoodsReleasedForPayment",
    "released_for_payment",
    receipt_id=_RECEIPT,
    quantity_thousandths=_QUANTITY,
    value=money("value"),
    paid=money("paid"),
)
tells(
    PLEDGE,
    _STOCK,
    "GoodsSold",
    "sold",
    receipt_id=_RECEIPT,
    quantity_thousandths=_QUANTITY,
    price=money("price"),
    to_pool=money("toPool"),
)
tells(
    PLEDGE,
    _STOCK,
    "ReleaseConsented",
    "release_consented",
    receipt_id=_RECEIPT,
    release_order_id=hash32("digest"),
    quantity_thousandths=_QUANTITY,
)
tells(
    OFFER,
    _STOCK,
    "GoodsOffered",
    "made",
    receipt_id=hash32("offer.lot"),
    quantity_thousandths=whole("offer.quantity"),
    price=money("offer.price"),
    until=at("offer.until"),
)
tells(OFFER, _STOCK, "OfferWithdrawn", "withdrawn")
