"""GoodsValuation and InventoryCollateral: what goods in a warehouse are worth, and goods as collateral. Amounts are
minor units, quantities thousandths of the lot's unit, rates basis points, moments Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.contracts.inventory import ReleaseOrder
from chain_node.client.contracts.lending import Collateral
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import GoodsGap


@dataclass(frozen=True)
class HaircutStep:
    """What is taken off from some age on: whole days of goods, seconds of what is known of them."""

    from_: int
    haircut_bps: int


@dataclass(frozen=True)
class ValuationTerms:
    """How goods of a commodity are valued. `grade_haircuts_bps` has six figures, by grade 0 to 5, the last 10000;
    `conditions` is a mask of `1 << FeedKind` of the readings that must be known, 0 for goods that need no sensor."""

    price_feed: bytes
    haircut_bps: int
    grade_haircuts_bps: tuple[int, ...]
    ages: tuple[HaircutStep, ...]
    staleness: tuple[HaircutStep, ...]
    days_before_expiry: int
    conditions: int

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> ValuationTerms:
        feed, haircut, grades, ages, staleness, days, conditions = told.values()
        return cls(feed, haircut, tuple(grades), _steps(ages), _steps(staleness), days, conditions)


def _steps(told: Sequence[Mapping[str, Any]]) -> tuple[HaircutStep, ...]:
    return tuple(HaircutStep(*step.values()) for step in told)


@dataclass(frozen=True)
class Valuation:
    """What units of a lot in custody are worth; `value` is 0 unless the gap is `NONE`."""

    quantity: int
    market_value: int
    ceiling: int
    value: int
    haircut_bps: int
    grade: int
    gap: GoodsGap


@dataclass(frozen=True)
class MarginTerms:
    """A lender's terms for goods; see `IInventoryCollateral.MarginTerms`."""

    call_level_bps: int
    release_ratio_bps: int
    start_bps: int
    floor_bps: int
    least_bid_bps: int
    tenor_days: int
    cure_seconds: int
    sale_seconds: int


@dataclass(frozen=True)
class MarginCall:
    """An open call for margin; all zero where there is none."""

    deadline: int
    sale_from: int
    round: int
    last_base: int


@dataclass(frozen=True)
class Worth:
    """What the goods of a financing are worth together, and the gravest reason why one cannot be valued."""

    value: int
    call_value: int
    market_value: int
    gap: GoodsGap


@dataclass(frozen=True)
class GoodsOffer:
    """Goods that their owner offers out of custody; `buyer` is the zero address for any."""

    financing: int
    lot: int
    quantity: int
    price: int
    buyer: str
    until: int


class GoodsValuations(Contract):
    interface_name = "GoodsValuation"

    def set_terms(self, commodity: str, terms: ValuationTerms) -> Call:
        return self.call("setTerms", commodity, astuple(terms))

    def enrol(self, lot: int) -> Call:
        """Has a lot graded by its readings, where there are rules for its commodity; anyone may."""
        return self.call("enrol", lot)

    def valuation_of(self, lot: int, owner: str, most: int, currency: str, block: BlockTag = "latest") -> Valuation:
        """Of what a custodian holds for the owner, at most `most` thousandths."""
        told = self.read("valuationOf", lot, owner, most, currency, block=block)[0]
        quantity, market_value, ceiling, value, haircut_bps, grade, gap = told.values()
        return Valuation(quantity, market_value, ceiling, value, haircut_bps, grade, GoodsGap(gap))

    def terms_of(self, commodity: str, block: BlockTag = "latest") -> ValuationTerms:
        return ValuationTerms.read(self.read("termsOf", commodity, block=block)[0])


class InventoryCollateral(Collateral):
    interface_name = "InventoryCollateral"

    # Offices

    def set_margin_terms(self, facility: int, terms: MarginTerms) -> Call:
        return self.call("setMarginTerms", facility, astuple(terms))

    # Pledgor

    def add_goods(self, financing: int, lot: int, quantity: int) -> Call:
        return self.call("addGoods", financing, lot, quantity)

    def substitute_goods(
        self, *, financing: int, held: int, quantity_held: int, offered: int, quantity_offered: int
    ) -> Call:
        return self.call("substituteGoods", financing, held, quantity_held, offered, quantity_offered)

    def pay_and_release(self, *, financing: int, amount: int, lot: int, quantity: int) -> Call:
        """Pays by allowance and has goods given back for it."""
        return self.call("payAndRelease", financing, amount, lot, quantity)

    def offer_goods(self, offer: GoodsOffer) -> Call:
        return self.call("offerGoods", astuple(offer))

    def withdraw_offer(self, offer: GoodsOffer) -> Call:
        return self.call("withdrawOffer", astuple(offer))

    # Pledgor and lender

    def order_release(
        self, financing: int, order: ReleaseOrder, signature: bytes, lender: str, lender_signature: bytes = b""
    ) -> Call:
        """Orders goods to leave; `lender` is a credit officer's account, which has signed the order or sends it."""
        return self.call("orderRelease", financing, astuple(order), signature, lender, lender_signature)

    # Buyers

    def buy_goods(self, offer: GoodsOffer) -> Call:
        """Buys what is offered, by allowance."""
        return self.call("buyGoods", astuple(offer))

    def bid(self, *, financing: int, lot: int, quantity: int, most: int) -> Call:
        """Buys in a running sale, by allowance, for at most `most` minor units."""
        return self.call("bid", financing, lot, quantity, most)

    # Anyone

    def call_margin(self, financing: int) -> Call:
        return self.call("callMargin", financing)

    def end_call(self, financing: int) -> Call:
        return self.call("endCall", financing)

    def start_sale(self, financing: int) -> Call:
        return self.call("startSale", financing)

    def drop_lot(self, financing: int, lot: int) -> Call:
        """Takes a lot of which nothing is left off a financing."""
        return self.call("dropLot", financing, lot)

    # Reads

    def margin_terms(self, facility: int, block: BlockTag = "latest") -> MarginTerms:
        return self._struct(MarginTerms, "marginTerms", facility, block=block)

    def margin_terms_of(self, financing: int, block: BlockTag = "latest") -> MarginTerms:
        return self._struct(MarginTerms, "marginTermsOf", financing, block=block)

    def margin_call_of(self, financing: int, block: BlockTag = "latest") -> MarginCall:
        return self._struct(MarginCall, "marginCallOf", financing, block=block)

    def lots_of(self, financing: int, block: BlockTag = "latest") -> list[int]:
        return [int(lot) for lot in self.read("lotsOf", financing, block=block)[0]]

    def pledgor_of(self, financing: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("pledgorOf", financing, block=block)[0]
        return address

    def worth_of(self, financing: int, block: BlockTag = "latest") -> Worth:
        value, call_value, market_value, gap = self.read("worthOf", financing, block=block)[0].values()
        return Worth(value, call_value, market_value, GoodsGap(gap))

    def sale_price_of(self, financing: int, lot: int, quantity: int, block: BlockTag = "latest") -> int:
        return self._number("salePriceOf", financing, lot, quantity, block=block)

    def offer_digest(self, offer: GoodsOffer, block: BlockTag = "latest") -> bytes:
        digest: bytes = self.read("offerDigest", astuple(offer), block=block)[0]
        return digest

    def is_offered(self, digest: bytes, block: BlockTag = "latest") -> bool:
        return bool(self.read("isOffered", digest, block=block)[0])
