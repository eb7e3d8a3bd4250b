"""What sellers and buyers do with a purchase order."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from eth_account.signers.local import LocalAccount

from chain_node.client import Call, Milestone, OrderState, OrderTerms, Payout, one_line
from model import rules
from model.calendar360 import DAY
from model.operations.openings import vote
from model.orders import Order
from model.run import Attempt, Run


def register(run: Run) -> Iterator[Attempt]:
    old = run.random.random() < 0.08 and run.books.orders
    id = run.random.choice([*run.books.orders]) if old else run.random.getrandbits(255)
    by_day = run.books.now // DAY + run.random.choice((-1, 7, 20, 40, 75))
    value = run.random.choice((123_457, 800_000, 2_000_000))
    quantity = run.random.choice((0, 10_000, 1_000_000))
    currency = run.random.choice(("EUR", "EUR", "EUR", "USD"))
    buyer, seller = run.party("debtor").address, run.party("supplier")
    subject = sha256(id.to_bytes(32, "big")).digest()
    terms = OrderTerms(
        id,
        buyer,
        currency,
        subject,
        by_day,
        one_line(value, quantity),
        grace_days=id % 3,
        deposit=value // 5 if id % 5 == 0 else 0,
        over_bps=500,
        under_bps=200 * (id % 2),
        payouts=_payouts(id, measured=bool(quantity)),
    )
    if id not in run.books.orders and subject not in run.books.subjects:
        yield Attempt(seller, run.chain.milestones.open_subject(subject, []))
        if id % 9 == 0:
            yield from _of_earlier_goods(run, subject, quantity)
    call = run.chain.orders.register_order(terms)
    yield Attempt(seller, call, rules.register_order(run.books, terms))
    if id in run.books.orders and run.random.random() < 0.9:
        yield _acceptance(run, run.books.orders[id])


def _of_earlier_goods(run: Run, subject: bytes, quantity: int) -> Iterator[Attempt]:
    """They have set out before anybody has ordered them."""
    for name in ("carrier", "inspector"):
        yield vote(run, name, subject, Milestone.DEPARTED, run.head - 60, quantity)


def accept(run: Run) -> Iterator[Attempt]:
    its = run.order(OrderState.REGISTERED)
    if its is not None:
        yield _acceptance(run, its)


def _acceptance(run: Run, its: Order) -> Attempt:
    by = run.mostly(run.account_of(its.buyer), "debtor")
    other = run.random.random() < 0.06
    terms_hash = bytes(32) if other else run.chain.orders.terms_hash_of(its.id)
    call = run.chain.orders.accept_order(its.id, terms_hash)
    return Attempt(by, call, rules.accept_order(run.books, its, by.address, other))


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
    if (its.id + its.paid) % 5 < 2:
        yield Attempt(by, escrow.fund(its.id, amount), rules.fund_order(its, amount))
        yield Attempt(by, escrow.settle(its.id), rules.settle_order(its))
    else:
        yield Attempt(by, escrow.pay_order(its.id, amount), rules.pay_order(its, amount))
    if frozen:
        yield _by_registrar(run, registry.unfreeze_account(seller.address))
        yield from _take_parked(run, seller, its.currency)


def end(run: Run) -> Iterator[Attempt]:
    """Anyone, once it is too late to deliver; then each who has put something in."""
    running = [one for one in run.books.orders.values() if one.backs]
    held = [one for one in running if one.held]
    if not running:
        return
    its, escrow, by = max(held or running, key=lambda one: -one.last_day), run.chain.orders, run.party("lender")
    yield Attempt(by, escrow.refund(its.id), rules.refund_order(run.books, its))
    if its.state == OrderState.LAPSED:
        for beneficiary in [*its.funded]:
            refusals = set() if its.pot else {"NothingToRefund"}
            yield Attempt(by, escrow.claim_refund(its.id, beneficiary), refusals)


def _payouts(id: int, measured: bool) -> tuple[Payout, ...]:
    received = Payout(int(Milestone.RECEIVED), 10_000, measured)
    departed = Payout(int(Milestone.DEPARTED), 4_000, False)
    accepted = Payout(int(Milestone.ACCEPTED), 1_000, False)
    return ((received,), (departed, received), (accepted, received), (accepted, departed, received))[id % 4]


def _by_registrar(run: Run, call: Call) -> Attempt:
    return Attempt(run.office("registrar"), call)


def _take_parked(run: Run, seller: LocalAccount, currency: str) -> Iterator[Attempt]:
    cash = run.chain.cash(currency).address
    waiting = run.books.ledgers[currency].of("parked in escrow", seller.address)
    yield Attempt(seller, run.chain.orders.call("claimParked", cash), set() if waiting else {"NothingParked"})
