"""Whether this node signs a value of a feed, and which readings make a report: the contract's checks, beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from chain_node.client import FeedRecord, FeedRules, FeedTerms, Membership
from chain_node.vocabulary import words
from oracles.rules.decisions import Decision, Verdict

MOST_READINGS: Final = 10
SIGN: Final = Decision(Verdict.SIGN, "the paper measured it and the feed would take it")


@dataclass(frozen=True)
class ReadingStanding:
    """Everything that the contract would look at, read at one block. `now` is that block's time.

    `beneficiary_group` is 0 of a price or a rate, which nobody gains from; `record` the feed's last value. Of a
    condition `period_since` is when what is remembered of it begins (Unix seconds, 0 where it is not watched); None of
    a price or a rate, whose past nobody asks for.
    """

    now: int
    membership: Membership
    beneficiary_group: int
    rules: FeedRules
    terms: FeedTerms
    record: FeedRecord
    period_since: int | None = None

    def is_late(self, observed_at: int) -> bool:
        """Whether a reading is no newer than the feed's last value: it counts for the past, as a breach does that was
        read out late, and leaves value, moment and round as they are."""
        return bool(self.record.round) and observed_at <= self.record.observed_at

    @property
    def round(self) -> int:
        """The round that readings are signed for."""
        return self.record.round + 1

    @property
    def due_at(self) -> int:
        """Unix seconds from which the next report is due, as the contract's `dueAt` says; 0 where there was none."""
        return self.record.observed_at + self.rules.heartbeat_seconds if self.record.round else 0

    @property
    def is_due(self) -> bool:
        return 0 < self.due_at <= self.now


@dataclass(frozen=True)
class Offer:
    """A signed reading as a relay sees it: whose it is, when it was taken, and under which number it is known."""

    number: int
    membership: Membership
    value: int
    observed_at: int


def scaled(value: Decimal, decimals: int) -> int | None:
    """The whole number that a feed with so many decimals keeps; None where it has no place for all digits."""
    whole = value.scaleb(decimals)
    return int(whole) if whole == whole.to_integral_value() else None


def reading_decision(value: int | None, observed_at: int, standing: ReadingStanding) -> Decision:
    """`value` in the feed's decimals, None where it does not fit them."""
    return (
        _witness_objection(standing)
        or _time_objection(observed_at, standing)
        or _value_objection(value, standing)
        or SIGN
    )


def expired(observed_at: int, standing: ReadingStanding) -> bool:
    """Whether a reading is too old to count in any report from now on."""
    return observed_at + standing.rules.max_age_seconds < standing.now


def chosen(offers: Sequence[Offer], standing: ReadingStanding) -> list[Offer]:
    """What a relay puts into the next report: of each organisation that counts its newest reading, at most as many as
    the feed has organisations, the newest first among them, in ascending order. Empty where there is no quorum."""
    rules = standing.rules
    newest: dict[int, Offer] = {}
    for offer in sorted(offers, key=lambda its: its.observed_at):
        held = replace(standing, membership=offer.membership)
        if _witness_objection(held) is None and _time_objection(offer.observed_at, held) is None:
            newest[offer.membership.organisation] = offer
    # Roles that are required must not lose their seat to a newer reading of another.
    seats = sorted(newest.values(), key=lambda its: (not its.membership.roles & rules.required_roles, -its.observed_at))
    taken = seats[: min(rules.organisations, MOST_READINGS)]
    if len(taken) < rules.threshold or rules.required_roles & ~_roles(taken):
        return []
    return sorted(taken, key=lambda its: its.value)


def late_choices(offers: Sequence[Offer], standing: ReadingStanding) -> Iterator[list[Offer]]:
    """What a relay may put into a report of the past, the fullest first: all that are late, else as few as count, that
    lie nearest each other. All are late: with one that is newer the contract would read it as it reads them."""
    late = [its for its in offers if standing.is_late(its.observed_at)]
    taken = chosen(late, standing)
    if taken:
        yield taken
    least = standing.rules.threshold
    windows = [taken[first : first + least] for first in range(len(taken) - least + 1)] if len(taken) > least else []
    for window in sorted(windows, key=lambda its: its[-1].value - its[0].value):
        if not standing.rules.required_roles & ~_roles(window):
            yield window


def current(offers: Sequence[Offer], standing: ReadingStanding) -> list[Offer]:
    """Those that make the feed's next value."""
    return [its for its in offers if not standing.is_late(its.observed_at)]


def _roles(offers: Sequence[Offer]) -> int:
    roles = 0
    for its in offers:
        roles |= its.membership.roles
    return roles


def _witness_objection(standing: ReadingStanding) -> Decision | None:
    member, rules = standing.membership, standing.rules
    if not rules.version:
        return Decision(Verdict.WAIT, "the network has no such feed")
    if not member.organisation or member.frozen or member.suspended or member.expires_at <= standing.now:
        return Decision(Verdict.WAIT, "the registry does not admit this node")
    if not member.roles & rules.eligible_roles:
        text = f"the feed takes {words(rules.eligible_roles)}, this node is {words(member.roles)}"
        return Decision(Verdict.WAIT, text)
    if standing.beneficiary_group and member.group == standing.beneficiary_group:
        return Decision(Verdict.REFUSE, "not signed: this node belongs to the group that gains from it")
    return None


def _time_objection(observed_at: int, standing: ReadingStanding) -> Decision | None:
    if observed_at > standing.now + standing.rules.clock_skew_seconds:
        text = f"in the future: {observed_at - standing.now} seconds ahead of the chain's clock"
        return Decision(Verdict.WAIT, text)
    if expired(observed_at, standing):
        age, most = standing.now - observed_at, standing.rules.max_age_seconds
        return Decision(Verdict.REFUSE, f"not signed: {age} seconds old, the feed takes {most}")
    if not standing.is_late(observed_at):
        return None
    if standing.period_since is None:
        return Decision(Verdict.REFUSE, "not signed: the feed has a value that is not older")
    if observed_at <= standing.period_since:
        return Decision(Verdict.REFUSE, "not signed: it is from before what the feed remembers, as of an inspection")
    return None


def _value_objection(value: int | None, standing: ReadingStanding) -> Decision | None:
    terms = standing.terms
    if value is None:
        return Decision(Verdict.HOLD, f"it has more than the {standing.rules.decimals} decimals of the feed")
    if not terms.least <= value <= terms.greatest:
        return Decision(Verdict.HOLD, f"{value} lies outside the feed's band, {terms.least} to {terms.greatest}")
    return None
