"""Lists that several nodes vote on: what a relay may propose of what it was told, what a node's papers support of a
list, and which votes are worth sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chain_node.client import Observation, Policy
from oracles.chain import Key

BPS: Final = 10_000


@dataclass(frozen=True)
class Objection:
    """Why a node's papers do not support an item. `contradicts`: they say something else, and somebody must look."""

    reason: str
    contradicts: bool


@dataclass(frozen=True)
class Support:
    """Bits of the items that the papers support; of the other items that the node has papers on, the objections."""

    mask: int
    objections: Mapping[Key, Objection]


def key_of(item: Observation) -> Key:
    return Key(item.subject, int(item.milestone), item.sequence)


def objection(
    item: Observation, own: Observation, policy: Policy, now: int, time_tolerance_seconds: int
) -> Objection | None:
    """An item bounds what happened: no later than its time, with at least its quantity. The papers support it where
    they say as much and the bound lies as near to them as the policy's tolerance. `now` is the chain's clock."""
    if bool(item.quantity) != bool(own.quantity):
        return Objection("the one is measured, the other is not", contradicts=False)
    if item.quantity > own.quantity or (own.quantity - item.quantity) * BPS > policy.tolerance_bps * own.quantity:
        return Objection(f"it has {item.quantity} thousandths, the papers {own.quantity}", contradicts=True)
    if item.occurred_at < own.occurred_at:
        return Objection(f"it has {item.occurred_at} as its time, the papers {own.occurred_at}", contradicts=True)
    if item.occurred_at > own.occurred_at + time_tolerance_seconds:
        return Objection(f"its time is {item.occurred_at - own.occurred_at} seconds later", contradicts=True)
    if item.occurred_at > now + policy.clock_skew_seconds and item.occurred_at != own.occurred_at:
        return Objection("it lies in the future", contradicts=True)
    return None


def supported(
    items: Sequence[Observation],
    own: Mapping[Key, Observation],
    objects: Callable[[Observation, Observation], Objection | None],
) -> Support:
    """Of each fact one item at most, the one nearest to the papers, although a list may have it twice."""
    best: dict[Key, int] = {}
    objections: dict[Key, Objection] = {}
    for place, item in enumerate(items):
        key = key_of(item)
        if key not in own:
            continue
        found = objects(item, own[key])
        if found is not None:
            objections[key] = found
        elif key not in best or _nearness(item) > _nearness(items[best[key]]):
            best[key] = place
    mask = sum(1 << place for place in best.values())
    return Support(mask, {key: found for key, found in objections.items() if key not in best})


def _nearness(item: Observation) -> tuple[int, int]:
    return item.quantity, -item.occurred_at


@dataclass(frozen=True)
class Told:
    """What an organisation told a relay of one fact."""

    organisation: int
    observation: Observation


def proposed(told: Sequence[Told], policy: Policy, time_tolerance_seconds: int) -> tuple[list[list[Told]], list[Told]]:
    """What was told of one fact in groups of those that can share an item, and what is left out.

    Quantities that the tolerance reconciles go together, as many as can; those beyond it are left out. Who has not
    measured cannot share an item with those who have, nor one whose time is much later.
    """
    measured = sorted((its for its in told if its.observation.quantity), key=lambda its: -its.observation.quantity)
    taken: list[Told] = []
    for place, greatest in enumerate(measured):
        near = [its for its in measured[place:] if _reconcilable(its, greatest, policy)]
        if len(near) > len(taken):
            taken = near
    unmeasured = [its for its in told if not its.observation.quantity]
    groups = [group for part in (taken, unmeasured) for group in _by_time(part, time_tolerance_seconds)]
    return groups, [its for its in measured if its not in taken]


def _reconcilable(its: Told, greatest: Told, policy: Policy) -> bool:
    most = greatest.observation.quantity
    return (most - its.observation.quantity) * BPS <= policy.tolerance_bps * most


def _by_time(told: Sequence[Told], tolerance_seconds: int) -> list[list[Told]]:
    groups: list[list[Told]] = []
    for its in sorted(told, key=lambda its: -its.observation.occurred_at):
        if groups and groups[-1][0].observation.occurred_at - its.observation.occurred_at <= tolerance_seconds:
            groups[-1].append(its)
        else:
            groups.append([its])
    return groups


def shared(group: Sequence[Told]) -> Observation:
    """The bound that all of a group can share: the least quantity, the latest time."""
    first = group[0].observation
    return Observation(
        first.subject,
        int(first.milestone),
        first.sequence,
        max(its.observation.occurred_at for its in group),
        min(its.observation.quantity for its in group),
    )


@dataclass(frozen=True)
class Ballot:
    """A vote on a list as whoever counts it sees it. `number` is its place among the votes."""

    number: int
    mask: int
    roles: int


def needed(ballots: Sequence[Ballot], policies: Sequence[Policy]) -> list[int]:
    """Numbers of the votes that count towards some item of a list of facts that had no votes before.

    Once a fact has its quorum and no window in which others may contradict it, the contract takes no more votes on it,
    and each that comes nevertheless costs. `policies` has that of each item.
    """
    required = 0
    for policy in policies:
        required |= policy.required_roles
    counts, seen = [0] * len(policies), [0] * len(policies)
    kept: list[int] = []
    # Those with a role that must be there come first, so that no crowd of others makes the list longer than it must be.
    for ballot in sorted(ballots, key=lambda its: (-(its.roles & required).bit_count(), its.number)):
        counts_for = [
            place
            for place, policy in enumerate(policies)
            if ballot.mask >> place & 1 and not _is_complete(policy, counts[place], seen[place])
        ]
        if not counts_for:
            continue
        kept.append(ballot.number)
        for place in counts_for:
            counts[place] += 1
            seen[place] |= ballot.roles
    return sorted(kept)


def _is_complete(policy: Policy, count: int, seen: int) -> bool:
    has_roles = policy.required_roles & ~seen == 0
    return count >= policy.threshold and has_roles and not policy.dispute_window_seconds
