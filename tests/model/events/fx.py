"""Dealers' positions and quotes, the rate they go by, and what is exchanged for a financing."""

from __future__ import annotations

from typing import Any

from model.books import Books
from model.fx import Joined, Position, Quote
from model.invoices import NOBODY
from model.reading import reads


@reads("FeedOracle", "ValueReported")
def value_reported(books: Books, its: Any) -> None:
    feed = books.exchange.feed
    if feed is not None and bytes(its["policyId"]) == feed.policy_id:
        books.same("round of the rate", its["round"], feed.round + 1)
        feed.value, feed.observed_at, feed.round = its["value"], its["observedAt"], its["round"]


@reads("FxQuotes", "MarketOpened")
def market_opened(books: Books, its: Any) -> None:
    first, second = _currency(books, its["first"]), _currency(books, its["second"])
    books.exchange.markets |= {its["market"]: (first, second), its["market"] + 1: (second, first)}


@reads("FxQuotes", "BandSet")
def band_set(books: Books, its: Any) -> None:
    books.exchange.band_bps = its["bandBps"]


@reads("FxQuotes", "PositionFunded")
def position_funded(books: Books, its: Any) -> None:
    _position(books, its).free += its["amount"]
    _post(books, _currency(books, its["cash"]), its["dealer"], its["amount"])


@reads("FxQuotes", "PositionWithdrawn")
def position_withdrawn(books: Books, its: Any) -> None:
    _position(books, its).free -= its["amount"]
    assert _position(books, its).free >= 0
    _post(books, _currency(books, its["cash"]), its["dealer"], -its["amount"])


@reads("FxQuotes", "QuoteOffered")
def quote_offered(books: Books, its: Any) -> None:
    exchange = books.exchange
    books.same("number of a quote", its["id"], len(exchange.quotes) + 1)
    sold, bought = exchange.markets[its["market"]]
    quote = Quote(
        id=its["id"],
        dealer=its["dealer"],
        taker=its["taker"],
        organisation=books.organisations[its["dealer"]],
        sold=sold,
        bought=bought,
        rate=its["rate"],
        left=its["amount"],
        expires_at=its["expiresAt"],
        gets_base=exchange.sells_base(sold),
    )
    exchange.quotes[quote.id] = quote
    exchange.place(quote, books.now)
    position = exchange.positions[quote.dealer, sold]
    position.free, position.locked = position.free - quote.left, position.locked + quote.left
    assert position.free >= 0, "a rate without its money"


@reads("FxQuotes", "QuoteTaken")
def quote_taken(books: Books, its: Any) -> None:
    exchange, (paid, received) = books.exchange, (its["paid"], its["received"])
    quote = exchange.quotes[its["id"]]
    assert quote.is_live(books.now)
    books.same("what an exchange gives", (paid, received), exchange.taken(quote, paid))
    if exchange.expected is not None:
        books.same("which quote is taken next", (its["id"], paid, received), exchange.expected.pop(0))
    exchange.book(its["id"], paid, received)
    books.same("left of a quote", its["left"], quote.left)
    _post(books, quote.bought, quote.dealer, paid)
    _post(books, quote.sold, quote.dealer, -received)


@reads("FxQuotes", "QuoteEnded")
def quote_ended(books: Books, its: Any) -> None:
    books.same("unlocked of a quote", its["unlocked"], books.exchange.end(its["id"]))


@reads("FxQuotes", "QuoteReserved")
def quote_reserved(books: Books, its: Any) -> None:
    quote = books.exchange.quotes[its["id"]]
    books.same("whose quote it was", its["from"], quote.taker)
    assert quote.taker != NOBODY
    quote.taker = its["to"]


@reads("Conversions", "CurrencyAccepted")
def currency_accepted(books: Books, its: Any) -> None:
    key = (its["facility"], _currency(books, its["cash"]))
    (books.exchange.accepted.add if its["accepted"] else books.exchange.accepted.discard)(key)


@reads("Conversions", "ConversionBegun")
def conversion_begun(books: Books, its: Any) -> None:
    assert books.exchange.is_usable(books.now), "nothing is begun on a stale rate"
    from_, to = _currency(books, its["from"]), _currency(books, its["to"])
    books.exchange.joined[its["financing"]] = Joined(from_, to)


@reads("Conversions", "ConversionReserved")
def conversion_reserved(books: Books, its: Any) -> None:
    joined, quote = books.exchange.joined[its["financing"]], books.exchange.quotes[its["quote"]]
    books.same("market of a reserved quote", (quote.sold, quote.bought), (joined.to, joined.from_))
    assert books.exchange.is_fair(quote, books.now)
    joined.quote = quote.id


@reads("Conversions", "ProceedsSold")
def proceeds_sold(books: Books, its: Any) -> None:
    """The money leaves the custody in the currency in which it came; what it was sold for is forwarded in this call."""
    financing = books.financings[its["financing"]]
    financing.cash -= its["sold"]
    assert financing.cash >= 0
    custody = (books.addresses[financing.collateral], str(financing.number))
    books.ledgers[books.item_of(financing).currency].post(("owed on pledges",), custody, its["sold"])
    books.exchange.proceeds[financing.number] += its["received"]


def _position(books: Books, its: Any) -> Position:
    return books.exchange.positions[its["dealer"], _currency(books, its["cash"])]


def _currency(books: Books, cash: str) -> str:
    return books.addresses[cash].partition(":")[2]


def _post(books: Books, currency: str, dealer: str, amount: int) -> None:
    theirs, owed = ("dealers", dealer), ("owed to dealers",)
    if amount >= 0:
        books.ledgers[currency].post(theirs, owed, amount)
    else:
        books.ledgers[currency].post(owed, theirs, -amount)
