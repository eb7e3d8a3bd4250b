"""What dealers, takers and suppliers may do at the exchange now, and why not: the names of the refusals."""

from __future__ import annotations

from chain_node.client import Offer
from model.books import Books
from model.financings import Financing
from model.fx import LONGEST_QUOTE, Quote
from model.invoices import NOBODY
from model.rules import UNSURE

Refusals = set[str]


def _when(*cases: tuple[bool, str]) -> Refusals:
    return {name for holds, name in cases if holds}


def fund(amount: int) -> Refusals:
    return _when((amount == 0, "PositionUnchanged"))


def withdraw(books: Books, by: str, currency: str, amount: int) -> Refusals:
    free = books.exchange.positions[by, currency].free
    return _when((amount == 0, "PositionUnchanged"), (amount > free, "FreePositionTooSmall"))


def offer(books: Books, by: str, its: Offer, sold: str, bought: str) -> Refusals:
    exchange, now = books.exchange, books.now
    free = surely = exchange.positions[by, sold].free
    before = exchange.places[sold, bought].get(books.organisations[by])
    if its.taker == NOBODY and before is not None:
        free += exchange.quotes[before].left
        surely = free if exchange.quotes[before].is_live(now) else surely
    own = its.taker != NOBODY and books.groups[books.organisations[by]] == books.groups[books.organisations[its.taker]]
    return _when(
        (its.amount == 0, "QuoteAmountOutOfRange"),
        (not now < its.expires_at <= now + LONGEST_QUOTE, "QuoteExpiryOutOfRange"),
        (not exchange.is_usable(now), "RateNotUsable"),
        (exchange.is_usable(now) and not exchange.is_in_band(its.rate), "QuoteRateOutOfBand"),
        (own, "TakerOfOwnGroup"),
        (its.amount > free, "FreePositionTooSmall"),
        (surely < its.amount <= free, UNSURE),
    )


def end(books: Books, its: Quote, by: str) -> Refusals:
    free = books.now >= its.expires_at or by == (its.dealer if its.taker == NOBODY else its.taker)
    return _when((its.left == 0, "QuoteOver"), (not free, "QuoteBinding"))


def take(books: Books, its: Quote, by: str, amount: int, resting: set[str]) -> Refusals:
    nothing = its.left and books.exchange.taken(its, amount) == (0, 0)
    return _when(
        (not its.is_live(books.now), "QuoteOver"),
        (its.taker not in (NOBODY, by), "NotTakerOf"),
        (its.taker == NOBODY and its.dealer in resting, "DealerResting"),
        (bool(nothing), "ExchangeOfNothing"),
    )


def reserve(books: Books, its: Financing, quote: Quote, by: str) -> Refusals:
    exchange, now = books.exchange, books.now
    supplier = its.facility.terms.supplier
    refusals = _when((by != supplier, "NotBorrowerOf"))
    joined = exchange.joined.get(its.number)
    if joined is None:
        return refusals | {"NotForeign"}
    kept = exchange.quotes.get(joined.quote)
    return refusals | _when(
        (kept is not None and kept.is_live(now), "StillReserved"),
        ((quote.sold, quote.bought) != (joined.to, joined.from_), "QuoteOfOtherMarket"),
        (not exchange.is_fair(quote, now), "QuoteUnfair"),
        (not quote.is_live(now), "QuoteOver"),
        (quote.taker != by, "NotTakerOf"),
    )
