"""The typed clients of FxQuotes and Conversions on a deployed network: a rate, a dealer, a quote, an exchange."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork, lei

from chain_node.client import DealerPosition, Offer, Reading, Report, Role, rate_feed, reading_digest
from chain_node.errors import reverts

pytestmark = pytest.mark.node

RATE = 108_000_000
HELD = 1_000_000


@dataclass(frozen=True)
class Scene:
    """A dealer with euros in its position, and a supplier with dollars; 1.08 dollars for one euro."""

    network: RunningNetwork
    dealer: LocalAccount
    supplier: LocalAccount
    euro: str
    dollar: str

    def offer(self, taker: str, *, rate: int = RATE) -> int:
        """The number of a new quote of the dealer's: 500.00 euros for dollars, for an hour."""
        exchange, until = self.network.chain.exchange, self.network.now() + 3_600
        offered = Offer(self.euro, self.dollar, 50_000, rate, until, taker)
        receipt = self.network.send(self.dealer, exchange.offer(offered))
        events = [self.network.chain.decode(log) for log in receipt.logs]
        return next(int(e.arguments["id"]) for e in events if e is not None and e.name == "QuoteOffered")


@pytest.fixture
def scene(pristine_network: RunningNetwork) -> Scene:
    network, chain = pristine_network, pristine_network.chain
    dealer, supplier = Account.create(), Account.create()
    network.admit(lei("HARBOURFX"), dealer.address, int(Role.FX_DEALER))
    network.admit(lei("FXSUPPLIER"), supplier.address, int(Role.SUPPLIER))
    _report(network, RATE)
    made = Scene(network, dealer, supplier, chain.cash("EUR").address, chain.cash("USD").address)
    for holder, code, payment in ((dealer, "EUR", b"\xf1" * 32), (supplier, "USD", b"\xf2" * 32)):
        cash = chain.cash(code)
        network.send("cash-issuer", cash.issue(holder.address, HELD, payment))
        network.send(holder, cash.approve(chain.exchange.address, HELD))
    network.send(dealer, chain.exchange.fund(made.euro, HELD // 2))
    return made


def _report(network: RunningNetwork, rate: int) -> None:
    chain, feed, now = network.chain, rate_feed("EUR", "USD"), network.now()
    round = chain.feeds.record(feed).round + 1
    digest = reading_digest(
        chain.chain_id, chain.feeds.address, feed=feed, round=round, version=1, value=rate, observed_at=now
    )
    readings = []
    for i in range(3):
        witness = Account.create()
        network.admit(lei(f"FXWITNESS{i}"), witness.address, int(Role.INSPECTOR))
        readings.append(
            Reading(witness.address, rate, now, bytes(Account.unsafe_sign_hash(digest, witness.key).signature))
        )
    network.send("deployer", chain.feeds.report(Report(feed, bytes(32), round, readings)))


def test_quote_locks_the_dealer_s_position_and_is_taken(scene: Scene) -> None:
    exchange = scene.network.chain.exchange

    quote = scene.offer(scene.supplier.address)
    before = exchange.position_of(scene.dealer.address, scene.euro)
    scene.network.send(scene.supplier, exchange.take(quote, 10_800))

    assert before.locked == 50_000
    assert exchange.position_of(scene.dealer.address, scene.euro).locked == 40_000
    assert exchange.position_of(scene.dealer.address, scene.dollar) == DealerPosition(10_800, 0)
    assert exchange.quote(quote).left == 40_000
    assert exchange.amount_at(quote, 108) == 100
    assert scene.network.chain.cash("EUR").balance_of(scene.supplier.address) == 10_000


def test_quote_beyond_the_configured_band_is_refused_in_words(scene: Scene) -> None:
    offered = Offer(scene.euro, scene.dollar, 1, RATE * 2, scene.network.now() + 3_600)

    with pytest.raises(reverts.QuoteRateOutOfBand, match="is not between 106920000 and 109080000"):
        scene.network.chain.simulate(scene.network.chain.exchange.offer(offered), scene.dealer.address)


def test_facility_takes_a_currency_when_the_credit_officer_says_so(scene: Scene) -> None:
    conversions = scene.network.chain.conversions
    assert not conversions.is_accepted(1, scene.dollar)

    scene.network.send("credit-officer", conversions.accept_currency(1, scene.dollar, True))

    assert conversions.is_accepted(1, scene.dollar)
    with pytest.raises(reverts.NotForeign):
        conversions.lending_value(scene.network.chain.receivable_collateral.address, 1, 100)
