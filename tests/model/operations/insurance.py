"""What insurers, the insured and others do with policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chain_node.client import CoverKind, FinancingState, Milestone, PolicyState, PolicyTerms
from model import insurance_rules, rules
from model.calendar360 import DAY
from model.financings import Financing
from model.insurance import Policy
from model.operations.openings import vote
from model.run import Attempt, Run


def move_money(run: Run) -> Iterator[Attempt]:
    """An insurer puts money down or takes some out; now and then more than is free."""
    by, currency = run.party("insurer"), run.random.choice(("EUR", "EUR", "USD"))
    cash = run.chain.cash(currency).address
    if run.random.random() < 0.5:
        amount = run.random.choice((0, 1, 70_000, 400_000))
        yield Attempt(by, run.chain.insurance.deposit(cash, amount), insurance_rules.deposit(amount))
        return
    amount = run.part(run.books.insurance.positions[by.address, currency].free // run.random.choice((1, 4, 9)))
    call = run.chain.insurance.withdraw(cash, amount)
    yield Attempt(by, call, insurance_rules.withdraw(run.books, by.address, currency, amount))


def offer(run: Run) -> Iterator[Attempt]:
    """Mostly accepted and bound at once, so that there is cover before there is a loss; what may be lost is often
    insured twice."""
    its = _insurable(run)
    if its is None:
        return
    terms = _terms(run, its)
    yield from _offer(run, terms)
    if terms.kind != CoverKind.CREDIT and run.random.random() < 0.5:
        yield from _offer(run, replace(terms, limit=max(1, terms.limit // run.random.choice((1, 2)))))


def _offer(run: Run, terms: PolicyTerms) -> Iterator[Attempt]:
    by = run.party("insurer")
    refusals = insurance_rules.offer(run.books, by.address, terms)
    count = len(run.books.insurance.policies)
    yield Attempt(by, run.chain.insurance.offer(terms), refusals)
    policies = run.books.insurance.policies
    if len(policies) > count and run.random.random() < 0.85:
        policy = policies[len(policies)]
        yield _acceptance(run, policy)
        if run.random.random() < 0.9:
            yield _binding(run, policy)


def _insurable(run: Run) -> Financing | None:
    """Mostly one that performs; the sooner it is due the sooner there may be a loss."""
    drawn = [one for one in run.books.financings.values() if one.state == FinancingState.OPEN and one.principal]
    sound = [one for one in drawn if not one.impairment and not one.written_off and run.books.now < one.overdue_from]
    sound.sort(key=lambda one: one.overdue_from)
    if sound and run.random.random() < 0.92:
        return run.random.choice(sound[: 1 + len(sound) // 2])
    return run.financing(FinancingState.OPEN)


def _terms(run: Run, its: Financing) -> PolicyTerms:
    """Mostly sound ones. The cover mostly outlives the financing's maturity."""
    pick, now = run.random, run.books.now
    offer_until = now + pick.choice((-1, 0, DAY, DAY, 30 * DAY, 30 * DAY + 1)) if pick.random() < 0.2 else now + 2 * DAY
    until = max(offer_until + DAY, its.overdue_from) + pick.choice((-DAY, 0, 30 * DAY, 90 * DAY))
    pay_by = pick.choice((until, until, min(until, offer_until + pick.choice((1, 5, 40)) * DAY)))
    owed = max(1, its.owed_at(now).total)
    terms = PolicyTerms(
        financing=its.number,
        kind=CoverKind.CREDIT,
        limit=pick.choice((1, owed // 3, owed // 2, owed, 2 * owed)),
        deductible=pick.choice((0, 0, 1_000, owed // 10, owed)),
        premium=pick.choice((0, 1, 777, 5_000, 20_000)),
        offer_until=offer_until,
        pay_by=pay_by,
        until=until,
        waiting_days=pick.choice((0, 0, 1, 5, 5, 366)) if pick.random() < 0.3 else pick.choice((0, 2)),
        claim_days=pick.choice((0, 1, 365)) if pick.random() < 0.2 else 90,
    )
    kind = pick.choice((CoverKind.CREDIT, CoverKind.CREDIT, CoverKind.CARGO, CoverKind.CARGO, CoverKind.INTERRUPTION))
    return terms if kind == CoverKind.CREDIT else _on_a_fact(run, its, replace(terms, kind=kind, sequence=1))


def _on_a_fact(run: Run, its: Financing, terms: PolicyTerms) -> PolicyTerms:
    pick = run.random
    others = [one.subject for one in run.books.financings.values()]
    subject = its.subject if its.subject != bytes(32) and pick.random() < 0.9 else pick.choice(others)
    if terms.kind == CoverKind.CARGO:
        quantity = pick.choice((0, run.books.item_of(its).quantity, 50_000))
        milestone = pick.choice((Milestone.LOST,) * 9 + (Milestone.ACCEPTED,))
        return replace(terms, subject=subject, milestone=int(milestone), quantity=quantity)
    deadline = pick.choice((terms.offer_until + DAY, terms.offer_until + 10 * DAY, terms.until, terms.offer_until))
    return replace(terms, subject=subject, milestone=int(Milestone.RECEIVED), deadline=deadline)


def agree(run: Run) -> Iterator[Attempt]:
    """Somebody accepts, binds or takes back what was offered a while ago, or was done with long since."""
    its = _policy(run, PolicyState.OFFERED, PolicyState.ACCEPTED)
    if its is None:
        return
    dice = run.random.random()
    if dice < 0.2:
        by = run.mostly(run.account(its.insurer), "insurer")
        call = run.chain.insurance.withdraw_offer(its.number)
        yield Attempt(by, call, insurance_rules.withdraw_offer(its, by.address))
        return
    _at_the_edge(run, its.terms.offer_until)
    yield _acceptance(run, its) if dice < 0.5 else _binding(run, its)


def _acceptance(run: Run, its: Policy) -> Attempt:
    supplier = run.books.financings[its.terms.financing].facility.terms.supplier
    by, other = run.mostly(run.account(supplier), "supplier"), run.random.random() < 0.05
    call = run.chain.insurance.accept(its.number, _hash(run, its, other))
    return Attempt(by, call, insurance_rules.accept(run.books, its, by.address, other))


def _binding(run: Run, its: Policy) -> Attempt:
    other = run.random.random() < 0.05
    call = run.chain.insurance.bind(its.number, _hash(run, its, other))
    return Attempt(run.office("credit-officer"), call, insurance_rules.bind(run.books, its, other))


def _hash(run: Run, its: Policy, other: bool) -> bytes:
    return bytes(32) if other else run.chain.insurance.terms_hash(its.number)


def pay_premium(run: Run) -> Iterator[Attempt]:
    due = [one for one in run.books.insurance.policies.values() if one.premium_due(run.books.now)]
    its = run.random.choice(due) if due and run.random.random() < 0.8 else _policy(run, PolicyState.BOUND)
    if its is None:
        return
    _at_the_edge(run, its.terms.pay_by)
    amount = run.random.choice((0, 1, its.terms.premium // 2, its.terms.premium + 9))
    call = run.chain.insurance.pay_premium(its.number, amount)
    yield Attempt(run.party("lender"), call, insurance_rules.pay_premium(run.books, its, amount))


def lose(run: Run) -> Iterator[Attempt]:
    """Goods that are insured are lost, in part mostly: an inspector says so and a carrier."""
    insured = [one for one in run.books.insurance.policies.values() if one.terms.milestone == Milestone.LOST]
    bound = [one for one in insured if one.state == PolicyState.BOUND] or insured
    if not bound:
        return
    known = [one for one in bound if one.terms.subject not in run.books.losses]
    twice = [one for one in known if sum(other.fact == one.fact for other in known) > 1]
    its = run.random.choice(twice if twice and run.random.random() < 0.6 else known or bound)
    whole = its.terms.quantity or 9_000
    quantity = run.random.choice((whole, whole // 3 + 1, whole // 2, whole + 1))
    quantities = [quantity, quantity // 2 if run.random.random() < 0.1 else quantity]
    at = run.head - run.random.choice((0, 60, 60, 60, 3_600, 4 * DAY))
    for name, seen in zip(("inspector", "carrier"), quantities, strict=True):
        yield vote(run, name, its.terms.subject, Milestone.LOST, at, seen)
    for one in [one for one in bound if one.fact == its.fact] if run.random.random() < 0.8 else ():
        yield from _claim(run, one)


def claim(run: Run) -> Iterator[Attempt]:
    bound = [one for one in run.books.insurance.policies.values() if one.state == PolicyState.BOUND]
    fit = [one for one in bound if insurance_rules.claim(run.books, one, _after(run, one)) == set()]
    its = run.random.choice(fit) if fit and run.random.random() < 0.7 else _policy(run, PolicyState.BOUND)
    if its is not None:
        financing, terms = run.books.financings[its.terms.financing], its.terms
        loss_at = financing.overdue_from if terms.kind == CoverKind.CREDIT else terms.deadline
        edges = (loss_at + terms.waiting_days * DAY, its.claimable_until, terms.pay_by)
        _at_the_edge(run, run.random.choice(edges))
        yield from _claim(run, its)


def _claim(run: Run, its: Policy) -> Iterator[Attempt]:
    call = run.chain.insurance.claim(its.number)
    yield Attempt(run.party("debtor"), call, insurance_rules.claim(run.books, its, _after(run, its)))


def _after(run: Run, its: Policy) -> Financing:
    return rules.brought_in(run.books, run.books.financings[its.terms.financing])


def recover(run: Run) -> Iterator[Attempt]:
    """The supplier pays what its lenders and insurers still lack, or an insurer gives its part up."""
    paid = [one for one in run.books.insurance.policies.values() if one.unrecovered]
    if not paid:
        return
    its = run.random.choice(paid)
    financing = run.books.financings[its.terms.financing]
    if run.random.random() < 0.15:
        by = run.mostly(run.account(its.insurer), "insurer")
        yield Attempt(by, run.chain.insurance.waive(its.number), insurance_rules.waive(its, by.address))
        return
    amount = run.part(financing.owed_at(run.books.now).total + run.books.insurance.subrogated(financing.number))
    call = run.chain.desk.repay(financing.number, amount)
    yield Attempt(run.party("supplier"), call, rules.repay(run.books, financing, amount))


def close(run: Run) -> Iterator[Attempt]:
    every = [one for one in run.books.insurance.policies.values() if one.state in (PolicyState.BOUND, PolicyState.PAID)]
    fit = [one for one in every if insurance_rules.close(run.books, one) == set()]
    its = run.random.choice(fit) if fit and run.random.random() < 0.7 else _policy(run, PolicyState.BOUND)
    if its is not None:
        _at_the_edge(run, run.random.choice((its.claimable_until, its.terms.pay_by)))
        yield Attempt(run.party("debtor"), run.chain.insurance.close(its.number), insurance_rules.close(run.books, its))


def _policy(run: Run, *states: PolicyState) -> Policy | None:
    every = [*run.books.insurance.policies.values()]
    fit = [its for its in every if its.state in states]
    return run.random.choice(fit if fit and run.random.random() < 0.85 else every) if every else None


def _at_the_edge(run: Run, moment: int) -> None:
    """Where a time is over before long, it is waited for: to its last second, or to the first after it."""
    if run.books.now < moment < run.books.now + 3 * DAY and run.random.random() < 0.6:
        run.books.now = moment + run.random.randint(0, 1)
