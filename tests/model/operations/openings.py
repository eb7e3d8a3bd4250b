"""What is lent on an invoice or an order: the financing is opened, witnesses are heard, and it is drawn."""

from __future__ import annotations

from collections.abc import Iterator

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from chain_node.client import (
    Collateral,
    FactStatus,
    FinancingState,
    Milestone,
    Observation,
    OrderState,
    ReceivableState,
    Vote,
    attestation_digest,
)
from model import availability, rules
from model.financings import Facility, Financing
from model.invoices import Invoice
from model.rules import Refusals
from model.run import EVIDENCE, Attempt, Run


def finance_invoice(run: Run) -> Iterator[Attempt]:
    its = run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    own = [one for one in run.books.facilities.values() if its.units[one.terms.supplier]]
    line, by = _line(run, own, its.currency)
    units = run.part(rules.held(its, by.address)[0] // run.random.choice((1, 1, 2, 3)))
    yield from finance_by(run, line, by, its, units)


def finance_by(run: Run, line: Facility, by: LocalAccount, its: Invoice, units: int) -> Iterator[Attempt]:
    subject = _of_ended_order(run, by) if run.random.random() < 0.1 else None
    if subject is None:
        subject = _subject(run, line, run.chain.receivable_collateral)
        yield from _consignment(run, by, subject)
    refusals = rules.open_on_invoice(run.books, line, its, by.address, units, subject)
    yield from _open(run, line, by, run.chain.receivable_collateral, its.id, units, subject, refusals)


def demand_match(run: Run) -> Iterator[Attempt]:
    """For a while, mostly a short one: no invoice here is for goods of an order that anybody knows."""
    its = run.invoice(ReceivableState.ACCEPTED)
    if its is None:
        return
    own = [one for one in run.books.facilities.values() if its.units[one.terms.supplier]]
    line, by = _line(run, own, its.currency)
    officer = run.office("credit-officer")
    yield Attempt(officer, run.chain.order_matches.demand_match(line.number, True))
    yield from finance_by(run, line, by, its, run.part(rules.held(its, by.address)[0]))
    for number in sorted(run.books.demanding) if run.random.random() < 0.9 else ():
        yield Attempt(officer, run.chain.order_matches.demand_match(number, False))


def finance_order(run: Run) -> Iterator[Attempt]:
    its = run.order(OrderState.ACCEPTED, assigned=run.random.random() < 0.08)
    if its is None:
        return
    organisations = run.books.organisations
    own = [one for one in run.books.facilities.values() if organisations[one.terms.supplier] == its.seller]
    line, by = _line(run, own, its.currency)
    units = run.part(its.outstanding // run.random.choice((1, 1, 1, 2)))
    subject = its.subject
    refusals = rules.open_on_order(run.books, line, its, by.address, units)
    yield from _open(run, line, by, run.chain.order_collateral, its.id, units, subject, refusals)


def _line(run: Run, own: list[Facility], currency: str) -> tuple[Facility, LocalAccount]:
    """Mostly one of the owner's in that currency with something left, and mostly its own supplier."""
    fit = [one for one in own if run.books.currency_of(one) == currency]
    fit = [one for one in fit if one.limit > one.drawn and run.books.now < one.expires_at] or fit
    every = [*run.books.facilities.values()]
    line = run.random.choice(fit if fit and run.random.random() < 0.9 else every)
    by = next(one for one in run.parties.values() if one.address == line.terms.supplier)
    return line, by if run.random.random() < 0.95 else run.party("supplier")


def _subject(run: Run, line: Facility, collateral: Collateral) -> bytes:
    seen = line.ladders[collateral.name][0].milestone != Milestone.ACCEPTED or run.random.random() < 0.6
    return run.random.randbytes(32) if seen else bytes(32)


def _of_ended_order(run: Run, by: LocalAccount) -> bytes | None:
    """Goods that an order of the supplier's own was for."""
    seller, over = run.books.organisations[by.address], (OrderState.SETTLED, OrderState.LAPSED)
    found = [one.subject for one in run.books.orders.values() if one.seller == seller and one.state in over]
    return run.random.choice(found) if found else None


def _consignment(run: Run, by: LocalAccount, subject: bytes) -> Iterator[Attempt]:
    if subject != bytes(32):
        yield Attempt(by, run.chain.milestones.open_subject(subject, [run.random.randbytes(32)]))


def _open(
    run: Run,
    line: Facility,
    by: LocalAccount,
    collateral: Collateral,
    item: int,
    units: int,
    subject: bytes,
    refusals: Refusals,
) -> Iterator[Attempt]:
    """Mostly followed by the first draw."""
    call = run.chain.desk.open_financing(
        facility=line.number, collateral=collateral.address, item_id=item, units=units, subject=subject
    )
    yield Attempt(by, call, refusals)
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
    whole = run.books.item_of(its).quantity
    quantities = [run.random.choice((whole, whole * 9 // 10, whole // 2))] * 2
    if milestone == Milestone.RECEIVED and run.random.random() < 0.1:
        quantities[1] = quantities[1] // 2
    at = run.head - 60
    for name, quantity in zip(names, quantities, strict=True):
        yield vote(run, name, its.subject, milestone, at, quantity)


def vote(run: Run, name: str, subject: bytes, milestone: Milestone, at: int, quantity: int) -> Attempt:
    seen = [Observation(subject, int(milestone), 1, at, quantity)]
    oracle = run.chain.addresses.address("MilestoneOracle")
    digest = Hash32(attestation_digest(run.chain.chain_id, oracle, seen, 1, EVIDENCE))
    account = run.parties[name]
    signed = Vote(account.address, 1, EVIDENCE, bytes(account.unsafe_sign_hash(digest).signature))
    return Attempt(run.party("debtor"), run.chain.milestones.attest(seen, [signed]))


def poke(run: Run) -> Iterator[Attempt]:
    number = run.random.randint(1, len(run.books.financings) + 1)
    refusals = {"FinancingUnknown"} if number not in run.books.financings else set()
    yield Attempt(run.party("lender"), run.chain.desk.poke(number), refusals)
