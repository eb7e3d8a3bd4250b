"""Policies through the typed client, against answers as the contract's interface writes them; no node."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, cast

from eth_typing import ChecksumAddress

from chain_node.client import CoverKind, Insurance, InsurancePolicy, Milestone, Node, PolicyState, PolicyTerms
from chain_node.interface import interfaces

INSURER, CASH = "0x" + "11" * 20, "0x" + "22" * 20
CARGO = PolicyTerms(
    financing=7,
    kind=CoverKind.CARGO,
    limit=5_000_000,
    deductible=500_000,
    premium=60_000,
    offer_until=1_778_000_000,
    pay_by=1_779_000_000,
    until=1_788_000_000,
    waiting_days=14,
    claim_days=30,
    milestone=int(Milestone.LOST),
    sequence=1,
    quantity=1_000_000,
    subject=bytes([0x55]) * 32,
)
FUNCTIONS = interfaces()["InsurancePolicies"].functions


class Answering:
    """A node that gives one answer."""

    def __init__(self, function: str, *values: Any) -> None:
        self._answer = FUNCTIONS[function].outputs.encode(values)

    def call(self, *_: object) -> bytes:
        return self._answer


def insurance(node: Answering) -> Insurance:
    return Insurance(cast(Node, node), "InsurancePolicies", cast(ChecksumAddress, "0x" + "33" * 20))


def test_terms_go_out_in_the_contracts_order() -> None:
    call = insurance(Answering("policyCount", 0)).offer(CARGO)

    (sent,) = FUNCTIONS["offer"].inputs.decode(call.data[4:]).values()
    assert tuple(sent.values()) == astuple(CARGO)
    assert list(sent) == [
        "financing",
        "kind",
        "limit",
        "deductible",
        "premium",
        "offerUntil",
        "payBy",
        "until",
        "waitingDays",
        "claimDays",
        "milestone",
        "sequence",
        "quantity",
        "subject",
        "deadline",
    ]


def test_policy_is_read_back_as_a_value() -> None:
    record = (astuple(CARGO), int(PolicyState.PAID), INSURER, 1_777_900_000, 60_000, CASH, 4_000_000, 1)

    its = insurance(Answering("policy", record)).policy(1)

    assert its == InsurancePolicy(CARGO, PolicyState.PAID, INSURER, 1_777_900_000, 60_000, CASH, 4_000_000, 1)


def test_position_and_list_are_read_back() -> None:
    assert insurance(Answering("positionOf", (7, 5))).position_of(INSURER, CASH).locked == 5
    assert insurance(Answering("policiesOf", [3, 9])).policies_of(7) == [3, 9]
