"""Every quote, position and conversion of the chain beside the model's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from chain_node.client import Chain
from chain_node.client.contract import Contract
from model.books import Books


def exchanged(books: Books, chain: Chain) -> Iterator[tuple[str, Contract, str, tuple[Any, ...], Any]]:
    its, now = books.exchange, books.now
    for id, quote in its.quotes.items():
        told = (quote.dealer, quote.expires_at, quote.left, quote.taker, quote.rate, quote.organisation)
        record = lambda answer, told=told: answer[:6] == told  # noqa: E731
        yield f"quote {id}: record {told}", chain.exchange, "quote", (id,), record
        yield f"quote {id}: fair", chain.exchange, "isFair", (id,), its.is_fair(quote, now)
        yield f"quote {id}: live", chain.exchange, "isLive", (id,), quote.is_live(now)
        yield f"quote {id}: of a million", chain.exchange, "amountAt", (id, 1_000_003), its.amount_at(quote, 1_000_003)
    held = dict.fromkeys(books.currencies, 0)
    for (dealer, currency), position in its.positions.items():
        held[currency] += position.free + position.locked
        asked = (dealer, chain.cash(currency).address)
        yield f"{currency} of dealer {dealer}", chain.exchange, "positionOf", asked, astuple(position)
    for currency, amount in held.items():
        yield f"{currency} of all dealers", chain.exchange, "heldInAll", (chain.cash(currency).address,), amount
    for (sold, bought), places in its.places.items():
        live = {id for id in places.values() if its.quotes[id].is_live(now)}
        listed = lambda told, live=live: {id for id in told if its.quotes[id].is_live(now)} == live  # noqa: E731
        pair = (chain.cash(sold).address, chain.cash(bought).address)
        yield f"quotes of {sold} for {bought} {live}", chain.exchange, "openQuotes", pair, listed
    for number, joined in its.joined.items():
        where = (books.financings[number].collateral, number)
        joins = (chain.cash(joined.from_).address, chain.cash(joined.to).address, joined.quote)
        yield f"financing {number}: joins", chain.conversions, "conversionOf", where, joins
        lends, last = its.lending_value(number, 999_999, now), its.last_value(number, 999_999)
        yield f"financing {number}: a million lends", chain.conversions, "lendingValue", (*where, 999_999), lends
        yield f"financing {number}: a million is worth", chain.conversions, "lastValue", (*where, 999_999), last
