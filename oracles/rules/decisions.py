"""Whether this node signs: first what its paper says, then what the network would count."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Final

from chain_node.client import Fact, FactStatus, Membership, Milestone, Policy, Refusal
from chain_node.vocabulary import words
from oracles.canonical import CanonicalEvent, Classifier, Kind
from oracles.rules.book import Rulebook, too_old, unmet
from oracles.rules.tables import AttestRule, HoldRule

FIRST_DELIVERY: Final = 1
"""No paper of this stage numbers partial deliveries: each consignment has one, and a second account of it is held."""

BPS: Final = 10_000
DAY_SECONDS: Final = 86_400


class Verdict(StrEnum):
    SIGN = "sign"
    WAIT = "wait"
    REFUSE = "refuse"
    HOLD = "hold"


@dataclass(frozen=True)
class Decision:
    """`reason` is one short sentence without a full stop. `retry_at`: chain time from which asking again may help.

    `for_operator`: an event that is held may be signed all the same, if the operator says so.
    """

    verdict: Verdict
    reason: str
    retry_at: int | None = None
    mirrors: Refusal = Refusal.NONE
    for_operator: bool = False


SIGN: Final = Decision(Verdict.SIGN, "the paper supports it and the network would count it")


NOTHING_THERE: Final = Decision(Verdict.HOLD, "the paper says that there was nothing", for_operator=True)
"""The operator may drop it or decide for another account, but not have it signed."""


@dataclass(frozen=True)
class Standing:
    """Everything that the contract would look at, read at one block. `now` is that block's time."""

    block: int
    now: int
    membership: Membership
    beneficiary_group: int
    policy: Policy
    fact: Fact
    voters: Collection[int]


@dataclass(frozen=True)
class PaperView:
    """What the node's rules make of a paper's event. `rule` is the name of the rule that decided, '' for none.

    `decision` is SIGN where nothing in the paper speaks against it; `hold` then may still ask for the operator.
    """

    decision: Decision
    kind: Kind | None
    milestone: Milestone | None
    rule: str = ""
    attest: AttestRule | None = None
    hold: HoldRule | None = None


def paper_view(event: CanonicalEvent, rules: Rulebook) -> PaperView:
    """What the paper alone decides."""
    said = rules.kind_rule(event)
    kind = said.kind if said else None
    milestone = None if kind is None else rules.milestone_of(kind)
    attest = None if milestone is None else rules.attest_rule(event, milestone)
    why = _paper_objection(event, kind, milestone, rules, attest)
    rule = attest or said
    if why is not None:
        return PaperView(Decision(Verdict.REFUSE, f"not signed: {why}"), kind, milestone, rule.name if rule else "")
    assert milestone is not None
    hold = rules.hold_rule(event, milestone)
    return PaperView(SIGN, kind, milestone, (hold or rule).name if rule else "", attest, hold)


def _paper_objection(
    event: CanonicalEvent, kind: Kind | None, milestone: Milestone | None, rules: Rulebook, attest: AttestRule | None
) -> str | None:
    if event.classifier is not Classifier.ACTUAL:
        return str(event.classifier)
    if kind is None:
        measured = "no fact; what it measured goes to the feeds"
        return measured if event.measurements else f"{event.activity} is no fact that moves money"
    if milestone is None:
        return f"'{kind}' is no milestone"
    if milestone not in rules.attested:
        return f"this node does not attest {milestone.name}"
    if not rules.attests:
        return None
    return f"no rule of this node attests {milestone.name} for it" if attest is None else unmet(attest, event)


def own_decision(view: PaperView, event: CanonicalEvent, now: int) -> Decision:
    """What the node's own rules say where nothing else speaks against signing; `now` is the chain's, Unix seconds."""
    if event.is_empty:
        # On chain 0 is no measure, so a vote would witness goods that the paper says were not there.
        return NOTHING_THERE
    why = None if view.attest is None else too_old(view.attest, event.occurred_at, now)
    if why is not None:
        return Decision(Verdict.REFUSE, f"not signed: {why}")
    if view.hold is not None:
        return Decision(Verdict.HOLD, f"{view.hold.reason} (rule {view.hold.name!r})", for_operator=True)
    return SIGN


