"""What is paid back on a financing, by whom, and what becomes of its collateral."""

from __future__ import annotations

from collections.abc import Iterator

from chain_node.client import FinancingState
from model import rules
from model.invoices import Invoice
from model.orders import Order
from model.run import MOST, Attempt, Run


def repay(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.OPEN, FinancingState.DEFAULTED)
    if its is None:
        return
    owed = its.owed_at(run.books.now).total
    amount = MOST if run.random.random() < 0.25 else run.part(max(1, owed))
    by = run.random.choice((run.party("supplier"), run.party("lender")))
    yield Attempt(by, run.chain.desk.repay(its.number, amount), rules.repay(run.books, its, amount))


def release(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.REPAID)
    if its is None:
        return
    right = next(one for one in run.parties.values() if one.address == its.facility.terms.supplier)
    by = run.mostly(right, "supplier")
    yield Attempt(by, run.chain.desk.release(its.number), rules.release(run.books, its, by.address))


def forward(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.OPEN)
    if its is not None:
        yield Attempt(run.party("lender"), run.collateral_of(its).forward(its.number))


def after_lost_hints(run: Run) -> Iterator[Attempt]:
    """What a payment did not bring in by itself is brought in by anyone."""
    for item in sorted(run.books.unheard):
        for its in run.books.pledges(item):
            yield Attempt(run.party("lender"), run.collateral_of(its).forward(its.number))


def frozen(run: Run) -> Iterator[Attempt]:
    """A supplier's account is frozen while its money comes in: what it cannot take waits for it."""
    its = run.financing(FinancingState.OPEN, FinancingState.REPAID)
    if its is None:
        return
    supplier, registry = its.facility.terms.supplier, run.chain.registry
    registrar, item = run.office("registrar"), run.books.item_of(its)
    yield Attempt(registrar, registry.freeze_account(supplier))
    yield Attempt(run.party("lender"), run.chain.desk.poke(its.number))
    if item.outstanding:
        yield _part_payment(run, item)
    yield Attempt(registrar, registry.unfreeze_account(supplier))
    currency = run.books.currency_of(its.facility)
    cash = run.chain.cash(currency).address
    waiting = run.books.ledgers[currency].of("parked", supplier)
    by = next(one for one in run.parties.values() if one.address == supplier)
    yield Attempt(by, run.chain.desk.claim_parked(cash), set() if waiting else {"NothingParked"})


def _part_payment(run: Run, item: Invoice | Order) -> Attempt:
    amount = run.random.randint(1, item.outstanding)
    if isinstance(item, Order):
        call = run.chain.orders.pay_order(item.id, amount)
        return Attempt(run.account_of(item.buyer), call, rules.pay_order(item, amount))
    call = run.chain.receivables.pay(item.id, amount)
    return Attempt(run.account_of(item.debtor), call, rules.pay(item, amount))
