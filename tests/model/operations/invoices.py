"""What suppliers and debtors do with an invoice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chain_node.client import ReceivableState
from model import rules
from model.calendar360 import DAY
from model.invoices import OWED, Invoice
from model.run import EVIDENCE, Attempt, Run


def register(run: Run) -> Iterator[Attempt]:
    old = run.random.random() < 0.08 and run.books.invoices
    id = run.random.choice([*run.books.invoices]) if old else run.random.getrandbits(255)
    due = run.books.now // DAY + run.random.choice((-1, 5, 15, 30, 30, 60, 90))
    face = run.random.choice((100_000, 654_321, 1_000_000, 3_333_333))
    currency = run.random.choice(("EUR", "EUR", "EUR", "USD"))
    quantity = run.random.choice((0, 10_000, 10_000, 1_000_000, 1_000_000))
    debtor = run.party("debtor").address
    terms: dict[str, Any] = {"face_value": face, "quantity": quantity, "due_date": due}
    call = run.chain.receivables.register(id=id, debtor=debtor, currency=currency, **terms)
    yield Attempt(run.party("supplier"), call, rules.register(run.books, id, due))


def accept(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.REGISTERED)
    if its is None:
        return
    by = run.mostly(run.account_of(its.debtor), "debtor")
    face = its.face + (run.random.random() < 0.06)
    terms: dict[str, Any] = {"face_value": face, "quantity": its.quantity, "due_date": its.due_day}
    waive = run.random.random() < 0.6
    call = run.chain.receivables.accept(id=its.id, waive_set_off=waive, **terms)
    yield Attempt(by, call, rules.accept(run.books, its, by.address, face))


def cancel(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.REGISTERED)
    if its is not None:
        by = run.mostly(run.account_of(its.supplier), "supplier")
        yield Attempt(by, run.chain.receivables.cancel(its.id), rules.cancel(run.books, its, by.address))


def cancel_by_consent(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    by = run.mostly(run.account_of(its.debtor), "debtor")
    call = run.chain.receivables.consent_to_cancellation(its.id, True)
    yield Attempt(by, call, rules.consent(run.books, its, by.address))
    by = run.account_of(its.supplier)
    call = run.chain.receivables.cancel_by_consent(its.id)
    yield Attempt(by, call, rules.cancel_by_consent(run.books, its, by.address))


def hop(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    giver, taker = run.holder(its), run.party("supplier")
    if giver.address == taker.address:
        return
    least, _ = rules.held(its, giver.address)
    units = max(1, run.part(least))
    call = run.chain.receivables.safe_transfer_from(giver.address, taker.address, its.id, units)
    yield Attempt(giver, call, rules.hop(run.books, its, giver.address, taker.address, units))


def pay(run: Run) -> Iterator[Attempt]:
    its = run.invoice(*OWED)
    if its is not None:
        yield from pay_on(run, its)


def pay_on(run: Run, its: Invoice) -> Iterator[Attempt]:
    amount = run.part(its.outstanding, over=0.1) if its.outstanding else run.random.choice((0, 5))
    amount = 0 if run.random.random() < 0.02 else amount
    call = run.chain.receivables.pay(its.id, amount)
    yield Attempt(run.mostly(run.account_of(its.debtor), "lender"), call, rules.pay(its, amount))


def claim(run: Run) -> Iterator[Attempt]:
    its = run.invoice(*OWED, ReceivableState.SETTLED)
    if its is not None:
        by = run.mostly(run.holder(its), "supplier")
        yield Attempt(by, run.chain.receivables.claim(its.id), rules.claim(its, by.address))


def credit_note(run: Run) -> Iterator[Attempt]:
    its = run.invoice(*OWED)
    if its is None:
        return
    by = run.mostly(run.account_of(its.supplier), "supplier")
    amount = run.part(max(1, its.outstanding // run.random.choice((1, 10, 50))))
    call = run.chain.disputes.credit_note(its.id, amount, EVIDENCE)
    yield Attempt(by, call, rules.credit_note(run.books, its, by.address, amount))


def open_dispute(run: Run) -> Iterator[Attempt]:
    unwaived = [one for one in run.books.invoices.values() if not one.waived and one.state == ReceivableState.ACCEPTED]
    its = run.random.choice(unwaived) if unwaived else run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    by = run.mostly(run.account_of(its.debtor), "debtor")
    amount = run.part(max(1, its.outstanding // 3))
    call = run.chain.disputes.open_dispute(its.id, amount, EVIDENCE)
    yield Attempt(by, call, rules.open_dispute(run.books, its, by.address, amount))


def end_dispute(run: Run) -> Iterator[Attempt]:
    its, disputes = run.invoice(ReceivableState.DISPUTED), run.chain.disputes
    if its is None:
        return
    how = run.random.choice(("withdraw", "concede", "resolve", "resolve"))
    amount = run.part(max(1, its.objected))
    if how == "withdraw":
        by = run.mostly(run.account_of(its.debtor), "debtor")
        refusals = rules.withdraw_dispute(run.books, its, by.address)
        yield Attempt(by, disputes.withdraw_dispute(its.id), refusals)
    elif how == "concede":
        by = run.mostly(run.account_of(its.supplier), "supplier")
        refusals = rules.concede(run.books, its, by.address, amount)
        yield Attempt(by, disputes.concede(its.id, amount, EVIDENCE), refusals)
    else:
        amount = 0 if run.random.random() < 0.2 else amount
        arbiter = run.office("arbiter")
        yield Attempt(arbiter, disputes.resolve(its.id, amount, EVIDENCE), rules.resolve(run.books, its, amount))


def default_invoice(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.ACCEPTED, ReceivableState.DISPUTED)
    if its is not None:
        call = run.chain.receivables.mark_defaulted(its.id)
        yield Attempt(run.party("lender"), call, rules.mark_defaulted(run.books, its))
