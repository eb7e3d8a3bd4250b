"""What the rules that come with the program (`rules.toml`) make of an event, and the names that settings may use."""

from __future__ import annotations

from chain_node.client import Milestone
from oracles.canonical import Activity, Kind
from oracles.rules.codes import BILL_OF_LADING, CONFORMANT, LADEN, NON_CONFORMANT, SHIPPING, VOID_SHIPPING
from oracles.rules.loading import built_in_rules
from oracles.rules.tables import ATTESTABLE

__all__ = [
    "ATTESTABLE",
    "BILL_OF_LADING",
    "CONFORMANT",
    "LADEN",
    "NON_CONFORMANT",
    "SHIPPING",
    "VOID_SHIPPING",
    "kind_of",
    "milestone_of",
]


def kind_of(activity: Activity) -> Kind | None:
    rule = built_in_rules().kind_rule_of(activity)
    return rule.kind if rule else None


def milestone_of(kind: Kind | None) -> Milestone | None:
    return None if kind is None else built_in_rules().milestone_of(kind)
