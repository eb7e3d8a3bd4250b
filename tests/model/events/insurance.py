"""Policies from the offer to their end, and the insurers' money."""

from __future__ import annotations

from typing import Any

from chain_node.client import CoverKind, FinancingState, PolicyState, PolicyTerms
from model.books import Books
from model.insurance import MOST_POLICIES, Policy, Position
from model.insurance_rules import loss_of
from model.reading import reads


@reads("InsurancePolicies", "PositionFunded")
def position_funded(books: Books, its: Any) -> None:
    _position(books, its).free += its["amount"]
    _post(books, _currency(books, its["cash"]), its["insurer"], its["amount"])


@reads("InsurancePolicies", "PositionWithdrawn")
def position_withdrawn(books: Books, its: Any) -> None:
    _position(books, its).free -= its["amount"]
    assert _position(books, its).free >= 0
    _post(books, _currency(books, its["cash"]), its["insurer"], -its["amount"])


@reads("InsurancePolicies", "PolicyOffered")
def policy_offered(books: Books, its: Any) -> None:
    financing, kind, *rest = its["terms"].values()
    policies, terms = books.insurance.policies, PolicyTerms(financing, CoverKind(kind), *rest)
    books.same("number of a policy", its["policy"], len(policies) + 1)
    books.same("financing of a policy", its["financing"], terms.financing)
    policies[its["policy"]] = Policy(its["policy"], its["insurer"], terms)


@reads("InsurancePolicies", "PolicyAccepted")
def policy_accepted(books: Books, its: Any) -> None:
    policy = books.insurance.policies[its["policy"]]
    books.same("policy accepted from", policy.state, PolicyState.OFFERED)
    supplier = books.financings[policy.terms.financing].facility.terms.supplier
    books.same("policy accepted by", its["supplier"], supplier)
    policy.state = PolicyState.ACCEPTED


@reads("InsurancePolicies", "PolicyBound")
def policy_bound(books: Books, its: Any) -> None:
    policy = books.insurance.policies[its["policy"]]
    books.same("policy bound from", policy.state, PolicyState.ACCEPTED)
    books.same("limit that is locked", its["limit"], policy.terms.limit)
    policy.state, policy.bound_at = PolicyState.BOUND, books.now
    policy.currency = books.currency_of(books.financings[policy.terms.financing].facility)
    position = books.insurance.position(policy)
    position.free, position.locked = position.free - policy.terms.limit, position.locked + policy.terms.limit
    assert position.free >= 0, "a promise without its money"
    of_financing = books.insurance.bound[policy.terms.financing]
    of_financing.append(policy)
    assert len(of_financing) <= MOST_POLICIES


@reads("InsurancePolicies", "PremiumPaid")
def premium_paid(books: Books, its: Any) -> None:
    policy, amount = books.insurance.policies[its["policy"]], its["amount"]
    due = policy.premium_due(books.now)
    books.insurance.premiums.append((policy, amount, due))
    books.same("premium still due", its["left"], due - amount)
    policy.premium_paid += amount
    books.insurance.position(policy).free += amount
    _post(books, policy.currency, policy.insurer, amount)


@reads("InsurancePolicies", "ClaimPaid")
def claim_paid(books: Books, its: Any) -> None:
    policy, amount = books.insurance.policies[its["policy"]], its["amount"]
    books.same("policy paid on from", policy.state, PolicyState.BOUND)
    set_off = sum(part for each, part, _ in books.insurance.premiums if each is policy)
    before = sum(due for each, _, due in books.insurance.premiums if each is policy)
    found = loss_of(books, policy, books.financings[policy.terms.financing])
    assert found is not None, "a claim without a loss"
    loss_at, debt, loss = found
    books.same("loss and claim", (its["lossAt"], its["loss"], amount), (loss_at, loss, policy.payment(loss)))
    books.insurance.claims_before(policy).book(debt, amount)
    books.same("premium set off", set_off, min(amount, before))
    books.insurance.premiums.clear()
    policy.state, policy.paid = PolicyState.PAID, amount
    _unlock(books, policy)
    books.insurance.position(policy).free -= amount
    books.insurance.claimed = amount - set_off
    _post(books, policy.currency, policy.insurer, -amount)


@reads("InsurancePolicies", "RecoveryPaid")
def recovery_paid(books: Books, its: Any) -> None:
    policy, amount = books.insurance.policies[its["policy"]], its["amount"]
    books.insurance.recoveries.append((policy, amount, policy.unrecovered))
    policy.recovered += amount
    books.same("still to come back", its["left"], policy.unrecovered)
    books.insurance.position(policy).free += amount
    _post(books, policy.currency, policy.insurer, amount)


@reads("InsurancePolicies", "RecoveryWaived")
def recovery_waived(books: Books, its: Any) -> None:
    books.same("given up", its["amount"], books.insurance.policies[its["policy"]].unrecovered)


@reads("InsurancePolicies", "PolicyEnded")
def policy_ended(books: Books, its: Any) -> None:
    policy = books.insurance.policies[its["policy"]]
    was_bound, policy_was = policy.state == PolicyState.BOUND, policy.state
    books.same("unlocked at the end", its["unlocked"], policy.terms.limit if was_bound else 0)
    policy.state = PolicyState.ENDED
    if was_bound:
        _unlock(books, policy)
    if policy_was in (PolicyState.BOUND, PolicyState.PAID):
        books.insurance.bound[policy.terms.financing].remove(policy)


@reads("FinancingDesk", "CoverMarked")
def cover_marked(books: Books, its: Any) -> None:
    books.same("whether it is covered", its["covered"], books.insurance.covers(its["financing"]))
    assert books.financings[its["financing"]].state != FinancingState.RELEASED or not its["covered"]


def _unlock(books: Books, policy: Policy) -> None:
    position = books.insurance.position(policy)
    position.free, position.locked = position.free + policy.terms.limit, position.locked - policy.terms.limit


def _position(books: Books, its: Any) -> Position:
    return books.insurance.positions[its["insurer"], _currency(books, its["cash"])]


def _currency(books: Books, cash: str) -> str:
    return books.addresses[cash].partition(":")[2]


def _post(books: Books, currency: str, insurer: str, amount: int) -> None:
    """What is put down for an insurer, more or less of it."""
    theirs, owed = ("insurers", insurer), ("owed to insurers",)
    if amount >= 0:
        books.ledgers[currency].post(theirs, owed, amount)
    else:
        books.ledgers[currency].post(owed, theirs, -amount)
