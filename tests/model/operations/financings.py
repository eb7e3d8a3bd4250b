"""What is lent on an invoice, and paid back."""

from __future__ import annotations

from collections.abc import Iterator

from eth_typing import Hash32

from chain_node.client import (
    FactStatus,
    FinancingState,
    Milestone,
    Observation,
    ReceivableState,
    Vote,
    attestation_digest,
)
from model import availability, rules
from model.financings import Financing
from model.run import EVIDENCE, MOST, Attempt, Run


def finance(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    lines = [*run.books.facilities.values()]
    own = [one for one in lines if its.units[one.terms.supplier] and run.books.currency_of(one) == its.currency]
    own = [one for one in own if one.limit > one.drawn and run.books.now < one.expires_at] or own
    line = run.random.choice(own if own and run.random.random() < 0.9 else lines)
    by = next(one for one in run.parties.values() if one.address == line.terms.supplier)
    by = by if run.random.random() < 0.95 else run.party("supplier")
    units = run.part(rules.held(its, by.address)[0] // run.random.choice((1, 1, 2, 3)))
    seen = line.ladder[0].milestone != Milestone.ACCEPTED or run.random.random() < 0.6
    subject = run.random.randbytes(32) if seen else bytes(32)
    if subject != bytes(32):
        yield Attempt(by, run.chain.milestones.open_subject(subject, [run.random.randbytes(32)]))
    call = run.chain.desk.open_financing(
        facility=line.number,
        collateral=run.chain.receivable_collateral.address,
        item_id=its.id,
        units=units,
        subject=subject,
    )
    yield Attempt(by, call, rules.open_financing(run.books, line, its, by.address, units))
    if run.random.random() < 0.85 and run.books.financings:
        number = max(run.books.financings)
        yield Attempt(run.party("lender"), run.chain.desk.poke(number))
        yield from _attest(run, run.books.financings[number])


def attest(run: Run) -> Iterator[Attempt]:
    bare = [one for one in run.books.financings.values() if availability.may_draw(run.books, one) and not one.principal]
    its = run.random.choice(bare) if bare else run.financing(FinancingState.OPEN)
    if its is not None:
        yield from _attest(run, its)


def _attest(run: Run, its: Financing) -> Iterator[Attempt]:
    """Votes move a draw in the same call; now and then the witnesses lie apart."""
    if its.subject == bytes(32):
        return
    departed = run.books.facts[its.subject, Milestone.DEPARTED, 1].status == FactStatus.FINAL
    milestone = Milestone.RECEIVED if departed and run.random.random() < 0.8 else Milestone.DEPARTED
    names = ("carrier", "inspector") if milestone == Milestone.DEPARTED else ("warehouse", "inspector")
    whole = run.books.invoices[its.item].quantity
    quantities = [run.random.choice((whole, whole * 9 // 10, whole // 2))] * 2
    if milestone == Milestone.RECEIVED and run.random.random() < 0.1:
        quantities[1] = quantities[1] // 2
    at = run.head - 60
    for name, quantity in zip(names, quantities, strict=True):
        seen = [Observation(its.subject, int(milestone), 1, at, quantity)]
        oracle = run.chain.addresses.address("MilestoneOracle")
        digest = Hash32(attestation_digest(run.chain.chain_id, oracle, seen, 1, EVIDENCE))
        account = run.parties[name]
        vote = Vote(account.address, 1, EVIDENCE, bytes(account.unsafe_sign_hash(digest).signature))
        yield Attempt(run.party("debtor"), run.chain.milestones.attest(seen, [vote]))


def poke(run: Run) -> Iterator[Attempt]:
    number = run.random.randint(1, len(run.books.financings) + 1)
    refusals = {"FinancingUnknown"} if number not in run.books.financings else set()
    yield Attempt(run.party("lender"), run.chain.desk.poke(number), refusals)


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
        yield Attempt(run.party("lender"), run.chain.receivable_collateral.forward(its.number))


def frozen(run: Run) -> Iterator[Attempt]:
    """A supplier's account is frozen while its money comes in: what it cannot take waits for it."""
    its = run.financing(FinancingState.OPEN, FinancingState.REPAID)
    if its is None:
        return
    supplier, registry = its.facility.terms.supplier, run.chain.registry
    registrar, invoice = run.network.keys.account("registrar"), run.books.invoices[its.item]
    yield Attempt(registrar, registry.freeze_account(supplier))
    yield Attempt(run.party("lender"), run.chain.desk.poke(its.number))
    if invoice.outstanding:
        amount = run.random.randint(1, invoice.outstanding)
        call = run.chain.receivables.pay(invoice.id, amount)
        yield Attempt(run.account_of(invoice.debtor), call, rules.pay(invoice, amount))
    yield Attempt(registrar, registry.unfreeze_account(supplier))
    currency = run.books.currency_of(its.facility)
    cash = run.chain.cash(currency).address
    waiting = run.books.ledgers[currency].of("parked", supplier)
    by = next(one for one in run.parties.values() if one.address == supplier)
    yield Attempt(by, run.chain.desk.claim_parked(cash), set() if waiting else {"NothingParked"})
