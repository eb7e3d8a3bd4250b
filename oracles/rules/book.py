"""All rules of one node, and what they make of an event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from chain_node.client import Milestone
from oracles.canonical import Activity, CanonicalEvent, Kind, Standard
from oracles.rules.tables import ATTESTABLE, AttestRule, HoldRule, KindRule, MilestoneRule

HOUR_SECONDS = 3600


@dataclass(frozen=True)
class Rulebook:
    """`attested` are the milestones that the node's settings name; without attest rules it attests them everywhere."""

    kinds: Sequence[KindRule]
    milestones: Sequence[MilestoneRule]
    attests: Sequence[AttestRule] = ()
    holds: Sequence[HoldRule] = ()
    attested: Collection[Milestone] = field(default=ATTESTABLE)

    def attesting(self, milestones: Collection[Milestone]) -> Rulebook:
        """The same rules for a node that attests these milestones at most."""
        return replace(self, attested=frozenset(milestones))

    def kind_rule(self, event: CanonicalEvent) -> KindRule | None:
        """The rule that says what the event is: the first that fits."""
        rules = self._by_activity.get((event.activity.standard, event.activity.code), ())
        return next((rule for rule in rules if rule.fits(event)), None)

    def kind_rule_of(self, activity: Activity) -> KindRule | None:
        """Likewise by the activity alone: a rule that asks for more fits nothing."""
        rules = self._by_activity.get((activity.standard, activity.code), ())
        return next((rule for rule in rules if not rule.asks_more and rule.fits_activity(activity)), None)

    def milestone_of(self, kind: Kind) -> Milestone | None:
        return self._milestone_by_kind.get(kind)

    def attest_rule(self, event: CanonicalEvent, milestone: Milestone) -> AttestRule | None:
        """The rule by which this node attests the milestone for the event."""
        return next((rule for rule in self.attests if _is_of(rule, milestone) and rule.fits(event)), None)

    def hold_rule(self, event: CanonicalEvent, milestone: Milestone) -> HoldRule | None:
        return next((rule for rule in self.holds if _is_of(rule, milestone) and rule.fits(event)), None)

    @cached_property
    def _by_activity(self) -> Mapping[tuple[Standard, str], Sequence[KindRule]]:
        found: dict[tuple[Standard, str], list[KindRule]] = {}
        for rule in self.kinds:
            for standard in rule.standard:
                for code in rule.code:
                    found.setdefault((standard, code), []).append(rule)
        return found

    @cached_property
    def _milestone_by_kind(self) -> Mapping[Kind, Milestone]:
        return {rule.kind: rule.milestone for rule in self.milestones}


def unmet(rule: AttestRule, event: CanonicalEvent) -> str | None:
    """What the event lacks of what the rule asks for besides; None where it lacks nothing."""
    missing = [kind for kind in rule.needs or () if kind not in {its.kind for its in event.references}]
    if missing:
        return f"rule {rule.name!r} needs {' and '.join(missing)}, which the paper does not name"
    if rule.measures is not None and event.unit not in rule.measures:
        found = f"{event.unit}" if event.unit else "in no one unit"
        return f"rule {rule.name!r} measures in {' or '.join(rule.measures)}, the paper {found}"
    if rule.least_quantity is not None and event.quantity < rule.least_quantity:
        return f"rule {rule.name!r} needs at least {rule.least_quantity} thousandths, the paper has {event.quantity}"
    return None


def too_old(rule: AttestRule, occurred_at: datetime, now: int) -> str | None:
    """Why an event is older than the node's own rule allows at `now` (Unix seconds); None where it is not."""
    if rule.most_age_hours is None:
        return None
    age = now - int(occurred_at.timestamp())
    if age <= rule.most_age_hours * HOUR_SECONDS:
        return None
    return f"{age // HOUR_SECONDS} hours old, rule {rule.name!r} takes {rule.most_age_hours}"


def _is_of(rule: AttestRule | HoldRule, milestone: Milestone) -> bool:
    return rule.milestones is None or milestone in rule.milestones
