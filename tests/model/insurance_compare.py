"""Every policy and position of the chain beside the model's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

from chain_node.client import Chain
from chain_node.client.contract import Contract
from model.books import Books
from model.invoices import NOBODY


def insured(books: Books, chain: Chain) -> Iterator[tuple[str, Contract, str, tuple[Any, ...], Any]]:
    insurance, cover, now = books.insurance, chain.insurance, books.now
    yield "policies offered", cover, "policyCount", (), len(insurance.policies)
    for number, its in insurance.policies.items():
        cash = chain.cash(its.currency).address if its.currency else NOBODY
        told = (its.state, its.insurer, its.bound_at, its.premium_paid, cash, its.paid, its.recovered)
        record = lambda answer, told=told: answer[1:] == told  # noqa: E731
        yield f"policy {number}: record {told}", cover, "policy", (number,), record
        claims = astuple(insurance.claims_before(its))
        yield f"policy {number}: claims on its fact", cover, "factClaimsOf", (number,), claims
        yield f"policy {number}: premium due", cover, "premiumDueOf", (number,), its.premium_due(now)
    for (insurer, currency), position in insurance.positions.items():
        asked = (insurer, chain.cash(currency).address)
        yield f"{currency} put down by {insurer}", cover, "positionOf", asked, astuple(position)
    for financing, bound in insurance.bound.items():
        numbers, name, which = [its.number for its in bound], f"financing {financing}", (financing,)
        policies = lambda told, numbers=numbers: [*told] == numbers  # noqa: E731
        yield f"{name}: policies {numbers}", cover, "policiesOf", which, policies
        yield f"{name}: premium", cover, "premiumDue", which, insurance.premium_due(financing, now)
        yield f"{name}: to recover", cover, "subrogatedDue", which, insurance.subrogated(financing)
