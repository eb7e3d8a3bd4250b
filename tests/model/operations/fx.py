"""What dealers and those who exchange at their quotes do, and what is lent on an invoice in another currency."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from chain_node.client import Offer, Reading, ReceivableState, Report, reading_digest
from model import fx_rules, rules
from model.calendar360 import DAY
from model.financings import Facility
from model.fx import Quote
from model.invoices import NOBODY, Invoice
from model.operations import invoices, openings
from model.run import Attempt, Run

_WITNESSES = ("carrier", "inspector", "warehouse")


def report(run: Run) -> Iterator[Attempt]:
    """The euro in dollars, by three that agree."""
    yield _report(run)


def _report(run: Run) -> Attempt:
    feed, now = run.books.exchange.rates, run.books.now
    before = feed.value or 110_000_000
    value = before + run.random.randint(-before // 60, before // 60)
    value = min(max(value, 80_000_000), 150_000_000)
    readings = []
    for name in _WITNESSES:
        account = run.parties[name]
        digest = reading_digest(
            run.chain.chain_id,
            run.chain.feeds.address,
            feed=feed.policy_id,
            round=feed.round + 1,
            version=feed.rules.version,
            value=value,
            observed_at=now - 5,
        )
        signature = bytes(account.unsafe_sign_hash(Hash32(digest)).signature)
        readings.append(Reading(account.address, value, now - 5, signature))
    call = run.chain.feeds.report_all([Report(feed.policy_id, feed.subject, feed.round + 1, readings)])
    return Attempt(run.parties["carrier"], call)


def move_money(run: Run) -> Iterator[Attempt]:
    by, currency = run.party("dealer"), run.random.choice(("EUR", "USD"))
    cash = run.chain.cash(currency).address
    if run.random.random() < 0.5:
        amount = run.random.choice((0, 1, 300_000))
        yield Attempt(by, run.chain.exchange.fund(cash, amount), fx_rules.fund(amount))
        return
    amount = run.part(run.books.exchange.positions[by.address, currency].free // run.random.choice((1, 5, 9)))
    call = run.chain.exchange.withdraw(cash, amount)
    yield Attempt(by, call, fx_rules.withdraw(run.books, by.address, currency, amount))


def offer(run: Run) -> Iterator[Attempt]:
    """Mostly while the rate is fresh."""
    if run.random.random() < 0.8 and not run.books.exchange.is_usable(run.books.now):
        yield _report(run)
    sold, bought = run.random.choice((("USD", "EUR"), ("EUR", "USD")))
    to_all = run.random.random() < 0.65
    taker = run.party(run.random.choice(("supplier", "debtor", "lender", "dealer")))
    yield _offer(run, run.party("dealer"), sold, bought, NOBODY if to_all else taker.address)


def _offer(run: Run, by: LocalAccount, sold: str, bought: str, taker: str) -> Attempt:
    pick, exchange, now = run.random, run.books.exchange, run.books.now
    aside = exchange.rates.value * pick.choice((0, 20, 50, 80, 90, 101)) // 10_000
    rate = max(0, exchange.rates.value + pick.choice((-1, 1)) * aside + pick.choice((-1, 0, 1)))
    odd = pick.random() < 0.15
    lasting = pick.choice((0, 730 * DAY, 730 * DAY + 1) if odd else (3_600, DAY, 20 * DAY, 20 * DAY, 100 * DAY))
    odd = pick.random() < 0.12
    amount = pick.choice((0, exchange.positions[by.address, sold].free + 1) if odd else (1, 999, 40_000, 300_000))
    cash = {code: run.chain.cash(code).address for code in (sold, bought)}
    its = Offer(cash[sold], cash[bought], amount, rate, now + lasting, taker)
    return Attempt(by, run.chain.exchange.offer(its), fx_rules.offer(run.books, by.address, its, sold, bought))


def _quote(run: Run) -> Quote | None:
    every = [*run.books.exchange.quotes.values()]
    fit = [its for its in every if its.is_live(run.books.now)]
    return run.random.choice(fit if fit and run.random.random() < 0.85 else every) if every else None


def end(run: Run) -> Iterator[Attempt]:
    its = _quote(run)
    if its is not None:
        _at_the_edge(run, its.expires_at)
        named = run.find(its.dealer if its.taker == NOBODY else its.taker)
        by = named if named is not None and run.random.random() < 0.5 else run.party("")
        yield Attempt(by, run.chain.exchange.end(its.id), fx_rules.end(run.books, its, by.address))


def take(run: Run) -> Iterator[Attempt]:
    """Its taker mostly, and in part mostly; now and then the dealer may not act meanwhile."""
    its = _quote(run)
    if its is None:
        return
    _at_the_edge(run, its.expires_at)
    named = None if its.taker == NOBODY else run.find(its.taker)
    by = named if named is not None and run.random.random() < 0.8 else run.party("lender")
    worth = max(1, int(its.left / run.books.exchange.per_unit(its.rate, its.gets_base)))
    amount = run.random.choice((0, 1, worth // 3, worth // 2, worth, worth + 1, 2 * worth))
    frozen = run.random.random() < 0.25 and by.address != its.dealer
    registrar, registry = run.office("registrar"), run.chain.registry
    if frozen:
        yield Attempt(registrar, registry.freeze_account(its.dealer))
    resting = {its.dealer} if frozen else set()
    call = run.chain.exchange.take(its.id, amount)
    yield Attempt(by, call, fx_rules.take(run.books, its, by.address, amount, resting))
    if frozen:
        yield Attempt(registrar, registry.unfreeze_account(its.dealer))


def take_best(run: Run) -> Iterator[Attempt]:
    """What is taken, of which quotes and in which order, is worked out beforehand."""
    sold, bought = run.random.choice((("USD", "EUR"), ("EUR", "USD")))
    by, amount = run.party("lender"), run.random.choice((0, 1, 5_000, 60_000, 500_000, 10**7))
    exchange, at = run.books.exchange, {code: run.chain.cash(code).address for code in (sold, bought)}
    expected = exchange.best(sold, bought, amount, set(), run.books.now)
    rates = [exchange.quotes[id].rate for id, _, _ in expected]
    exchange.expected = None if any(one == other for one, other in pairwise(rates)) else expected
    call = run.chain.exchange.take_best(by.address, sold=at[sold], bought=at[bought], amount=amount)
    yield Attempt(by, call)
    left, exchange.expected = exchange.expected, None
    assert not left, f"{sold} for {bought}: {left} not taken"


# Collateral in another currency


def accept_currency(run: Run) -> Iterator[Attempt]:
    line = run.random.choice([*run.books.facilities.values()])
    other = "USD" if run.books.currency_of(line) == "EUR" else "EUR"
    call = run.chain.conversions.accept_currency(line.number, run.chain.cash(other).address, run.random.random() < 0.85)
    yield Attempt(run.office("credit-officer"), call)


def finance(run: Run) -> Iterator[Attempt]:
    """On a line whose pool lends another currency than the invoice brings, mostly while the rate is fresh."""
    found = _foreign(run)
    if found is None:
        return
    its, line = found
    if run.random.random() < 0.75 and not run.books.exchange.is_usable(run.books.now):
        yield _report(run)
    by = run.account(line.terms.supplier)
    units = run.part(rules.held(its, by.address)[0] // run.random.choice((1, 1, 2)))
    yield from openings.finance_by(run, line, by, its, units)


def _foreign(run: Run) -> tuple[Invoice, Facility] | None:
    """Mostly an invoice of the line's supplier, in a currency that the line takes."""
    pairs = [
        (its, line)
        for its in run.books.invoices.values()
        for line in run.books.facilities.values()
        if its.state == ReceivableState.ACCEPTED and run.books.currency_of(line) != its.currency
    ]
    fit = [
        (its, line)
        for its, line in pairs
        if its.units[line.terms.supplier] > its.face // 10
        and (line.number, its.currency) in run.books.exchange.accepted
        and line.limit > line.drawn
        and run.books.now < line.expires_at
    ]
    return run.random.choice(fit if fit and run.random.random() < 0.9 else pairs) if pairs else None


