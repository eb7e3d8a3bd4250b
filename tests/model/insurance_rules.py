"""What may be done with policies now, and why not: the names of the refusals, none where it is legal."""

from __future__ import annotations

from chain_node.client import CoverKind, FactStatus, FinancingState, Milestone, PolicyState, PolicyTerms
from model.books import Books
from model.calendar360 import DAY
from model.financings import Financing
from model.insurance import LONGEST_OFFER, MOST_DAYS, MOST_POLICIES, Policy
from model.rules import UNSURE, waits

Refusals = set[str]
STATE = "PolicyStateWrong"


def _when(*cases: tuple[bool, str]) -> Refusals:
    return {name for holds, name in cases if holds}


def loss_of(books: Books, its: Policy, financing: Financing) -> tuple[int, int, int] | None:
    """Moment of the loss, the debt that it is a part of, and its size, as the books stand."""

    def seen(subject: bytes, milestone: int, sequence: int) -> tuple[FactStatus, int, int]:
        fact = books.facts[subject, milestone, sequence]
        return fact.status, fact.quantity, fact.occurred_at

    defaulted = financing.state == FinancingState.DEFAULTED
    before = books.insurance.claims_before(its)
    return its.loss(financing.owed_at(books.now), financing.overdue_from if defaulted else None, seen, before)


# By insurers


def deposit(amount: int) -> Refusals:
    return _when((amount == 0, "CoverAmountZero"))


def withdraw(books: Books, by: str, currency: str, amount: int) -> Refusals:
    free = books.insurance.positions[by, currency].free
    return _when((amount == 0, "CoverAmountZero"), (amount > free, "PositionTooSmall"))


def offer(books: Books, by: str, its: PolicyTerms) -> Refusals:
    supplier = books.financings[its.financing].facility.terms.supplier
    group, named = _group(books, supplier), its.kind != CoverKind.CREDIT
    foreign = named and books.subjects.get(its.subject, 0) != group
    return _when(
        (not _is_sound(its, books.now), "PolicyTermsUnsound"),
        (_group(books, by) == group, "InsurerOfOwnGroup"),
        (foreign, "InsuredSubjectForeign"),
    )


def _is_sound(its: PolicyTerms, now: int) -> bool:
    """Who binds a policy binds one that is running: premium and fact have their last moments after the offer's."""
    timed = now <= its.offer_until <= now + LONGEST_OFFER and its.offer_until < its.pay_by <= its.until
    timed &= its.waiting_days <= MOST_DAYS and 1 <= its.claim_days <= MOST_DAYS
    names = (its.milestone, its.sequence, its.quantity, int.from_bytes(its.subject, "big"), its.deadline)
    if its.kind == CoverKind.CREDIT:
        return timed and its.limit > 0 and not any(names)
    triggered = its.milestone > Milestone.ACCEPTED and its.sequence > 0 and its.subject != bytes(32)
    if its.kind == CoverKind.CARGO:
        return timed and its.limit > 0 and triggered and not its.deadline
    return timed and its.limit > 0 and triggered and not its.quantity and its.offer_until < its.deadline <= its.until


def _group(books: Books, account: str) -> int:
    return books.groups[books.organisations[account]]


def withdraw_offer(its: Policy, by: str) -> Refusals:
    is_open = its.state in (PolicyState.OFFERED, PolicyState.ACCEPTED)
    return _when((by != its.insurer, "NotInsurerOf"), (not is_open, STATE))


def waive(its: Policy, by: str) -> Refusals:
    return _when((by != its.insurer, "NotInsurerOf"), (its.state != PolicyState.PAID, STATE))


# By the two that agree to it


def accept(books: Books, its: Policy, by: str, other: bool) -> Refusals:
    supplier = books.financings[its.terms.financing].facility.terms.supplier
    return _agreed(books, its, PolicyState.OFFERED, other) | _when((by != supplier, "NotSupplierOf"))


def bind(books: Books, its: Policy, other: bool) -> Refusals:
    financing, terms = books.financings[its.terms.financing], its.terms
    performs = financing.state == FinancingState.OPEN and not financing.impairment and not financing.written_off
    fact = books.facts[terms.subject, terms.milestone, terms.sequence]
    stands = terms.kind != CoverKind.CREDIT and fact.status in (FactStatus.FINAL, FactStatus.DISPUTED)
    free = books.insurance.positions[its.insurer, books.currency_of(financing.facility)].free
    return _agreed(books, its, PolicyState.ACCEPTED, other) | _when(
        (not performs or stands or books.now >= financing.overdue_from, "LossAlreadyKnown"),
        (terms.limit > free, "PositionTooSmall"),
        (len(books.insurance.bound[terms.financing]) >= MOST_POLICIES, "TooManyPolicies"),
    )


def _agreed(books: Books, its: Policy, needed: PolicyState, other: bool) -> Refusals:
    late = books.now > its.terms.offer_until
    return _when((its.state != needed, STATE), (late, "OfferExpired"), (other, "PolicyTermsDiffer"))


# By anyone


def pay_premium(books: Books, its: Policy, amount: int) -> Refusals:
    return _when((its.premium_due(books.now) == 0, "PremiumNotDue"), (amount == 0, "CoverAmountZero"))


def claim(books: Books, its: Policy, after: Financing) -> Refusals:
    """`after` is the financing once what waits at its collateral has been applied to it."""
    terms, now, found = its.terms, books.now, loss_of(books, its, after)
    refusals = _when((its.state != PolicyState.BOUND, STATE), (its.has_lapsed(now), "CoverLapsed"))
    refusals |= _when((waits(books, after), UNSURE))
    if found is None:
        return refusals | {"NoLossEvent"}
    loss_at, _, loss = found
    return refusals | _when(
        (not its.bound_at < loss_at <= terms.until, "LossOutsideCover"),
        (now < loss_at + terms.waiting_days * DAY, "WaitingPeriodRuns"),
        (now > its.claimable_until, "ClaimTooLate"),
        (loss <= terms.deductible, "LossWithinDeductible"),
    )


def close(books: Books, its: Policy) -> Refusals:
    if its.state == PolicyState.PAID:
        return _when((its.unrecovered + its.premium_due(books.now) != 0, "PolicyStillDue"))
    if its.state != PolicyState.BOUND:
        return {STATE}
    repaid = books.financings[its.terms.financing].state in (FinancingState.REPAID, FinancingState.RELEASED)
    over = its.has_lapsed(books.now) or books.now > its.claimable_until or repaid
    return _when((not over, "CoverStillRuns"))
