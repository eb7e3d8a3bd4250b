"""Goods as collateral: what is taken, changed and given back, margin calls, and sales."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from chain_node.client import GoodsGap, MarginTerms
from model.books import Books
from model.calendar360 import BPS, DAY
from model.goods import Call, Pledge
from model.invoices import NOBODY
from model.reading import reads

ADAPTER = "InventoryCollateral"


def _pledge(books: Books, its: Any) -> Pledge:
    pledge = books.goods.pledges[its["financing"]]
    assert not pledge.over
    return pledge


def owed(books: Books, pledge: Pledge) -> int:
    return books.financings[pledge.financing].owed_at(books.now).total


# Terms


@reads(ADAPTER, "LadderSet")
def ladder_set(books: Books, its: Any) -> None:
    (step,) = its["steps"]
    books.goods.rates[its["facility"]] = step["advanceRateBps"]
    books.facilities[its["facility"]].ladders[ADAPTER] = []


@reads(ADAPTER, "MarginTermsSet")
def margin_terms_set(books: Books, its: Any) -> None:
    books.goods.margin[its["facility"]] = MarginTerms(*its["terms"].values())


# Goods in custody


@reads(ADAPTER, "CollateralTaken")
def collateral_taken(books: Books, its: Any) -> None:
    """A financing keeps the terms of its opening; it falls due with its tenor, or with the goods."""
    goods, financing = books.goods, books.financings[its["financing"]]
    facility, lot = financing.facility, goods.stock.lots[its["itemId"]]
    books.same("consignment of a lot", its["subject"], lot.subject)
    assert not goods.watching(lot.subject), "the same goods count twice"
    assert not lot.places[its["pledgor"]].held
    pledge = Pledge(
        its["financing"],
        its["pledgor"],
        books.currency_of(facility),
        goods.rates[facility.number],
        goods.margin[facility.number],
        [lot.id],
    )
    goods.pledges[pledge.financing] = pledge
    due = books.now // DAY + pledge.terms.tenor_days
    due = min(due, lot.expiry) if lot.expiry else due
    units = its["units"]

    def taken() -> None:
        books.same("maturity of a financing on goods", financing.maturity, due)
        books.same("taken into custody", goods.held(pledge, lot.id), units)

    goods.later.append(taken)


@reads(ADAPTER, "GoodsAdded")
def goods_added(books: Books, its: Any) -> None:
    """While other goods cannot be valued, what could be lent when they last could grows by the goods that came in."""
    pledge, goods, lot = _pledge(books, its), books.goods, its["lot"]
    before = 0 if lot not in pledge.lots else goods.value_of(pledge, lot, books.now).value
    _with_lot(books, pledge, lot)

    def added() -> None:
        one = goods.value_of(pledge, lot, books.now)
        if pledge.call is None:
            return
        books.same("gap of what is added in a call", one.gap, GoodsGap.NONE)
        goods.mark(pledge, lot, books.now)
        worth = goods.worth(pledge, books.now)
        more = pledge.call.last_base + pledge.bears(one.value - before)
        pledge.call.last_base = pledge.bears(worth.value) if worth.gap == GoodsGap.NONE else more

    goods.later.append(added)


@reads(ADAPTER, "GoodsSubstituted")
def goods_substituted(books: Books, its: Any) -> None:
    """The goods are worth no less after it, whatever is owed."""
    pledge, goods, held, taken = _pledge(books, its), books.goods, its["released"], its["taken"]
    before = goods.worth(pledge, books.now).call_value
    _with_lot(books, pledge, taken)

    def substituted() -> None:
        worth = goods.worth(pledge, books.now)
        books.same("gap after a substitution", worth.gap, GoodsGap.NONE)
        assert worth.value >= before, "goods worth less than before"
        if pledge.call is not None:
            goods.mark(pledge, taken, books.now)
            pledge.call.last_base = pledge.bears(worth.value)
        _expect_dropped(books, pledge, held)

    goods.later.append(substituted)


def _with_lot(books: Books, pledge: Pledge, lot: int) -> None:
    if lot in pledge.lots:
        return
    watching = books.goods.watching(books.goods.stock.lots[lot].subject)
    assert watching in (0, pledge.financing), "the same goods count twice"
    assert not books.goods.any_held(pledge, lot)
    pledge.lots.append(lot)


@reads(ADAPTER, "LotDropped")
def lot_dropped(books: Books, its: Any) -> None:
    pledge, lot = _pledge(books, its), its["lot"]
    assert lot != pledge.lots[0]
    books.same("left of a lot that is dropped", 0, books.goods.any_held(pledge, lot))
    pledge.lots.remove(lot)


def _expect_dropped(books: Books, pledge: Pledge, lot: int) -> None:
    if not pledge.over and lot in pledge.lots[1:]:
        assert books.goods.any_held(pledge, lot), "nothing of it is left, and it still backs the financing"


@reads(ADAPTER, "GoodsReleasedForPayment")
def goods_released_for_payment(books: Books, its: Any) -> None:
    """At most so much value as the payment times the lender's ratio, and the rest bears what is still owed."""
    pledge, goods, lot = _pledge(books, its), books.goods, its["lot"]
    left = goods.held(pledge, lot)
    had, has = (goods.value_of(pledge, lot, books.now, count).in_a_call for count in (left + its["quantity"], left))
    books.same("value that left for a payment", its["value"], had - has)
    most = math.floor(its["paid"] * Fraction(pledge.terms.release_ratio_bps, BPS))
    assert its["value"] <= most, "more value left than the payment frees"
    _expect_dropped(books, pledge, lot)
    _borne(books, pledge)