def network_decision(milestone: Milestone, occurred_at: int, quantity: int, standing: Standing) -> Decision:
    """The contract's own checks, so that nothing is sent that it would refuse."""
    return (
        _witness_objection(milestone, standing)
        or _fact_objection(milestone, quantity, standing)
        or _time_objection(milestone, occurred_at, standing)
        or SIGN
    )


def _witness_objection(milestone: Milestone, standing: Standing) -> Decision | None:
    member, policy = standing.membership, standing.policy
    if not member.organisation or member.frozen or member.suspended or member.expires_at <= standing.now:
        return _wait("the registry does not admit this node", Refusal.SIGNER_NOT_ADMITTED)
    if not policy.threshold:
        return _wait(f"the network has no policy for {milestone.name}", Refusal.MILESTONE_UNKNOWN)
    if not member.roles & policy.eligible_roles:
        text = f"{milestone.name} takes {words(policy.eligible_roles)}, this node is {words(member.roles)}"
        return _wait(text, Refusal.ROLE_NOT_ELIGIBLE)
    if member.group == standing.beneficiary_group:
        return _refuse("this node belongs to the group that gains from it", Refusal.AFFILIATE_OF_BENEFICIARY)
    return None


def _fact_objection(milestone: Milestone, quantity: int, standing: Standing) -> Decision | None:
    fact = standing.fact
    if fact.status is FactStatus.DISPUTED:
        return Decision(Verdict.HOLD, f"{milestone.name} is in dispute on chain", mirrors=Refusal.FACT_DISPUTED)
    if standing.membership.organisation in standing.voters:
        return _refuse(f"this organisation has voted on {milestone.name} already", Refusal.ALREADY_VOTED)
    if fact.status is FactStatus.FINAL:
        return _late_objection(milestone, quantity, standing)
    return None


def _late_objection(milestone: Milestone, quantity: int, standing: Standing) -> Decision | None:
    """A final fact still takes figures: to complete its quantity, and within its window to contradict it."""
    fact, policy = standing.fact, standing.policy
    stands = fact.least_quantity != 0
    in_window = standing.now < fact.final_at + policy.dispute_window_seconds
    final = _refuse(f"{milestone.name} is already a fact", Refusal.ALREADY_FINAL)
    if not quantity or not fact.greatest_quantity or (stands and not in_window):
        return final
    if not agrees(fact, policy, quantity):
        text = f"the fact's window is over and this paper's quantity ({quantity} thousandths) contradicts it"
        return None if in_window else Decision(Verdict.HOLD, text, mirrors=Refusal.QUANTITY_IRRECONCILABLE)
    return final if stands else None


def agrees(fact: Fact, policy: Policy, quantity: int) -> bool:
    """Whether a quantity lies within the policy's tolerance of those reported before; 0 is no measure."""
    if not quantity or not fact.greatest_quantity:
        return True
    greatest = max(quantity, fact.greatest_quantity)
    least = min(quantity, fact.least_quantity or fact.greatest_quantity)
    return (greatest - least) * BPS <= policy.tolerance_bps * greatest


def _time_objection(milestone: Milestone, occurred_at: int, standing: Standing) -> Decision | None:
    policy = standing.policy
    if occurred_at > standing.now + policy.clock_skew_seconds:
        text = f"in the future: {occurred_at - standing.now} seconds ahead of the chain's clock"
        return Decision(Verdict.WAIT, text, occurred_at - policy.clock_skew_seconds, Refusal.IN_FUTURE)
    if occurred_at + policy.max_age_seconds < standing.now:
        days, most = (standing.now - occurred_at) // DAY_SECONDS, policy.max_age_seconds // DAY_SECONDS
        return _refuse(f"{days} days old, {milestone.name} counts for {most} days", Refusal.TOO_OLD)
    return None


def _refuse(why: str, mirrors: Refusal) -> Decision:
    return Decision(Verdict.REFUSE, f"not signed: {why}", mirrors=mirrors)


def _wait(reason: str, mirrors: Refusal) -> Decision:
    return Decision(Verdict.WAIT, reason, mirrors=mirrors)


def chain_seconds(moment: datetime) -> int:
    """Whole Unix seconds by which it had happened: a part of a second counts as the next one."""
    return ceil(moment.timestamp())
