"""FxQuotes and Conversions: quotes of currencies, and financings whose collateral is in another one than their pool's.

Amounts are minor units. Rates are as in the feed of the two currencies, whichever of them is sold.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call

NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class Offer:
    """What a dealer proposes; see `IFxQuotes.Offer`. Without a taker it is offered to everybody."""

    sold: str
    bought: str
    amount: int
    rate: int
    expires_at: int
    taker: str = NOBODY


@dataclass(frozen=True)
class Quote:
    """A quote; `dealer` is the zero address where there is none. `left` is of the currency that the dealer sells."""

    dealer: ChecksumAddress
    expires_at: int
    left: int
    taker: ChecksumAddress
    rate: int
    organisation: int
    market: int


@dataclass(frozen=True)
class DealerPosition:
    """What a dealer has here of one currency: what no quote locks, and what quotes do."""

    free: int
    locked: int


@dataclass(frozen=True)
class Conversion:
    """The currencies that a financing joins, and the quote reserved for it; 0 for none."""

    source: ChecksumAddress
    target: ChecksumAddress
    quote: int


class Exchange(Contract):
    """Currencies, exchanged at funded quotes."""

    interface_name = "FxQuotes"

    def open_market(self, first: str, second: str, band_bps: int) -> Call:
        return self.call("openMarket", first, second, band_bps)

    def set_band(self, first: str, second: str, band_bps: int) -> Call:
        """How far new quotes may lie from the feed's rate; 0 takes none."""
        return self.call("setBand", first, second, band_bps)

    def list_agent(self, agent: str, listed: bool) -> Call:
        return self.call("listAgent", agent, listed)

    def fund(self, cash: str, amount: int) -> Call:
        """Pays into the caller's position, by its allowance. Dealers only."""
        return self.call("fund", cash, amount)

    def withdraw(self, cash: str, amount: int) -> Call:
        return self.call("withdraw", cash, amount)

    def offer(self, offer: Offer) -> Call:
        """Locks a rate against the caller's position. Dealers only."""
        return self.call("offer", astuple(offer))

    def end(self, quote: int) -> Call:
        return self.call("end", quote)

    def take(self, quote: int, amount: int) -> Call:
        """Exchanges at a quote; `amount` is the most to be paid."""
        return self.call("take", quote, amount)

    def take_best(self, account: str, *, sold: str, bought: str, amount: int) -> Call:
        """Exchanges at the best quotes that are offered to everybody, none worse than the feed less its haircut."""
        return self.call("takeBest", account, sold, bought, amount)

    def quote(self, id: int, block: BlockTag = "latest") -> Quote:
        return self._struct(Quote, "quote", id, block=block)

    def is_live(self, quote: int, block: BlockTag = "latest") -> bool:
        return bool(self.read("isLive", quote, block=block)[0])

    def is_fair(self, quote: int, block: BlockTag = "latest") -> bool:
        return bool(self.read("isFair", quote, block=block)[0])

    def amount_at(self, quote: int, amount: int, block: BlockTag = "latest") -> int:
        """What an amount of the bought currency is in the sold one, rounded down. Raises `QuoteUnknown`."""
        return self._number("amountAt", quote, amount, block=block)

    def position_of(self, dealer: str, cash: str, block: BlockTag = "latest") -> DealerPosition:
        return DealerPosition(*self.read("positionOf", dealer, cash, block=block))

    def held_in_all(self, cash: str, block: BlockTag = "latest") -> int:
        return self._number("heldInAll", cash, block=block)

    def market_of(self, *, sold: str, bought: str, block: BlockTag = "latest") -> int:
        """The market's number; 0 where the two are not exchanged."""
        return self._number("marketOf", sold, bought, block=block)

    def open_quotes(self, *, sold: str, bought: str, block: BlockTag = "latest") -> list[int]:
        """The quotes offered to everybody, some of which may be over."""
        return [int(one) for one in self.read("openQuotes", sold, bought, block=block)[0]]

    def is_agent_listed(self, agent: str, block: BlockTag = "latest") -> bool:
        return bool(self.read("isAgentListed", agent, block=block)[0])


class Conversions(Contract):
    """Collateral in one currency behind a pool in another."""

    interface_name = "Conversions"

    def accept_currency(self, facility: int, cash: str, accepted: bool) -> Call:
        return self.call("acceptCurrency", facility, cash, accepted)

    def reserve_quote(self, financing: int, quote: int) -> Call:
        """What comes in on the financing is exchanged at this quote first. The supplier whose quote it is."""
        return self.call("reserveQuote", financing, quote)

    def conversion_of(self, collateral: str, financing: int, block: BlockTag = "latest") -> Conversion:
        return Conversion(*self.read("conversionOf", collateral, financing, block=block)[0].values())

    def is_accepted(self, facility: int, cash: str, block: BlockTag = "latest") -> bool:
        return bool(self.read("isAccepted", facility, cash, block=block)[0])

    def lending_value(self, collateral: str, financing: int, amount: int, block: BlockTag = "latest") -> int:
        return self._number("lendingValue", collateral, financing, amount, block=block)

    def last_value(self, collateral: str, financing: int, amount: int, block: BlockTag = "latest") -> int:
        return self._number("lastValue", collateral, financing, amount, block=block)