@reads(ADAPTER, "ReleaseConsented")
def release_consented(books: Books, its: Any) -> None:
    """The rest bears what is owed, save where goods that have left already are put down."""
    pledge, stock = _pledge(books, its), books.goods.stock

    def consented() -> None:
        order = stock.orders[its["digest"]]
        if (order["subject"], order["sequence"]) not in stock.left_at:
            _borne(books, pledge)

    books.goods.later.append(consented)


def _borne(books: Books, pledge: Pledge) -> None:
    base = pledge.bears(books.goods.worth(pledge, books.now).value)
    assert owed(books, pledge) <= base, "what is left does not bear what is owed"
    if pledge.call is not None:
        pledge.call.last_base = base


@reads(ADAPTER, "CollateralReleased")
def collateral_released(books: Books, its: Any) -> None:
    pledge, goods = _pledge(books, its), books.goods
    books.same("units released", its["units"], goods.stock.moved_out[pledge.lots[0]])
    books.same("owner of what is released", its["to"], pledge.pledgor)
    _leave(books, pledge)


@reads(ADAPTER, "CollateralRetired")
def collateral_retired(books: Books, its: Any) -> None:
    pledge = _pledge(books, its)
    books.goods.later.append(lambda: _leave(books, pledge))


def _leave(books: Books, pledge: Pledge) -> None:
    for lot in pledge.lots:
        books.same("left in custody", 0, books.goods.any_held(pledge, lot))
    pledge.over, pledge.call = True, None


# Sales by the owner


@reads(ADAPTER, "GoodsOffered")
def goods_offered(books: Books, its: Any) -> None:
    books.goods.offers[its["digest"]] = its["offer"]


@reads(ADAPTER, "OfferWithdrawn")
def offer_withdrawn(books: Books, its: Any) -> None:
    del books.goods.offers[its["digest"]]


@reads(ADAPTER, "ProceedsForwarded")
def proceeds_forwarded(books: Books, its: Any) -> None:
    """What is paid on goods goes on in the same call."""
    books.forwarded[0] += its["toPool"]


