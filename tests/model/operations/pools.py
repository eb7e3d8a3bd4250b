"""What lenders, sponsors and the servicer do with a pool."""

from __future__ import annotations

from collections.abc import Iterator

from chain_node.client import Tranche
from model import rules
from model.run import POOLS, Attempt, Run


def deposit(run: Run) -> Iterator[Attempt]:
    currency, tranche = run.random.choice(POOLS), run.random.choice([*Tranche])
    most = run.books.pools[currency].fundable(tranche, run.books.now)
    assets = run.random.randint(1, 2_000_000) if most is None else run.part(max(1, min(most, 4_000_000)))
    by = run.party("lender")
    call = run.chain.vault(currency, tranche).deposit(assets, by.address)
    yield Attempt(by, call, rules.deposit(run.books, currency, tranche, assets))


def request_redeem(run: Run) -> Iterator[Attempt]:
    currency, tranche, by = run.random.choice(POOLS), run.random.choice([*Tranche]), run.party("lender")
    has = run.books.pools[currency].shares[tranche].balances[by.address]
    shares = run.part(has // run.random.choice((1, 3, 10)))
    call = run.chain.vault(currency, tranche).request_redeem(shares, by.address, by.address)
    yield Attempt(by, call, rules.request_redeem(run.books, currency, tranche, by.address, shares))


def close_epoch(run: Run) -> Iterator[Attempt]:
    currency = run.random.choice(POOLS)
    yield Attempt(run.party("debtor"), run.chain.pool(currency).close_epoch(), rules.close_epoch(run.books, currency))


def redeem(run: Run) -> Iterator[Attempt]:
    asked = [
        (currency, tranche, controller)
        for currency in POOLS
        for tranche, shares in run.books.pools[currency].shares.items()
        for controller in shares.asked
    ]
    if not asked:
        return
    currency, tranche, controller = run.random.choice(asked)
    by = next(one for one in run.parties.values() if one.address == controller)
    shares, _ = run.books.pools[currency].shares[tranche].claimable(controller)
    shares = run.part(shares)
    call = run.chain.vault(currency, tranche).redeem(shares, controller, controller)
    yield Attempt(by, call, rules.redeem(run.books, currency, tranche, controller, shares))


def take_fees(run: Run) -> Iterator[Attempt]:
    currency = run.random.choice(POOLS)
    amount = run.part(run.books.ledgers[currency].of("pool", "fees"))
    call = run.chain.pool(currency).take_fees(run.parties["supplier0"].address, amount)
    yield Attempt(run.office("servicer"), call, rules.take_fees(run.books, currency, amount))


def send_reserve(run: Run) -> Iterator[Attempt]:
    currency = run.random.choice(POOLS)
    call = run.chain.pool(currency).send_reserve()
    yield Attempt(run.party("debtor"), call, rules.send_reserve(run.books, currency))


def sponsor(run: Run) -> Iterator[Attempt]:
    call = run.chain.reserve(run.random.choice(POOLS)).deposit(run.random.randint(1, 30_000))
    yield Attempt(run.party("lender"), call)
