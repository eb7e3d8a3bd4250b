"""What sellers and buyers do with a purchase order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eth_account.signers.local import LocalAccount

from chain_node.client import Call, OrderState
from model import rules
from model.calendar360 import DAY
from model.orders import Order
from model.run import Attempt, Run


def register(run: Run) -> Iterator[Attempt]:
    old = run.random.random() < 0.08 and run.books.orders
    id = run.random.choice([*run.books.orders]) if old else run.random.getrandbits(255)
    by_day = run.books.now // DAY + run.random.choice((-1, 7, 20, 40, 75))
    terms: dict[str, Any] = {
        "value": run.random.choice((123_457, 800_000, 2_000_000)),
        "quantity": run.random.choice((0, 10_000, 1_000_000)),
        "deliver_by": by_day,
    }
    currency = run.random.choice(("EUR", "EUR", "EUR", "USD"))
    call = run.chain.orders.register_order(id=id, buyer=run.party("debtor").address, currency=currency, **terms)
    yield Attempt(run.party("supplier"), call, rules.register_order(run.books, id, by_day))
    if id in run.books.orders and run.random.random() < 0.9:
        yield _acceptance(run, run.books.orders[id])


def accept(run: Run) -> Iterator[Attempt]:
    its = run.order(OrderState.REGISTERED)
    if its is not None:
        yield _acceptance(run, its)


def _acceptance(run: Run, its: Order) -> Attempt:
    by = run.mostly(run.account_of(its.buyer), "debtor")
    value = its.value + (run.random.random() < 0.06)
    call = run.chain.orders.accept_order(id=its.id, value=value, quantity=its.quantity, deliver_by=its.last_day)
    return Attempt(by, call, rules.accept_order(run.books, its, by.address, value))


def cancel(run: Run) -> Iterator[Attempt]:
    its = run.order(OrderState.REGISTERED)
    if its is not None:
        by = run.mostly(run.account_of(its.seller), "supplier")
        yield Attempt(by, run.chain.orders.cancel_order(its.id), rules.cancel_order(run.books, its, by.address))


def pay(run: Run) -> Iterator[Attempt]:
    """In part or in full; now and then to a seller whose account cannot take it, for which it waits."""
    its = run.order(OrderState.ACCEPTED, assigned=run.random.random() < 0.75)
    if its is None:
        return
    seller, registry, escrow = run.account_of(its.seller), run.chain.registry, run.chain.orders
    by = run.mostly(run.account_of(its.buyer), "lender")
    frozen = run.random.random() < 0.3
    if frozen:
        yield _by_registrar(run, registry.freeze_account(seller.address))
    amount = run.part(its.outstanding // run.random.choice((1, 1, 2, 5)))
    yield Attempt(by, escrow.pay_order(its.id, amount), rules.pay_order(its, amount))
    if frozen:
        yield _by_registrar(run, registry.unfreeze_account(seller.address))
        yield from _take_parked(run, seller, its.currency)


def _by_registrar(run: Run, call: Call) -> Attempt:
    return Attempt(run.office("registrar"), call)


def _take_parked(run: Run, seller: LocalAccount, currency: str) -> Iterator[Attempt]:
    cash = run.chain.cash(currency).address
    waiting = run.books.ledgers[currency].of("parked in escrow", seller.address)
    yield Attempt(seller, run.chain.orders.call("claimParked", cash), set() if waiting else {"NothingParked"})