@reads(ADAPTER, "GoodsSold")
def goods_sold(books: Books, its: Any) -> None:
    """By an offer, in the lender's ratio while anything is owed; or in a running sale."""
    pledge, goods, lot = _pledge(books, its), books.goods, its["lot"]
    digest = _offer_of(books, its)
    if digest is None:
        assert books.now < pledge.sale_end
        books.same("price of a bid", its["price"], pledge.price(lot, its["quantity"], books.now))
        assert pledge.call
        pledge.call.last_base = 0
    else:
        del goods.offers[digest]
    had = goods.value_of(pledge, lot, books.now)

    def sold() -> None:
        _expect_dropped(books, pledge, lot)
        if digest is not None:
            _borne(books, pledge)
            if owed(books, pledge):
                assert had.gap <= GoodsGap.CONDITION, "sold without a price"
                gone = had.in_a_call - goods.value_of(pledge, lot, books.now).in_a_call
                most = math.floor(its["toPool"] * Fraction(pledge.terms.release_ratio_bps, BPS))
                assert gone <= most, "more value left than the price frees"
        elif pledge.call is not None:
            assert owed(books, pledge), "all is paid, and the sale goes on"
            assert any(goods.held(pledge, each) for each in pledge.lots), "all is sold, and the sale goes on"

    goods.later.append(sold)


def _offer_of(books: Books, its: Any) -> bytes | None:
    wanted = (its["financing"], its["lot"], its["quantity"], its["price"])
    for digest, offer in books.goods.offers.items():
        told = (offer["financing"], offer["lot"], offer["quantity"], offer["price"])
        if told == wanted and offer["buyer"] in (NOBODY, its["buyer"]) and books.now <= offer["until"]:
            return digest
    return None


# Margin


@reads(ADAPTER, "MarginCalled")
def margin_called(books: Books, its: Any) -> None:
    """Goods whose condition alone is not known count with the most that they could be worth, and those without a price
    at the last. A financing that is in default waits for no level."""
    pledge, goods = _pledge(books, its), books.goods
    worth, debt = goods.worth_in_a_call(pledge, books.now), owed(books, pledge)
    assert worth is not None, "called while nothing has a price"
    deadline = books.now + pledge.terms.cure_seconds
    books.same("margin called", (its["owed"], its["value"], its["deadline"]), (debt, worth.call_value, deadline))
    beyond = debt > math.floor(worth.call_value * Fraction(pledge.terms.call_level_bps, BPS))
    assert beyond or (debt and books.financings[pledge.financing].is_enforced), "called without a reason"
    pledge.call = Call(deadline, pledge.bears(worth.call_value))
    for lot in pledge.lots:
        goods.mark(pledge, lot, books.now)


@reads(ADAPTER, "MarginCallEnded")
def margin_call_ended(books: Books, its: Any) -> None:
    pledge, goods = _pledge(books, its), books.goods
    books.same("owed at the end of a call", its["owed"], owed(books, pledge))
    nothing = not any(goods.held(pledge, lot) for lot in pledge.lots)
    base = 0 if books.financings[pledge.financing].is_enforced else goods.cure_base(pledge, books.now)
    assert nothing or its["owed"] <= base, "a call ended without a cure"
    pledge.call = None


@reads(ADAPTER, "LotPutUp")
def lot_put_up(books: Books, its: Any) -> None:
    pledge = _pledge(books, its)
    books.goods.mark(pledge, its["lot"], books.now)
    mark = pledge.marks.get(its["lot"], (0, 0))
    books.same("what a lot is put up at", (its["quantity"], its["marketValue"]), mark)


@reads(ADAPTER, "SaleStarted")
def sale_started(books: Books, its: Any) -> None:
    pledge = _pledge(books, its)
    assert pledge.call
    assert books.now >= max(pledge.call.deadline, pledge.sale_end)
    pledge.call.round, pledge.call.sale_from = pledge.call.round + 1, books.now
    books.same("round of a sale", (its["round"], its["until"]), (pledge.call.round, pledge.sale_end))