def reserve(run: Run) -> Iterator[Attempt]:
    """A quote for what is to come in, made to the supplier just before; and sometimes one that does not fit."""
    joined = [one for one in run.books.financings.values() if one.number in run.books.exchange.joined and one.units]
    its = run.random.choice(joined or [*run.books.financings.values()]) if run.books.financings else None
    if its is None:
        return
    if run.random.random() < 0.8 and not run.books.exchange.is_usable(run.books.now):
        yield _report(run)
    by = run.mostly(run.account(its.facility.terms.supplier), "supplier")
    sold = run.books.currency_of(its.facility)
    if run.random.random() < 0.15:
        sold = "USD" if sold == "EUR" else "EUR"
    yield _offer(run, run.party("dealer"), sold, "USD" if sold == "EUR" else "EUR", by.address)
    quote = run.books.exchange.quotes.get(len(run.books.exchange.quotes)) if run.random.random() < 0.9 else _quote(run)
    if quote is not None:
        call = run.chain.conversions.reserve_quote(its.number, quote.id)
        yield Attempt(by, call, fx_rules.reserve(run.books, its, quote, by.address))


def pay_foreign(run: Run) -> Iterator[Attempt]:
    """A debtor pays an invoice that backs a pool in another currency."""
    joined = run.books.exchange.joined
    items = {one.item for one in run.books.financings.values() if one.number in joined and one.units}
    fit = [run.books.invoices[item] for item in sorted(items) if run.books.invoices[item].outstanding]
    if fit:
        yield from invoices.pay_on(run, run.random.choice(fit))


def sell_waiting(run: Run) -> Iterator[Attempt]:
    """What found no quote when it came in is exchanged when somebody offers one."""
    waiting = [one for one in run.books.financings.values() if one.number in run.books.exchange.joined and one.cash]
    if not waiting:
        return
    its = run.random.choice(waiting)
    if not run.books.exchange.is_usable(run.books.now):
        yield _report(run)
    sold = run.books.currency_of(its.facility)
    yield _offer(run, run.party("dealer"), sold, run.books.item_of(its).currency, NOBODY)
    yield Attempt(run.party("lender"), run.collateral_of(its).forward(its.number))


def _at_the_edge(run: Run, moment: int) -> None:
    if run.books.now < moment < run.books.now + 2 * DAY and run.random.random() < 0.5:
        run.books.now = moment - run.random.randint(0, 1)
